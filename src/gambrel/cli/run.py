"""`gambrel run`: serve an app in production mode.

Everything that can be wrong is found, and told, before the first connection is taken.
"""

import os
import sys
from typing import Any

import click

from gambrel import App
from gambrel.cli.built import ephemeral_secret
from gambrel.cli.serving.listening import given_descriptor, open_listener, url_of
from gambrel.cli.serving.native import gate_of, given_native, native_options, serve_app, tls_of
from gambrel.cli.serving.safety import build_safely, hide_secrets, tell_problems
from gambrel.cli.serving.supervision import (
    MOST_WORKERS,
    given_plan,
    given_ways,
    worker_options,
)
from gambrel.cli.serving.telling import say
from gambrel.cli.serving.tls import given_files, tls_options
from gambrel.cli.target import load_app

__all__ = ["command"]

SERVERS = ("native", "uvicorn", "hypercorn", "granian")


class Number(click.IntRange):
    """A number of workers, or `auto`."""

    name = "number|auto"

    def __init__(self) -> None:
        super().__init__(1, MOST_WORKERS)

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Return the number."""
        return (
            min(processors(), MOST_WORKERS)
            if value == "auto"
            else super().convert(value, param, ctx)
        )


def processors() -> int:
    """Return how many processors this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


@click.command("run")
@click.argument("target", default="app.py")
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen at.")
@click.option(
    "--port",
    default=8000,
    show_default=True,
    envvar="PORT",
    type=click.IntRange(0, 65_535),
    help="Port to listen at; 0 takes a free one. [PORT]",
)
@click.option("--uds", default="", metavar="PATH", help="Listen at a Unix socket instead.")
@click.option(
    "--fd",
    default="",
    metavar="NUMBER|NAME",
    help="Take the listening socket of a service manager; needed only where it has several.",
)
@click.option(
    "--workers",
    default=1,
    show_default=True,
    type=Number(),
    help="Worker processes; `auto` for one per processor.",
)
@click.option(
    "--server", default="native", show_default=True, type=click.Choice(SERVERS), help="Who serves."
)
@native_options
@tls_options
@worker_options
@click.option("--access-log/--no-access-log", help="Write a line for every request. [off]")
def command(
    target: str,
    host: str,
    port: int,
    uds: str,
    fd: str,
    workers: int,
    server: str,
    access_log: bool,
) -> None:
    """Serve the app of TARGET (app.py) in production mode.

    On a loopback address in development the app answers for loopback hosts and has a made-up
    secret; anywhere else hosts and secret must be set, and debug must be off. Exit code 0 after
    SIGTERM or SIGINT, 1 where the app cannot be served, 2 for a wrong command line.
    """
    descriptor = given_descriptor(fd, server)
    files, native = given_files(), given_native(server)
    place = host if descriptor is None and not uds else None
    plan = given_plan(workers, server)
    if plan is not None:
        from gambrel.cli.serving.supervised import supervise
        from gambrel.cli.serving.worker import Order

        with open_listener(host, port, uds, descriptor) as listener:
            secret = ephemeral_secret().reveal()
            order = Order(
                target=target,
                secret=secret,
                host=place,
                tls=files,
                access_log=access_log,
                native=native,
            )
            message = f"Gambrel serves {target} at {url_of(listener, files.scheme)}"
            many = f" with {workers} workers" if workers > 1 else ""
            sys.exit(supervise(listener, plan, order, f"{message}{many}", given_ways()))
    app = load_app(target)
    if not tell_problems(build_safely(app, place)):
        sys.exit(1)
    hide_secrets(app)
    if server != "native":
        from gambrel.cli.serving.servers import Place, hand_over

        grace = app.settings.core.shutdown_grace
        hand_over(server, target, Place(host, port, uds), workers, access_log, files, grace)
    tls = tls_of(files)
    with open_listener(host, port, uds, descriptor) as listener:
        log = log_of(app) if access_log else None
        url = url_of(listener, files.scheme)
        message = f"Gambrel serves {target} at {url}"
        before = {"gate": gate_of(app, native.proxied), "certificates": tls}
        options = {"loop": native.loop, "log": log, "waiting": tell_waiting}
        serve_app(app, listener, message, **before, **options)
        if log is not None:
            log.close()


def tell_waiting(requests: int, seconds: float) -> None:
    """Write why the server does not end yet."""
    what = f"{requests} request{'s' if requests > 1 else ''}, at most {seconds:g} s"
    say(f"waiting for {what} (press Ctrl+C again to stop at once)", err=True)


def log_of(app: App) -> Any:
    """Return the access log, unless the app has one."""
    from gambrel.cli.serving.access_log import open_log

    return open_log(app)
