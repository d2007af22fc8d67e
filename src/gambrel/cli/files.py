"""`gambrel files`: serve a folder, with no app in it."""

import sys
from pathlib import Path

import click

from gambrel import App
from gambrel.cli.serving.listening import open_listener, url_of
from gambrel.cli.serving.native import serve_app
from gambrel.cli.serving.safety import build_safely, tell_problems

__all__ = ["command", "folder_app"]


@click.command("files")
@click.argument(
    "folder", default=".", type=click.Path(exists=True, file_okay=False, path_type=Path)
)
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen at.")
@click.option(
    "--port",
    default=8000,
    show_default=True,
    type=click.IntRange(0, 65_535),
    help="Port to listen at; 0 takes a free one.",
)
def command(folder: Path, host: str, port: int) -> None:
    """Serve the files of FOLDER (the working directory), and lists of what is in it.

    Hidden files and links are not there. On an address that others reach, the hosts must be set
    (GAMBREL_HOSTS) and a secret (GAMBREL_SECRET_KEY). Exit code 0 after SIGTERM or SIGINT.
    """
    app = folder_app(folder)
    if not tell_problems(build_safely(app, host), quiet=("core.hosts", "core.secret")):
        sys.exit(1)
    with open_listener(host, port) as listener:
        serve_app(app, listener, f"Gambrel serves {folder} at {url_of(listener)}")


def folder_app(folder: Path) -> App:
    """Return an app that serves nothing but a folder."""
    from gambrel.files import StaticFiles
    from gambrel.middleware import SecurityHeaders

    files = StaticFiles(folder.absolute(), "/", listing=True, max_age=0)
    # What lies there is whoever's: pages may look as they do, and reach no other site.
    policy = "default-src 'self' 'unsafe-inline' data:; frame-ancestors 'none'"
    headers = SecurityHeaders(page_policy=policy)
    return App(defaults=[headers], extensions=[files])
