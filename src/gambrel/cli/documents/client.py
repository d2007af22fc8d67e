"""`gambrel client`: a module with a typed client, from an app or from a document."""

from pathlib import Path
from typing import Any

import click
import msgspec

from gambrel.cli.documents.openapi import document_of
from gambrel.cli.target import load_app

__all__ = ["command"]


@click.command("client")
@click.argument("target", default="app.py")
@click.option(
    "--output",
    metavar="FILE",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Write to a file, not to the terminal.",
)
@click.option("--name", default="", metavar="NAME", help="Name of the class; else the title.")
@click.option("--document", default="", metavar="NAME", help="One of the app's named documents.")
def command(target: str, output: Path | None, name: str, document: str) -> None:
    """Write a typed client for TARGET: an app (app.py), or an OpenAPI document (openapi.json).

    It is a module with a class, a method for each operation, and needs gambrel[client].
    """
    from gambrel.client.typed import render_client

    text = render_client(read(target, document), name)
    if output is None:
        click.echo(text, nl=False)
    else:
        output.write_text(text, encoding="utf-8")


def read(target: str, name: str) -> dict[str, Any]:
    """Return the document in a file, or that of an app."""
    is_file = target.endswith(".json")
    content = Path(target).read_bytes() if is_file else document_of(load_app(target), name)
    try:
        return msgspec.json.decode(content, type=dict[str, Any])
    except (msgspec.MsgspecError, RecursionError, UnicodeDecodeError) as error:
        raise click.UsageError(f"{target} is no OpenAPI 3 in JSON: {error}") from error
