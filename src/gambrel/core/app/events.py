"""Events: typed values announced by one part of an app and heard by others.

`@app.on(AppStarted)` declares a listener, `await app.events.emit(...)` announces, and
`await app.events.wait(...)` waits for the next one. Listeners know the event, not who announces it.
"""

import asyncio
import inspect
import logging
from collections.abc import Awaitable, Callable, Iterable
from typing import Any, TypeVar

from msgspec import Struct

E = TypeVar("E", bound="Event")
Waiter = tuple[asyncio.Future[Any], Callable[[Any], bool] | None]

_log = logging.getLogger("gambrel.events")


class Event:
    """What every event is; a listener to `Event` hears all of them."""

    __slots__ = ()


class AppEvent(Struct, Event, frozen=True):
    """Something in the life of an app."""

    app: Any


class AppStarted(AppEvent, frozen=True):
    """A worker has opened all its resources and is ready to serve."""


class AppStopping(AppEvent, frozen=True):
    """A worker is about to close its resources."""


class ErrorReported(Struct, Event, frozen=True):
    """An error nobody handled, wherever it happened: the one hook for error reporting.

    `incident` is the id in the log and in the answer; `place` says what was running.
    """

    error: BaseException
    incident: str
    place: str


class RequestFailed(ErrorReported, frozen=True):
    """A request ended in an error nobody handled."""

    request: Any


class Listener(Struct, frozen=True):
    """A function that hears events of a type and its subclasses; higher priority hears first."""

    event: type[Event]
    hear: Callable[[Any], Awaitable[None] | None]
    priority: int = 0


class Events:
    """The events of one app."""

    def __init__(self, listeners: Iterable[Listener] = ()) -> None:
        self._listeners = list(listeners)
        self._by_type: dict[type[Event], tuple[Listener, ...]] = {}
        self._waiting: dict[type[Event], list[Waiter]] = {}

    def add(self, listener: Listener) -> None:
        """Add a listener, after those of the same priority."""
        self._listeners.append(listener)
        self._by_type.clear()

    def has(self, event: type[Event]) -> bool:
        """Whether anyone hears or waits for this type, so that an event is worth making."""
        return bool(self.listeners(event)) or any(issubclass(event, kind) for kind in self._waiting)

    def listeners(self, event: type[Event]) -> tuple[Listener, ...]:
        """Return who hears events of this type, in order."""
        found = self._by_type.get(event)
        if found is None:
            hearing = [entry for entry in self._listeners if issubclass(event, entry.event)]
            found = tuple(sorted(hearing, key=lambda entry: -entry.priority))
            self._by_type[event] = found
        return found

    async def emit(self, event: Event, *, raising: bool = False) -> None:
        """Announce an event to its listeners, one after the other, then to who waits for it.

        An error in a listener is logged and the others still hear; with `raising` they do too, and
        all errors are raised together at the end.

        Raises:
            ExceptionGroup: Listeners failed and `raising` was asked for.
        """
        errors: list[Exception] = []
        for listener in self.listeners(type(event)):
            try:
                heard = listener.hear(event)
                if inspect.isawaitable(heard):
                    await heard
            except Exception as error:
                errors.append(error)
                if not raising:
                    _log.exception("a listener to %s failed: %r", type(event).__name__, listener)
        self._wake(event)
        if raising and errors:
            raise ExceptionGroup(f"listeners to {type(event).__name__} failed", errors)

    async def wait(
        self,
        event: type[E],
        timeout: float | None = None,
        where: Callable[[E], bool] | None = None,
    ) -> E:
        """Wait for the next event of a type or a subclass, at most `timeout` seconds.

        With `where`, for the next one of which that is true; what it raises is raised here.

        Raises:
            TimeoutError: None came in time.
        """
        waiter = asyncio.get_running_loop().create_future(), where
        self._waiting.setdefault(event, []).append(waiter)
        try:
            async with asyncio.timeout(timeout):
                found: E = await waiter[0]
                return found
        finally:
            self._forget(event, waiter)

    def _wake(self, event: Event) -> None:
        for kind in [kind for kind in self._waiting if isinstance(event, kind)]:
            for future, where in self._waiting[kind]:
                # The waiting task may run on another loop than the one that announces.
                future.get_loop().call_soon_threadsafe(_resolve, future, where, event)

    def _forget(self, event: type[Event], waiter: Waiter) -> None:
        waiting = self._waiting[event]
        waiting.remove(waiter)
        if not waiting:
            del self._waiting[event]


def _resolve(future: asyncio.Future[Any], where: Callable[[Any], bool] | None, event: Any) -> None:
    if future.done():
        return
    try:
        if where is None or where(event):
            future.set_result(event)
    except Exception as error:
        future.set_exception(error)
