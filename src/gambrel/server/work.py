"""A request in work: which task works on it, until when, and who stops it.

The connection opens an `Exchange` (which adds the answer) when an answer does not come at once.
"""

import asyncio
import logging
from collections.abc import Callable
from typing import Any, Protocol

from gambrel.core.http.errors import ServerError, ServiceUnavailable
from gambrel.core.http.request import Request
from gambrel.core.http.response import Response
from gambrel.server.body import BodyStream
from gambrel.server.state import ServerState

__all__ = ["Line", "Work", "name"]

_SAFE = frozenset({"GET", "HEAD", "OPTIONS", "QUERY", "PROPFIND", "REPORT", "SEARCH", "WEBSOCKET"})
_log = logging.getLogger("gambrel.server")


class Line(Protocol):
    """The connection, as the requests on it use it."""

    state: ServerState
    write: Callable[[bytes], None]
    is_gone: bool
    is_writable: bool
    is_dressed: bool
    """Whether even baked heads get fields of their request: some are for HTTPS alone."""

    async def writable(self) -> None:
        """Return when the send buffer has room; a client that has gone cancels the wait."""

    def switch(self, exchange: Any, response: Response) -> None:
        """Hand the connection over to what a response opens."""

    def finish(self, exchange: Any) -> None:
        """Go on with the next message, or close."""

    def abort(self) -> None:
        """Break the connection off."""


class Work:
    """A request in the hands of its handler."""

    # Defaults on the class: most requests that are opened change few of them.
    body: BodyStream | None = None
    deadline: float | None = None
    is_answered = False
    is_counted = False
    is_expired = False
    is_stuck = False
    task: asyncio.Task[Response] | None = None
    stuck: asyncio.Task[Response] | None = None
    sender: asyncio.Task[None] | None = None

    def __init__(self, line: Line, request: Request, keep_alive: bool) -> None:
        self.line = line
        self.request = request
        self.keep_alive = keep_alive

    def suspend(self) -> None:
        """The handler did not answer at once: count it, and set its deadline."""
        if self.is_answered or self.is_counted:
            return
        self.count()
        limits = getattr(self.request.endpoint, "limits", None)
        if limits is not None and limits.deadline is not None:
            self.deadline = self.line.state.loop.time() + limits.deadline

    def count(self) -> None:
        """Count the request once its body is here: slow uploads must not use up the cap.

        One that waits for news never counts. It has no work to do, and there may be thousands.
        """
        if self.is_counted or not (self.body is None or self.body.is_complete):
            return
        route = getattr(self.request.endpoint, "route", None)
        if route is None or not route.options.waits:
            self.is_counted = True
            self.line.state.count()

    def release(self) -> None:
        """The handler is done, unless it could not be stopped."""
        self.deadline = None
        if self.line.is_gone:
            self.line.state.orphans.discard(self)
        if self.is_counted and not self.is_stuck:
            self.is_counted = False
            self.line.state.discount()

    def work(self, task: "asyncio.Task[Response]") -> None:
        """Remember the task of the handler."""
        self.task = task
        self.line.state.tasks.add(task)
        task.add_done_callback(self.ended)

    def ended(self, task: "asyncio.Task[Response]") -> None:
        """Answer for a task that ended without an answer: cancelled, or broken."""
        self.line.state.tasks.discard(task)
        if self.is_stuck and task is self.stuck:
            self.unstick()
            return
        if task is not self.task or not (task.cancelled() or task.exception()):
            return
        self.task = self.deadline = None
        if self.line.is_gone or self.is_answered:
            self.release()
            self.request.close()
        elif self.is_expired:
            self.line.state.fail(self.request, too_late(self.line.state))
        else:
            self.line.state.fail(self.request, ServerError("The handler was cancelled."))

    def tick(self, now: float, passed: float) -> None:
        """Cancel the handler at its deadline, and answer for it if that does not end it."""
        if not self.is_answered:
            self.count()
        if self.deadline is None:
            return
        if self.body is not None and self.body.is_wanted:
            self.deadline += passed  # the client keeps the handler waiting, under its own limits
            return
        if now < self.deadline:
            return
        if self.task is not None and not self.is_expired:
            self.is_expired = True
            self.task.cancel()
            return
        # What cannot be stopped may still answer: nothing else may be asked on this connection.
        self.is_stuck = True
        self.stuck, self.task = self.task, None
        self.keep_alive = False
        self.deadline = None
        if not self.line.is_gone:
            self.line.state.fail(self.request, too_late(self.line.state))

    def unstick(self) -> None:
        """What could not be stopped has ended by itself."""
        self.is_stuck = False
        self.release()
        self.request.close()
        _log.warning("%s ended after its deadline; it was answered 503", name(self.request))

    def abandon(self) -> None:
        """The client has gone: stop what nobody needs any more."""
        if self.sender is not None:
            self.sender.cancel()
        if self.task is not None and self.stops_with_client():
            self.task.cancel()
        if self.deadline is not None:
            self.line.state.orphans.add(self)

    def stops_with_client(self) -> bool:
        """Say whether the handler is cancelled when its client leaves."""
        limits = getattr(self.request.endpoint, "limits", None)
        if limits is None or limits.cancel_on_disconnect is None:
            return self.request.method in _SAFE
        return bool(limits.cancel_on_disconnect)


def too_late(state: ServerState) -> ServiceUnavailable:
    """Return the error of a handler that has passed its deadline."""
    return ServiceUnavailable("The answer took too long.", retry_after=state.limits.retry_after)


def name(request: Request) -> str:
    """Name a request in the log; `ascii` keeps control characters out of its lines."""
    return f"{request.method} {ascii(request.raw_path)[1:-1][:500]}"
