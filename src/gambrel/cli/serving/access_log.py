"""The access log of `gambrel run --access-log`: a line for every answer, written by a thread.

Without the query, which holds what people type and search; times are UTC.
"""

import time
from typing import TextIO

from gambrel import App, BadRequest, Request
from gambrel.cli.serving.telling import say
from gambrel.sinks import Sink

__all__ = ["AccessLog", "has_own_log", "open_log"]


class AccessLog:
    """Called by the server for each answer; writes to `stream`, or the standard output."""

    def __init__(self, stream: TextIO | None = None) -> None:
        self._sink = Sink(str, told, stream)
        self._second = 0
        self._now = ""

    def __call__(self, request: Request, status: int, size: int, seconds: float) -> None:
        """Note an answer: its status, the bytes of its content and how long it took."""
        second = int(time.time())
        if second != self._second:
            self._second = second
            self._now = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(second))
        path = request.raw_path
        if not path.isascii():
            path = path.encode("ascii", "backslashreplace").decode()
        self._sink.put(
            f"{self._now} {client_of(request)} {request.method} {path} "
            f"{status} {size} {seconds * 1000:.1f}ms"
        )

    def close(self) -> None:
        """Write what is waiting, as far as somebody reads it."""
        self._sink.close()


def open_log(app: App, *, is_first: bool = True) -> AccessLog | None:
    """Return the log of a server; None where the app has one, which the first server tells."""
    if not has_own_log(app):
        return AccessLog()
    if is_first:
        say("--access-log is left out: the app has `AccessLog()` and writes its own", err=True)
    return None


def has_own_log(app: App) -> bool:
    """Say whether the app writes a line for every answer by itself."""
    return any(extension.name == "access_log" for extension in (*app.extensions, *app.defaults))


def told(lost: int) -> str:
    """Return the line that stands for those that nobody could write."""
    return f"# {lost} lines are missing"


def client_of(request: Request) -> str:
    """Return the client's address, or a dash where there is none, or none to be believed."""
    if request.app.proxies is None:
        peer = request.connection.client
        return peer[0] if peer else "-"
    try:
        return request.client or "-"
    except BadRequest:  # more proxies than are believed
        return "-"
