"""Ask the supervisor behind a control socket, and tell what it answers."""

import socket
from collections.abc import Callable
from contextlib import suppress
from typing import Any, TypeVar

import click
import msgspec

from gambrel import GambrelError

__all__ = ["ask", "control_option", "has_ended"]

F = TypeVar("F", bound=Callable[..., Any])
VARIABLE = "GAMBREL_CONTROL"

control_option = click.option(
    "--control",
    envvar=VARIABLE,
    default="",
    metavar="PATH",
    help=f"Control socket of the server, as given to `gambrel run`. [{VARIABLE}]",
)
"""The option `--control` of a command."""


def ask(path: str, do: str, **arguments: Any) -> tuple[Any, socket.socket]:
    """Return the status that the supervisor answers with, and the connection.

    Raises:
        GambrelError: No path was named, nobody answers there, or it could not be done.
    """
    from gambrel.server.workers.control import Answer, Ask

    if not path:
        what = "no control socket is named"
        hint = f"--control PATH, or {VARIABLE}, as `gambrel run --control PATH` was given"
        raise GambrelError("cli.control", what, "", hint)
    connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        connection.connect(path)
        connection.sendall(msgspec.json.encode(Ask(do=do, **arguments)) + b"\n")  # type: ignore[arg-type]  # one of ours
        line = b""
        while not line.endswith(b"\n") and (data := connection.recv(65_536)):
            line += data
        answer = msgspec.json.decode(line, type=Answer)
    except (OSError, msgspec.MsgspecError) as error:
        connection.close()
        what = f"no server answers at {path!r}: {getattr(error, 'strerror', '') or error}"
        hint = "look whether it runs, and was started with that --control"
        raise GambrelError("cli.control", what, path, hint) from None
    if answer.failure:
        connection.close()
        raise GambrelError("cli.control", answer.failure, path, "`gambrel status` shows what runs")
    return answer.status, connection


def has_ended(connection: socket.socket) -> None:
    """Return when the server behind a connection has ended."""
    with connection, suppress(ConnectionError):
        while connection.recv(65_536):
            pass
