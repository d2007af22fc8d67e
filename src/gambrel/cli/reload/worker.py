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
from types import TracebackType
from typing import IO

import click

from gambrel import App, GambrelError, Request, Response
from gambrel.cli.failures import describe, is_framework, tell, user_trace
from gambrel.cli.reload.refresh import Refresh
from gambrel.cli.reload.request_log import RequestLog
from gambrel.cli.serving.access_log import has_own_log
from gambrel.cli.serving.native import serve_app, tls_of
from gambrel.cli.serving.safety import build_safely, hide_secrets, tell_problems
from gambrel.cli.serving.tls import TLSFiles
from gambrel.cli.target import load_app
from gambrel.core.http.host import HostRules

__all__ = ["AGAIN", "REFUSED", "error_app", "load_for_development", "main"]

REFUSED = 78
"""The exit code where the app may not be served at all; EX_CONFIG of sysexits.h."""
AGAIN = 75
"""The exit code where any file may have mended the error that was served; its EX_TEMPFAIL."""

LOOPBACK = ("localhost", ".localhost", "127.0.0.1", "[::1]")
EXPECTED = ("core.hosts", "core.secret")
"""Warnings about what is made up for: a developer need not read them at every start."""


class Refused(SystemExit):
    """The app may not be served: the process ends, and `gambrel dev` with it."""


def main(target: str, listener_fd: str, life_fd: str, certificate: str = "") -> None:
    """Serve the app of `target` at an inherited socket; with a certificate, by TLS."""
    importlib.import_module("gambrel.server.serve")  # now, not when the app waits for it
    life = os.fdopen(int(life_fd), "r", encoding="utf-8")
    secret = life.readline().strip()
    if not secret:  # the starter has ended before it needed us
        return
    message, ended = life.readline().strip(), life.readline().strip()
    refresh = Refresh()
    threading.Thread(target=follow, args=(life, refresh), daemon=True).start()
    with socket.socket(fileno=int(listener_fd)) as listener:
        failure: BaseException | None = RuntimeError(ended)
        if not ended:
            failure = attempt(target, secret, listener.dup(), message, certificate, refresh)
        if failure is not None:  # outside of the handler, or it would be the error's context
            if not tell(failure):
                click.echo(user_trace(failure), err=True, nl=False)
            message, refresh.shows_error = "serving the error until a file is saved", True
            serve_quickly(error_app(failure, refresh), listener.dup(), message, certificate)
    if refresh.is_stale:
        raise SystemExit(AGAIN)


def serve_quickly(app: App, listener: socket.socket, message: str, certificate: str) -> None:
    """Serve an app until it is replaced, which must not take long."""
    from gambrel.server.limits import limits_of

    limits = limits_of(app, shutdown_grace=0.5, idle_grace=0)
    tls = tls_of(TLSFiles(certificate))
    log = None if has_own_log(app) else RequestLog()
    serve_app(app, listener, message, limits=limits, certificates=tls, log=log)
    if log is not None:
        log.close()


def attempt(
    target: str,
    secret: str,
    listener: socket.socket,
    message: str,
    certificate: str,
    refresh: Refresh,
) -> BaseException | None:
    """Serve the app; return what has kept it from that."""
    try:
        app = load_for_development(target, secret, refresh)
        serve_quickly(app, listener, message, certificate)
    except Refused:
        raise
    except (Exception, SystemExit) as error:
        return error
    finally:
        listener.close()
    return None


def follow(life: IO[str], refresh: Refresh) -> None:
    """Hand on what the starter tells; end when it has: then the pipe from it is closed."""
    for line in life:
        news = line.strip()
        if news == "end":
            refresh.end()
        elif refresh.shows_error:  # a template that was missing, say
            refresh.is_stale = True
            break
        else:
            refresh.changed(only_styles=news == "styles")
    os.kill(os.getpid(), signal.SIGTERM)


def load_for_development(target: str, secret: str, refresh: Refresh | None = None) -> App:
    """Return the app, in debug, answering for loopback hosts, with pages that are refreshed.

    Raises:
        GambrelError: The app does not import or cannot be built.
        Refused: It may not be served here at all.
    """
    os.environ["GAMBREL_DEBUG"] = "true"
    app = load_app(target)
    add_debug(app)
    add_refresh(app, refresh)
    problems = build_safely(app, "127.0.0.1", secret)
    hide_secrets(app)
    if app.settings.core.environment == "production":
        tell(production())
        raise Refused(REFUSED)
    tell_problems(
        problems, quiet=EXPECTED, in_full=True
    )  # a developer may look at an app with mistakes
    if app.settings.core.hosts:
        app.build().allowed_hosts = HostRules([*app.settings.core.hosts, *LOOPBACK])
    return app


def production() -> GambrelError:
    """Return the error for an app that is in production, where nobody debugs."""
    return GambrelError(
        "cli.dev-production",
        "the environment is production, and `gambrel dev` shows source and values",
        "GAMBREL_ENVIRONMENT",
        "unset it (`gambrel config` tells where it is set), or use `gambrel run`",
    )


def add_debug(app: App) -> None:
    """Install the error pages and the watchdog, unless the app does so itself."""
    try:
        from gambrel.debug.extension import Debug
    except ModuleNotFoundError:
        return
    installed = {extension.name for extension in (*app.extensions, *app.defaults)}
    if "debug" not in installed and not app.declarations.frozen:
        app.extensions = (*app.extensions, Debug())


def add_refresh(app: App, refresh: Refresh | None) -> None:
    """Let pages be loaded again when a file has changed."""
    if refresh is not None and not app.declarations.frozen:
        app.extensions = (*app.extensions, refresh)


def error_app(error: BaseException, refresh: Refresh | None = None) -> App:
    """Return an app that answers everything with an error, by the debug pages."""
    for name in [name for name in os.environ if name.startswith("GAMBREL_")]:
        del os.environ[name]  # they may be what is wrong
    os.environ["GAMBREL_SECRETS_DIR"] = os.devnull
    os.environ["GAMBREL_DEBUG"] = "true"
    app = App(defaults=(), root=Path(__file__).parent)
    add_debug(app)
    add_refresh(app, refresh)
    shown, trace = shown_error(error)

    async def show_error(request: Request) -> Response:
        raise shown.with_traceback(trace)

    for path in ("/", "/{path:path}"):
        app.add(path, show_error, methods=("GET", "POST", "PUT", "PATCH", "DELETE"))
    logging.getLogger("gambrel.errors").addFilter(without_trace)
    return app


def without_trace(record: logging.LogRecord) -> bool:
    """Log the incident that a page shows, and not once more what the terminal has already."""
    record.exc_info = None
    return True


def shown_error(error: BaseException) -> tuple[Exception, TracebackType | None]:
    """Return the user's own error behind one of ours, and its trace from their first frame on."""
    cause = error.__cause__ if isinstance(error, GambrelError) else None
    shown = error if cause is None or isinstance(cause, GambrelError) else cause
    trace = shown.__traceback__
    while trace is not None and is_framework(trace.tb_frame.f_code.co_filename):
        trace = trace.tb_next
    if not isinstance(shown, Exception):  # it exits
        return RuntimeError(describe(shown)), trace
    if isinstance(error, GambrelError) and shown is not error:
        shown.add_note(f"{error.what}; {error.where}: {error.hint}")
    return shown, trace


if __name__ == "__main__":
    main(*sys.argv[1:])
