"""`gambrel dev`: serve an app in debug, and anew in a fresh process whenever a file is saved.

This process keeps the listening socket, so that no connection is refused meanwhile.
"""

import os
import sys
from collections.abc import Iterable
from pathlib import Path

import click

from gambrel import GambrelError
from gambrel.cli.built import is_loopback
from gambrel.cli.certificate import development_certificate, home
from gambrel.cli.reload.supervisor import supervise
from gambrel.cli.serving.listening import open_listener, url_of
from gambrel.cli.target import check_target, root_of, split_target

__all__ = ["command"]


@click.command("dev")
@click.argument("target", default="app.py")
@click.option("--host", default="127.0.0.1", show_default=True, help="Loopback address to use.")
@click.option(
    "--port",
    default=8000,
    show_default=True,
    type=click.IntRange(0, 65_535),
    help="Port to listen at; 0 takes a free one.",
)
@click.option(
    "--watch",
    multiple=True,
    metavar="FOLDER",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="Reload for changes in this folder too; may be repeated.",
)
@click.option("--tls", is_flag=True, help="Speak TLS, with a certificate made for this machine.")
def command(target: str, host: str, port: int, watch: tuple[Path, ...], tls: bool) -> None:
    """Serve the app of TARGET (app.py) for its developer, and reload it on save.

    Debug is on: error pages with source, and a warning about handlers that block the loop. An app
    that does not import is served as the page of its error until it does. Only loopback addresses
    are allowed. Exit code 0 after SIGTERM or SIGINT, 1 where the app may not be served, or is not
    there.
    """
    if not is_loopback(host):
        raise GambrelError(
            "cli.dev-exposed",
            f"{host} is reached from other machines, and `gambrel dev` shows source and values",
            f"--host {host}",
            "leave out --host, or serve with `gambrel run --host ...`",
        )
    if os.name != "posix":
        raise GambrelError(
            "cli.dev-platform",
            "`gambrel dev` hands its socket to worker processes, which needs a POSIX system",
            sys.platform,
            "use `gambrel run`, or WSL",
        )
    check_target(target)
    folders = outermost([root_of(split_target(target)[0]), *watch])
    with open_listener(host, port) as listener:
        certificate = certify() if tls else None
        url = url_of(listener, "https" if tls else "http")
        click.echo(f"Gambrel serves {target} at {url} and reloads on save")
        sys.exit(supervise(target, listener, folders, certificate))


def certify() -> Path:
    """Make a certificate, and say whom to trust for it. Raises GambrelError."""
    certificate, authority = development_certificate(home())
    click.echo(f"A browser that trusts {authority} shows no warning")
    return certificate


def outermost(folders: Iterable[Path]) -> list[Path]:
    """Return the folders that are in none of the others."""
    resolved = list(dict.fromkeys(folder.resolve() for folder in folders))
    return [one for one in resolved if not any(one.is_relative_to(o) for o in resolved if o != one)]
