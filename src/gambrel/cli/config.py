"""`gambrel config`: every setting, its value and where it comes from; secrets are masked."""

import json

import click

from gambrel import GambrelError
from gambrel.cli.table import shorten, show_table
from gambrel.cli.target import load_app

__all__ = ["command"]

_WIDTH = 100
_WIDTHS = {"setting": 40, "value": 30, "origin": 24, "description": _WIDTH}


@click.command("config")
@click.argument("target", default="app.py")
@click.option("--json", "as_json", is_flag=True, help="Write JSON.")
def command(target: str, as_json: bool) -> None:
    """Show the settings of the app of TARGET (app.py), and where each comes from.

    A setting `a.b` is the variable GAMBREL_A__B; `--json` has their names, and long values in full.
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
        show_table(tuple(_WIDTHS), [cells(one) for one in listed], width=_WIDTH)
    for sentence in app.settings.unknown:
        click.echo(f"warning: {sentence}", err=True)


def cells(setting: dict[str, str]) -> list[str]:
    """Return a row of the table, long texts cut."""
    return [shorten(setting[name], width) for name, width in _WIDTHS.items()]
