"""`gambrel client`: a module with a typed client, from an app or from a document."""

from pathlib import Path
from typing import Any

import click
import msgspec

from gambrel.cli.documents.openapi import document_of, to_file, write
from gambrel.cli.target import load_app

__all__ = ["command"]


@click.command("client")
@click.argument("target", default="app.py")
@to_file
@click.option("--name", default="", metavar="NAME", help="Name of the class; else the title.")
@click.option("--document", default="", metavar="NAME", help="One of the app's named documents.")
def command(target: str, output: Path | None, name: str, document: str) -> None:
    """Write a typed client for TARGET: an app (app.py), or an OpenAPI document (openapi.json).

    It is a module with a class, a method for each operation, and needs gambrel[client].
    """
    from gambrel.client.typed import render_client

    write(render_client(read(target, document), name).encode(), output)


def read(target: str, name: str) -> dict[str, Any]:
    """Return the document in a file, or that of an app."""
    is_file = target.endswith(".json") or target.startswith(("http://", "https://"))
    content = content_of(target) if is_file else document_of(load_app(target), name)
    try:
        return msgspec.json.decode(content, type=dict[str, Any])
    except (msgspec.MsgspecError, RecursionError, UnicodeDecodeError) as error:
        raise click.UsageError(f"{target} is no OpenAPI 3 in JSON: {error}") from error


def content_of(file: str) -> bytes:
    """Return what is in a file. Raises click.UsageError for an address, and click.FileError."""
    if "://" in file:
        hint = f"fetch it first: curl -o openapi.json {file}"
        raise click.UsageError(f"{file} is no file of this machine; {hint}")
    try:
        return Path(file).read_bytes().removeprefix(b"\xef\xbb\xbf")  # as some editors begin one
    except OSError as error:
        raise click.FileError(file, error.strerror) from error
