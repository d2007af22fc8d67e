"""`gambrel run --server NAME`: hand the process over to an ASGI server, with the right options.

The lifespan is run, the access log off, and nobody but the app believes forwarding headers.
"""

import importlib.util
import os
import sys
from contextlib import suppress
from typing import NamedTuple, NoReturn

import click

from gambrel import GambrelError
from gambrel.cli.built import ephemeral_secret
from gambrel.cli.serving.listening import open_listener
from gambrel.cli.serving.served import SECRET, TARGET
from gambrel.cli.serving.tls import PLAIN, TLSFiles

__all__ = ["Place", "arguments", "hand_over"]

APP = "gambrel.cli.serving.served:create"


class Place(NamedTuple):
    """Where to listen: at a path if there is one, else at host and port."""

    host: str
    port: int
    uds: str = ""

    @property
    def bind(self) -> str:
        """The address in the form of `--bind`."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"unix:{self.uds}" if self.uds else f"{host}:{self.port}"

    @property
    def options(self) -> list[str]:
        """The address as separate options."""
        if self.uds:
            return ["--uds", self.uds]
        return ["--host", self.host, "--port", str(self.port)]


def hand_over(
    server: str,
    target: str,
    place: Place,
    workers: int,
    access_log: bool,
    tls: TLSFiles,
    grace: int,
) -> NoReturn:
    """Become the server. Does not return; `grace` are the seconds requests have when it stops.

    Raises:
        GambrelError: The server is not installed, or the address is taken.
    """
    for module, hint in [
        (server, server),
        *([("aioquic", "'hypercorn[h3]'")] if tls.http3 else []),
    ]:
        if importlib.util.find_spec(module) is None:
            what, where = f"{module} is not installed", f"--server {server}"
            raise GambrelError("server.not-installed", what, where, f"pip install {hint}")
    # The server would tell a taken port in its own way; ours may have been left out of the install.
    with suppress(ModuleNotFoundError), open_listener(*place):
        pass
    os.environ[TARGET] = target
    os.environ[SECRET] = ephemeral_secret().reveal()
    scheme = "" if place.uds else f"{tls.scheme}://"
    click.echo(f"Gambrel serves {target} at {scheme}{place.bind} ({server})")
    sys.stdout.flush()
    # -P: a file of the app's must not stand in for a module of the server's.
    options = arguments(server, place, workers, access_log, tls, grace)
    command = [sys.executable, "-P", "-m", server, *options]
    os.execv(sys.executable, command)  # noqa: S606 - our own interpreter, no shell


def arguments(
    server: str,
    place: Place,
    workers: int,
    access_log: bool,
    tls: TLSFiles = PLAIN,
    grace: int = 25,
) -> list[str]:
    """Return the command line of a server."""
    secured = tls.arguments(server) if tls.certfile else []
    log = "--access-log" if access_log else "--no-access-log"
    if server == "uvicorn":
        options = ["--lifespan", "on", "--no-proxy-headers", "--no-server-header", "--factory"]
        options += ["--timeout-graceful-shutdown", str(grace), log, *place.options]
    elif server == "hypercorn":
        options = ["--bind", place.bind, "--graceful-timeout", str(grace)]
        options += ["--access-logfile", "-"] if access_log else []
        options += ["--quic-bind", place.bind] if tls.http3 else []
        return [*options, *secured, "--workers", str(workers), f"asgi:{APP}()"]
    else:
        options = ["--interface", "asgi", "--factory", "--respawn-failed-workers"]
        options += ["--workers-kill-timeout", str(grace + 5), log, *place.options]
    return [*options, *secured, "--workers", str(workers), APP]
