"""`ServerState`: what the connections of one worker share, and what is done to all of them.

It counts the requests in work, refuses beyond the cap, passes the clock's ticks on, and drains.
"""

import asyncio
import logging
import sys
from collections.abc import Callable, Coroutine
from contextvars import copy_context
from typing import Any, Protocol

from gambrel.core.http.errors import bare_problem
from gambrel.core.http.headers import Headers
from gambrel.core.http.request import Request
from gambrel.core.http.response import Reply, Response
from gambrel.server.admission import HostGate
from gambrel.server.clock import Clock
from gambrel.server.limits import Limits

__all__ = ["REFUSED", "AccessLog", "Peer", "ServerState"]

AccessLog = Callable[[Request, int, int, float], None]
"""`log(request, status, size, seconds)`: called for each answer; size in bytes of content."""

_EAGER: dict[str, Any] = {"eager_start": True} if sys.version_info >= (3, 12) else {}
_CLOSED_AT_ONCE = 50
_BUSY = (
    "%d requests are in work, as many as may be (`pending`), and more are answered 503; those that"
    " wait for news, as long polls do, count for nothing where their route says waits=True"
)
REFUSED = 8
"""A reason not to read from a connection, beside its own."""
_log = logging.getLogger("gambrel.server")


class Peer(Protocol):
    """A connection as the state sees it."""

    exchange: Any
    is_idle: bool
    is_new: bool
    is_writable: bool
    quiet: float

    def tick(self, now: float, passed: float) -> None:
        """Look at the time-outs."""

    def drain(self) -> None:
        """Close after the next answer, or the one in work."""

    def close(self) -> None:
        """Close, giving the client time to read the last answer."""

    def end_events(self) -> None:
        """Close if the answer in work is a stream of events."""

    def abort(self) -> None:
        """Close now, whatever is in work."""


class Orphan(Protocol):
    """A request that is worked on although its client has gone."""

    deadline: float | None

    def tick(self, now: float, passed: float) -> None:
        """Look at the deadline."""


class ServerState:
    """What the connections of one worker share."""

    def __init__(
        self,
        app: Any,
        loop: asyncio.AbstractEventLoop,
        clock: Clock,
        limits: Limits | None = None,
        log: AccessLog | None = None,
    ) -> None:
        self.app = app
        self.loop = loop
        self.clock = clock
        self.limits = limits or Limits()
        # Who hears of answers once they are sent: the server's own log, and what the app declares.
        self.logs = (*([log] if log else ()), *app.build().hearers)
        self.gate = HostGate(app.build().allowed_hosts)
        self.tells_refusals = app.settings.core.debug
        self.pipeline = app.pipeline
        self.dress = app.build().dress
        self.has_secure_headers = bool(app.build().secure_headers)
        # What a request enters while there is room; a supervised worker counts there.
        self.entrance: Callable[[Request], None] = self.pipeline.enter
        self.enter: Callable[[Request], None] = self.entrance
        self.observe = app.build().observe
        self.observers = tuple(app.build().observers)
        after = ("retry-after", str(self.limits.retry_after))
        self.refusal = app.build().bake(503, "application/problem+json", after), bare_problem(503)
        self.context = copy_context()
        self.connections: set[Peer] = set()
        self.orphans: set[Orphan] = set()
        self.refused: set[Any] = set()
        self.tasks: set[asyncio.Task[Any]] = set()
        self.pending = 0
        self.is_draining = False
        self._ticked = clock.now
        self._has_failed = False
        self._is_full = False
        self._is_busy = False
        clock.timed.add(self)

    # Load -----------------------------------------------------------------------------------

    def count(self) -> None:
        """Count a request that did not finish at once."""
        self.pending += 1
        if self.pending >= self.limits.pending:
            self.enter = self.refuse

    def discount(self) -> None:
        """A counted request is done."""
        self.pending -= 1
        if self.pending < self.limits.pending:
            self.enter = self.entrance

    def refuse(self, request: Request) -> None:
        """Answer 503 at once, and read the next request of that client after the next tick.

        All that this worker may have in work is in work.

        Routes with `extra={"essential": True}` are served all the same: without an answer to its
        probes, a worker under load would be restarted.
        """
        route = self.pipeline.find(request).route
        if route is not None and route.options.extra.get("essential"):
            self.pipeline.enter(request)
            return
        if not self._is_busy:  # told once: it would be a line for each of thousands
            self._is_busy = True
            _log.warning(_BUSY, self.pending)
        request.connection.deliver(request, Reply(*self.refusal))
        # Who asks again at once would keep the loop from the requests in work: libuv polls many
        # times over before it turns, where a thousand sockets are ready each time.
        peer: Any = request.connection
        self.refused.add(peer)
        peer.throttle(REFUSED, True)

    def has_room(self) -> bool:
        """Say whether the connection that was just opened may stay; a full house is told once."""
        is_full = len(self.connections) > self.limits.connections
        if is_full and not self._is_full:
            _log.warning("%d connections are open, as many as may be", self.limits.connections)
        self._is_full = is_full
        return not is_full

    def report(self, request: Request, status: int, size: int, seconds: float) -> None:
        """Tell of an answer that was sent; what fails there is nobody else's."""
        for log in self.logs:
            try:
                log(request, status, size, seconds)
            except Exception:
                self.app.log.exception("an observer of answers failed")

    def report_refused(self, line: Any, status: int) -> None:
        """Tell of what was no request, or one too many: it has no method, and no path."""
        if self.observers or self.logs:
            request = Request("-", "-", "", Headers(()), line, b"")
            self.observe(request, status, 0.0)
            self.report(request, status, 0, 0.0)

    # Answers that need the loop ---------------------------------------------------------------

    def fail(self, request: Request, error: Exception) -> None:
        """Let the app answer `error`."""
        self.pipeline.start(request, self.pipeline.failed(request, error))

    def spawn(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        """Run a coroutine as a task that draining waits for; it starts at once from Python 3.12."""
        task: asyncio.Task[None] = asyncio.Task(work, loop=self.loop, **_EAGER)
        if not task.done():
            self.watch(task)
        return task

    def watch(self, task: asyncio.Task[Any]) -> None:
        """Let draining wait for a task."""
        self.tasks.add(task)
        task.add_done_callback(self.tasks.discard)

    async def close_response(self, response: Response) -> None:
        """Run what `on_close` has collected; a failure is logged."""
        try:
            await response.close()
        except (Exception, SystemExit):
            _log.exception("closing a response failed")

    # All connections --------------------------------------------------------------------------

    def tick(self, now: float) -> None:
        """Let every connection look at the time."""
        passed, self._ticked = now - self._ticked, now
        refused, self.refused = self.refused, set()
        for peer in refused:
            peer.throttle(REFUSED, False)
        limit = self.limits.idle_timeout
        for connection in tuple(self.connections):
            if connection.is_idle and connection.is_writable and connection.quiet < limit:
                connection.quiet += passed  # thousands may be idle: no call for each of them
            else:
                self.visit(connection, now, passed)
        for orphan in tuple(self.orphans):
            self.visit(orphan, now, passed)
            if orphan.deadline is None:
                self.orphans.discard(orphan)

    def visit(self, timed: Peer | Orphan, now: float, passed: float) -> None:
        """Let one look at the time; what fails there must not keep the others from it."""
        try:
            timed.tick(now, passed)
        except Exception:
            if not self._has_failed:  # it may fail at every tick from now on: told once
                self._has_failed = True
                _log.exception("looking at the time-outs of %r failed", timed)

    def drain(self) -> None:
        """From now on, every answer is the last of its connection."""
        self.is_draining = True
        for connection in tuple(self.connections):
            connection.drain()

    async def close_idle(self, *, new_ones: bool = True) -> None:
        """Close connections that have nothing in work; without those that never had, if asked.

        A few at a time: what has arrived is read in between, so that next to none is closed with a
        request under way.
        """
        idle = [peer for peer in self.connections if peer.is_idle and (new_ones or not peer.is_new)]
        for number, connection in enumerate(idle, 1):
            if connection.is_idle:
                connection.close()
            if number % _CLOSED_AT_ONCE == 0:
                await asyncio.sleep(0)

    def end_events(self) -> None:
        """End the streams of events, which would last as long as we wait."""
        for connection in tuple(self.connections):
            connection.end_events()

    @property
    def busy(self) -> int:
        """How many requests are in work, or their answers on the way."""
        open_ones = [peer for peer in self.connections if peer.exchange is not None]
        return len(open_ones) + len(self.orphans)

    @property
    def is_quiet(self) -> bool:
        """Whether nothing is open or in work."""
        return not (self.connections or self.tasks or self.pending)

    def abort(self) -> None:
        """Cancel what is still in work, and close."""
        for task in tuple(self.tasks):
            task.cancel()
        for connection in tuple(self.connections):
            connection.abort()
