"""The process of one worker of `gambrel run --workers N`: loads the app, and serves.

It is started by the supervisor, with descriptors of the listening socket, of the scoreboard and of
the channel to the supervisor; the first line on that is an `Order`.
"""

import gc
import socket
import sys
from functools import partial
from typing import Any

import msgspec
from msgspec import Struct

from gambrel import GambrelError
from gambrel.cli.failures import tell
from gambrel.cli.serving.beside import prepare
from gambrel.cli.serving.native import Native, gate_of, stop_told, tls_of
from gambrel.cli.serving.safety import build_safely, hide_secrets, tell_problems
from gambrel.cli.serving.tls import TLSFiles
from gambrel.cli.target import load_app

__all__ = ["Order", "main"]


class Order(Struct, frozen=True, kw_only=True):
    """What a worker serves, and how. The first one of all tells what there is to warn of."""

    target: str
    secret: str
    host: str | None = None
    tls: TLSFiles = TLSFiles()
    access_log: bool = False
    native: Native = Native()
    slot: int = 0
    is_first: bool = False
    process: tuple[str, ...] = ()


def main(listener_fd: str, scoreboard_fd: str, channel_fd: str) -> None:
    """Serve as the supervisor says."""
    from gambrel.server.workers.link import Link, adopt

    gc.disable()  # until it serves
    link = Link(adopt(int(channel_fd)))
    given = link.read_order()
    if given is None:  # the supervisor has ended already
        link.channel.close()
        return
    try:
        serve(msgspec.convert(given, Order), adopt(int(listener_fd)), int(scoreboard_fd), link)
    except GambrelError as error:
        tell(error)
        sys.exit(1)


def serve(order: Order, listener: socket.socket, scoreboard: int, link: object) -> None:
    """Serve the app until told to stop. Raises GambrelError."""
    from gambrel.server.workers.scoreboard import Scoreboard, Share
    from gambrel.server.workers.worker import WorkerServer, run_worker

    app = load_app(order.target)
    problems = build_safely(app, order.host, order.secret)
    if not tell_problems(problems, quiet=() if order.is_first else [one.id for one in problems]):
        sys.exit(1)
    hide_secrets(app)
    for line in order.process if order.is_first else ():
        prepare(app, line)  # a command that is none is told before anybody serves
    log = None
    if order.access_log:
        from gambrel.cli.serving.access_log import open_log

        log = open_log(app, is_first=order.is_first)
    share = Share(Scoreboard(scoreboard), order.slot)
    certificates = tls_of(order.tls)
    tls = None if certificates is None else certificates.context
    options = {"log": log, "tls": tls, "gate": gate_of(app, order.native.proxied)}
    with stop_told():
        server = WorkerServer(app, listener, link, share, **options)  # type: ignore[arg-type]  # a Link, whose type is the server's
        run_worker(server, partial(opened, certificates), order.native.loop)
    if log is not None:
        log.close()


def opened(certificates: Any) -> None:
    """Collect garbage from now on, but for what the start has made, and look after certificates."""
    if certificates is not None:
        certificates.follow()
    gc.freeze()
    gc.enable()


if __name__ == "__main__":
    main(*sys.argv[1:])
