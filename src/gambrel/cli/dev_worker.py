"""The process of `gambrel dev` that serves: one for each state of the files.

It imports all but the app, waits to be told, and ends with the process that has started it. What
keeps the app from being served is shown as a page instead.
"""

import importlib
import logging
import os
import signal
import socket
import sys
import threading
from pathlib import Path
from typing import IO

import click

from gambrel import App, Request, Response
from gambrel.cli.dev import REFUSED
from gambrel.cli.failures import tell, user_trace
from gambrel.cli.run import serve_app
from gambrel.cli.safety import build_safely, tell_problems
from gambrel.cli.target import load_app
from gambrel.core.http.host import HostRules

__all__ = ["error_app", "load_for_development", "main"]

LOOPBACK = ("localhost", ".localhost", "127.0.0.1", "[::1]")
EXPECTED = ("core.hosts", "core.secret")
"""Warnings about what is made up for: a developer need not read them at every start."""


def main(target: str, listener_fd: str, life_fd: str) -> None:
    """Serve the app of `target` at an inherited socket."""
    from gambrel.server.limits import Limits

    importlib.import_module("gambrel.server.serve")  # now, not when the app waits for it
    life = os.fdopen(int(life_fd), "r", encoding="utf-8")
    secret = life.readline().strip()
    if not secret:  # the starter has ended before it needed us
        return
    message = life.readline().strip()
    threading.Thread(target=follow, args=(life,), daemon=True).start()
    limits = Limits(shutdown_grace=0.5)
    with socket.socket(fileno=int(listener_fd)) as listener:
        try:
            app = load_for_development(target, secret)
            serve_app(app, listener.dup(), message, limits=limits)
        except (Exception, SystemExit) as error:
            if isinstance(error, SystemExit) and error.code == REFUSED:
                raise
            if not tell(error):
                click.echo(user_trace(error), err=True, nl=False)
            message = "serving the error until a file is saved"
            serve_app(error_app(error), listener.dup(), message, limits=limits)


def follow(life: IO[str]) -> None:
    """End when the starter has: then the pipe from it is closed."""
    life.read()
    os.kill(os.getpid(), signal.SIGTERM)


def load_for_development(target: str, secret: str) -> App:
    """Return the app, in debug and answering for loopback hosts.

    Raises:
        GambrelError: The app does not import or cannot be built.
        SystemExit: It may not be served here at all.
    """
    os.environ["GAMBREL_DEBUG"] = "true"
    app = load_app(target)
    add_debug(app)
    if not tell_problems(build_safely(app, "127.0.0.1", secret), quiet=EXPECTED):
        sys.exit(REFUSED)
    if app.settings.core.hosts:
        app.build().allowed_hosts = HostRules([*app.settings.core.hosts, *LOOPBACK])
    return app


def add_debug(app: App) -> None:
    """Install the error pages and the watchdog, unless the app does so itself."""
    try:
        from gambrel.debug.extension import Debug
    except ModuleNotFoundError:
        return
    installed = {extension.name for extension in (*app.extensions, *app.defaults)}
    if "debug" not in installed and not app.declarations.frozen:
        app.extensions = (*app.extensions, Debug())


def error_app(error: BaseException) -> App:
    """Return an app that answers everything with an error, by the debug pages."""
    for name in [name for name in os.environ if name.startswith("GAMBREL_")]:
        del os.environ[name]  # they may be what is wrong
    os.environ["GAMBREL_SECRETS_DIR"] = os.devnull
    os.environ["GAMBREL_DEBUG"] = "true"
    app = App(defaults=(), root=Path(__file__).parent)
    add_debug(app)
    raised = error if isinstance(error, Exception) else RuntimeError(f"the app exits: {error}")
    trace = error.__traceback__

    async def show_error(request: Request) -> Response:
        raise raised.with_traceback(trace)

    for path in ("/", "/{path:path}"):
        app.add(path, show_error, methods=("GET", "POST", "PUT", "PATCH", "DELETE"))
    logging.getLogger("gambrel.errors").disabled = True  # it is in the terminal already
    return app


if __name__ == "__main__":
    main(*sys.argv[1:])
