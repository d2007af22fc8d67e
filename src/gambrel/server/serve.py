"""Serve an app on this process's event loop: open it, listen, wait for a signal, drain, close.

The command line and the test tools call `run` or `serve`. Nothing is printed here.
"""

import asyncio
import contextlib
import signal
import socket
import ssl
from collections.abc import Callable
from typing import Any, Protocol

from gambrel.core.http.errors import GambrelError
from gambrel.server.clock import Clock
from gambrel.server.limits import Limits, limits_of
from gambrel.server.listen import AS_IT_IS
from gambrel.server.protocol import HTTPProtocol, LoggedHTTPProtocol, ObservedHTTPProtocol
from gambrel.server.state import AccessLog, ServerState

try:
    from uvloop import new_event_loop as make_loop
except ImportError:  # Windows, PyPy
    make_loop = asyncio.new_event_loop  # type: ignore[assignment]  # a loop of either kind

__all__ = ["FIRST_REQUEST", "Accepting", "Server", "loop_factory", "new_event_loop", "run", "serve"]

FIRST_REQUEST = 0.1
"""Seconds at least for whoever has just connected to send a request."""
_EVENTS_LAST = 1.0
"""Seconds for streams of events to end by themselves."""
_LAST_MOMENT = 2.0
"""Seconds for what was cancelled at the end of the grace to clean up."""


def new_event_loop() -> asyncio.AbstractEventLoop:
    """Return a loop of uvloop where it is installed, else asyncio's own."""
    return make_loop()


def loop_factory(name: str) -> Callable[[], asyncio.AbstractEventLoop]:
    """Return what makes the loop called `uvloop`, `asyncio` or `auto`.

    Raises:
        GambrelError: It is not installed.
    """
    if name == "asyncio":
        return asyncio.new_event_loop
    if name == "uvloop" and make_loop is asyncio.new_event_loop:
        what, hint = "uvloop is not installed", "pip install uvloop"
        raise GambrelError("server.not-installed", what, "--loop uvloop", hint)
    return new_event_loop


class Accepting(Protocol):
    """What accepts connections."""

    def close(self) -> object:
        """Accept no more."""
        ...


class Server:
    """Serves an app on one listening socket, on the running loop.

    The limits are those of the app's settings, unless others are given.
    `log(request, status, size, seconds)` hears of every answer; without one nothing is paid for.
    `waiting(requests, seconds)` is called where stopping has to wait.
    """

    def __init__(
        self,
        app: Any,
        listener: socket.socket,
        *,
        limits: Limits | None = None,
        log: AccessLog | None = None,
        tls: ssl.SSLContext | None = None,
        waiting: Callable[[int, float], object] | None = None,
    ) -> None:
        self.app = app
        self.listener = listener
        self.limits = limits or limits_of(app)
        self.log = log
        self.tls = tls
        self.waiting = waiting
        self.is_started = False
        self.state: ServerState | None = None
        self._stop = asyncio.Event()
        self._hasten = asyncio.Event()

    @property
    def is_stopping(self) -> bool:
        """Whether it has been told to stop."""
        return self._stop.is_set()

    def stop(self, *, now: bool = False) -> None:
        """Stop serving: requests in flight end first; `now`, or later on, they are cancelled.

        Asking again changes nothing, so whoever wants it stopped may say so.
        """
        self._stop.set()
        if now:
            self._hasten.set()

    def interrupt(self) -> None:
        """Stop, as Ctrl+C asks for it: a second time it is meant for what is waited for."""
        self.stop(now=self.is_stopping)

    async def run(self, ready: Callable[[], object] | None = None) -> None:
        """Serve until `stop`, then close the listening socket.

        `ready` is called once connections are accepted. Raises whatever the start-up of the app
        raises.
        """
        with self.listener:
            await self.serve(ready)

    async def serve(self, ready: Callable[[], object] | None) -> None:
        """Open the app, accept until told to stop, drain."""
        loop = asyncio.get_running_loop()
        async with self.app.running():
            clock = Clock(loop, self.limits.tick)
            self.state = state = ServerState(self.app, loop, clock, self.limits, self.log)
            clock.start()
            self.app.is_draining = False
            try:
                accepting = await self.accept(loop, state)
                self.is_started = True
                if ready is not None:
                    ready()
                await self._stop.wait()
                await self.announce()
                accepting.close()
                await self.drain(state)
            finally:
                clock.stop()

    async def accept(self, loop: asyncio.AbstractEventLoop, state: ServerState) -> Accepting:
        """Start to accept connections."""
        options = {"sock": self.listener, "backlog": self.limits.backlog, **self.tls_options()}
        if self.listener.family == getattr(socket, "AF_UNIX", None):
            return await loop.create_unix_server(self.connection_of(state), **options, **AS_IT_IS)
        return await loop.create_server(self.connection_of(state), **options)

    def connection_of(self, state: ServerState) -> Callable[[], HTTPProtocol]:
        """Return what makes the protocol of a connection: it pays only for who listens."""
        kind: type[HTTPProtocol] = ObservedHTTPProtocol if state.observers else HTTPProtocol
        if state.logs:
            kind = LoggedHTTPProtocol
        return lambda: kind(state)

    def tls_options(self) -> dict[str, Any]:
        """Return what the loop is told of TLS."""
        if self.tls is None:
            return {}
        return {"ssl": self.tls, "ssl_handshake_timeout": self.limits.header_timeout}

    async def announce(self) -> None:
        """Let the app say that it stops, and go on serving until balancers have heard of it."""
        self.app.is_draining = True
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(self.limits.shutdown_delay):
                await self._hasten.wait()

    async def drain(self, state: ServerState) -> None:
        """Let requests in flight end within the grace, then cancel them.

        Streams of events never end by themselves, and whoever reads them connects again: they
        have only a moment. Idle connections stay open for one, too: to close them at once would
        lose the requests that are on their way, and now each is answered with `Connection: close`.
        """
        state.drain()
        hasten = asyncio.ensure_future(self._hasten.wait())
        ending = state.loop.call_later(_EVENTS_LAST, state.end_events)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(self.limits.shutdown_grace):
                if self.waiting is not None and state.busy:
                    self.waiting(state.busy, self.limits.shutdown_grace)
                await self.quiet(state, hasten)
        hasten.cancel()
        ending.cancel()
        state.abort()
        if state.tasks:
            await asyncio.wait(tuple(state.tasks), timeout=_LAST_MOMENT)

    async def quiet(self, state: ServerState, hasten: asyncio.Future[Any]) -> None:
        """Return when nothing is open or in work any more, or when it must not last."""
        began = state.loop.time()
        await asyncio.sleep(0)  # what was closed is gone
        while not state.is_quiet and not hasten.done():
            passed = state.loop.time() - began
            if passed >= self.limits.idle_grace:
                await state.close_idle(new_ones=passed >= FIRST_REQUEST)
            await asyncio.wait([hasten], timeout=0.02)


async def serve(
    app: Any,
    listener: socket.socket,
    *,
    ready: Callable[[], object] | None = None,
    limits: Limits | None = None,
    log: AccessLog | None = None,
    tls: ssl.SSLContext | None = None,
    waiting: Callable[[int, float], object] | None = None,
    make: Callable[..., Server] = Server,
) -> None:
    """Serve until SIGTERM or SIGINT; after either, SIGINT does not wait for requests in flight."""
    loop = asyncio.get_running_loop()
    server = make(app, listener, limits=limits, log=log, tls=tls, waiting=waiting)
    numbers = {signal.SIGTERM: server.stop, signal.SIGINT: server.interrupt}
    for number, act in numbers.items():
        loop.add_signal_handler(number, act)
    try:
        await server.run(ready)
    except Exception as error:
        if server.is_started or isinstance(error, GambrelError):
            raise
        raise start_up_failed(error) from error
    finally:
        for number in numbers:
            loop.remove_signal_handler(number)


def start_up_failed(error: Exception) -> GambrelError:
    """Return the error of an app that could not be opened; notes tell what was being opened."""
    notes = "; ".join(getattr(error, "__notes__", ()))
    return GambrelError(
        "server.start-up",
        f"the app did not start: {type(error).__name__}: {error}",
        notes,
        "the trace above this message shows where; nothing was served",
    )


def run(app: Any, listener: socket.socket, *, loop: str = "auto", **options: Any) -> None:
    """Serve in this thread, on a loop of its own, with the options of `serve`.

    Raises:
        GambrelError: The app did not start, or there is no such loop.
    """
    with asyncio.Runner(loop_factory=loop_factory(loop)) as runner:
        runner.run(serve(app, listener, **options))
