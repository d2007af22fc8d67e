"""`gambrel openapi`: the app's OpenAPI document, the same bytes for the same app."""

import sys
from pathlib import Path
from typing import IO, Any

import click
import msgspec

from gambrel import App, GambrelError
from gambrel.cli.built import extensions_of
from gambrel.cli.target import load_app
from gambrel.extend import json_schemas

__all__ = ["command", "document_of", "to_file", "write"]

to_file = click.option(
    "--output",
    metavar="FILE",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Write to a file, not to the terminal.",
)


@click.command("openapi")
@click.argument("target", default="app.py")
@to_file
@click.option("--document", "name", default="", metavar="NAME", help="One of the named documents.")
@click.option("--sockets", is_flag=True, help="The AsyncAPI document of its WebSockets instead.")
@click.option(
    "--against",
    metavar="FILE",
    type=click.File("rb"),
    help="Tell instead what breaks clients of another document (JSON).",
)
def command(
    target: str, output: Path | None, name: str, sockets: bool, against: IO[bytes] | None
) -> None:
    """Write the OpenAPI document of TARGET (app.py) as indented JSON.

    With --against it is compared with an older one, or with the one it is to fulfil: exit
    code 1 where a client that is written for that one would break.
    """
    content = document_of(load_app(target), name, sockets=sockets)
    if against is not None:
        tell_changes(against, content)
    else:
        write(content, output)


def write(content: bytes, output: Path | None) -> None:
    """Write what was made to a file, or to the terminal. Raises click.FileError."""
    if output is None:
        click.echo(content, nl=False)
        return
    try:
        output.write_bytes(content)
    except OSError as error:
        raise click.FileError(str(output), error.strerror) from error


def tell_changes(against: IO[bytes], content: bytes) -> None:
    """Write what breaks clients of another document, a line each, and leave with 1 if any does."""
    from gambrel.openapi.compare import breaking_changes

    try:
        old = msgspec.json.decode(against.read(), type=dict[str, Any])
        if "openapi" not in old:
            raise ValueError("it has no member `openapi`")
        changes = breaking_changes(old, msgspec.json.decode(content))
    except (msgspec.DecodeError, ValueError, RecursionError) as error:
        raise click.UsageError(f"{against.name} is no OpenAPI 3 in JSON: {error}") from error
    for change in changes:
        click.echo(change)
    if changes:
        sys.exit(1)
    click.echo(f"No client of {against.name} breaks.")


def document_of(app: App, name: str = "", *, sockets: bool = False) -> bytes:
    """Return a document of the app, as its extension describes it; `sockets` the AsyncAPI one.

    Raises:
        GambrelError: There is no document of this name, or it cannot be built.
    """
    from gambrel.openapi.document import export
    from gambrel.openapi.options import Document
    from gambrel.openapi.sockets import export_sockets

    app.build()
    documents: dict[str, Any] = {"": Document()}
    for extension in extensions_of(app):
        places = getattr(extension, "places", None)
        if extension.name == "openapi" and places is not None:
            documents = {key: place.document for key, place in places().items()}
    if name not in documents:
        known = ", ".join(sorted(filter(None, documents))) or "only the main one, without a name"
        raise GambrelError(
            "cli.no-document",
            f"the app has no document {name!r}",
            "gambrel openapi --document",
            f"there is: {known}",
        )
    make = export_sockets if sockets else export
    return make(app.operations(), json_schemas, documents[name], indent=2)
