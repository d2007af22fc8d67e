"""`gambrel config`: every setting, its value and where it comes from; secrets are masked."""

import json

import click

from gambrel import GambrelError
from gambrel.cli.table import show_table
from gambrel.cli.target import load_app

__all__ = ["command"]


@click.command("config")
@click.argument("target", default="app.py")
@click.option("--json", "as_json", is_flag=True, help="Write JSON.")
def command(target: str, as_json: bool) -> None:
    """Show the settings of the app of TARGET (app.py), and where each comes from.

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
        columns = ("setting", "value", "origin", "variable", "description")
        show_table(columns, [[one[name] for name in columns] for one in listed])
    for sentence in app.settings.unknown:
        click.echo(f"warning: {sentence}", err=True)
