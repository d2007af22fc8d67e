"""`gambrel config`: every setting, its value and where it comes from; secrets are masked."""

import json

import click

from gambrel import GambrelError
from gambrel.cli.table import shorten, show_table, terminal_width
from gambrel.cli.target import load_app

__all__ = ["command"]

_COLUMNS = ("setting", "value", "origin", "description")
_VALUE, _DESCRIPTION = 30, 20
"""In a terminal: characters of the longest value, and the fewest a description is cut to."""


@click.command("config")
@click.argument("target", default="app.py")
@click.option("--json", "as_json", is_flag=True, help="Write JSON.")
def command(target: str, as_json: bool) -> None:
    """Show the settings of the app of TARGET (app.py), and where each comes from.

    A setting `a.b` is the variable GAMBREL_A__B; `--json` has their names. In a terminal long
    values and descriptions are cut; in a pipe, and with `--json`, nothing is.
    Variables that look like settings and are none are warned of.
    """
    app = load_app(target)
    try:
        app.build()
    except GambrelError:
        if not app.settings.describe():  # another mistake does not keep the settings from us
            raise
    listed = [
        {
            "setting": one.name if one.section == "core" else f"{one.section}.{one.name}",
            "value": one.value,
            "origin": one.origin,
            "variable": one.variable,
            "description": one.description,
        }
        for one in app.settings.describe()
    ]
    if as_json:
        click.echo(json.dumps(listed, indent=2))
    else:
        show_table(_COLUMNS, rows_of(listed, terminal_width()))
    for sentence in app.settings.unknown:
        click.echo(f"warning: {sentence}", err=True)


def rows_of(listed: list[dict[str, str]], columns: int | None) -> list[list[str]]:
    """Return the rows of the table; names and places are whole in any terminal."""
    rows = [[setting[name] for name in _COLUMNS] for setting in listed]
    if columns is None:
        return rows
    rows = [[name, shorten(value, _VALUE), *rest] for name, value, *rest in rows]
    taken = sum(max(map(len, cells)) + 2 for cells in list(zip(*rows, strict=True))[:-1])
    room = max(columns - taken, _DESCRIPTION)
    return [[*cells, shorten(description, room)] for *cells, description in rows]
