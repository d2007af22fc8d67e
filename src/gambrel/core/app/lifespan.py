"""Lifespan: what an app opens before the first request and closes after the last.

The app runs one per worker (and one per main process) in a single task. Entries are context
managers or generator functions; what they yield is kept by type in `Resources`.
"""

import inspect
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Generator, Iterable, Iterator
from contextlib import (
    AbstractAsyncContextManager,
    AbstractContextManager,
    asynccontextmanager,
    contextmanager,
)
from dataclasses import dataclass
from enum import Enum
from types import TracebackType
from typing import Any, Self, TypeVar, get_args, get_origin, get_type_hints

from gambrel.core.http.errors import GambrelError

T = TypeVar("T")

_YIELDING = (
    AsyncIterator,
    AsyncGenerator,
    Iterator,
    Generator,
    AbstractAsyncContextManager,
    AbstractContextManager,
)


class Moment(Enum):
    """How long an entry is open: as long as a worker serves, or the main process around them."""

    WORKER = "worker"
    PROCESS = "process"


@dataclass(frozen=True, slots=True)
class Entry:
    """A thing to open: a context manager, or a function that makes one or yields once.

    Parameters of the function are filled by type from what was opened before it, the settings
    sections and the app; one parameter without annotation is the app.
    """

    open: Any
    moment: Moment = Moment.WORKER
    where: str = ""

    @property
    def name(self) -> str:
        """The name of the function, or of the context manager's type."""
        return str(getattr(self.open, "__qualname__", type(self.open).__qualname__))

    @property
    def produces(self) -> type | None:
        """The type of the yielded value as annotated: known before anything is opened."""
        returned = _hints(self.open).get("return")
        if get_origin(returned) in _YIELDING:
            produced = get_args(returned)[0]
            return produced if isinstance(produced, type) and produced is not type(None) else None
        return None


class Resources:
    """Values by type: the app, its settings sections and what its lifespan has opened."""

    def __init__(self, values: Iterable[object] = ()) -> None:
        self._values: dict[type, Any] = {type(value): value for value in values}

    def __getitem__(self, kind: type[T]) -> T:
        found = self.find(kind)
        if found is None:
            raise GambrelError(
                "lifespan.no-resource",
                f"nothing of type {kind.__qualname__} is open",
                hint=f"open it in a lifespan entry that yields a {kind.__qualname__}",
            )
        return found

    def __contains__(self, kind: type) -> bool:
        return self.find(kind) is not None

    def find(self, kind: type[T]) -> T | None:
        """Return the value kept for a type, or the first that is an instance of it."""
        if kind in self._values:
            kept: T = self._values[kind]
            return kept
        return next((v for v in self._values.values() if isinstance(v, kind)), None)

    def add(self, value: object, kind: type | None = None, where: str = "") -> None:
        """Keep a value under a type (its own by default).

        Raises:
            GambrelError: There is one of this type already.
        """
        kind = kind or type(value)
        if kind in self._values:
            raise GambrelError(
                "lifespan.resource-twice",
                f"two lifespan entries yield a {kind.__qualname__}",
                where,
                "yield a type of its own from one of them",
            )
        self._values[kind] = value

    def remove(self, kind: type) -> None:
        """Forget the value of a type."""
        self._values.pop(kind, None)


class Lifespan:
    """Opens entries in order and closes them in reverse, whatever fails; use with `async with`."""

    def __init__(self, entries: Iterable[Entry], app: object, resources: Resources) -> None:
        self._entries = list(entries)
        self._app = app
        self._resources = resources
        self._open: list[_Opened] = []

    async def __aenter__(self) -> Self:
        for entry in self._entries:
            try:
                await self._enter(entry)
            except BaseException as error:
                error.add_note(f"while opening {entry.name} ({entry.where or 'lifespan'})")
                _raise("start-up failed", [error, *await self._close()])
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        _raise("closing failed", await self._close())

    async def _enter(self, entry: Entry) -> None:
        manager = self._manager(entry)
        if isinstance(manager, AbstractAsyncContextManager):
            value = await manager.__aenter__()
        elif isinstance(manager, AbstractContextManager):
            value = manager.__enter__()
        else:
            raise GambrelError(
                "lifespan.shape",
                f"{entry.name} is neither a context manager nor a function that yields once",
                entry.where,
                "write `async def open_it(): ...; yield value; ...`",
            )
        kind = None if value is None else entry.produces or type(value)
        self._open.append(_Opened(entry, manager, kind))
        if kind is not None:
            try:
                self._resources.add(value, kind, entry.where)
            except GambrelError:
                self._open[-1] = _Opened(entry, manager, None)
                raise

    def _manager(self, entry: Entry) -> object:
        function = entry.open
        if not callable(function):
            return function
        if inspect.isasyncgenfunction(function):
            function = asynccontextmanager(function)
        elif inspect.isgeneratorfunction(function):
            function = contextmanager(function)
        return function(*self._arguments(entry))

    def _arguments(self, entry: Entry) -> list[object]:
        hints = _hints(entry.open)
        arguments: list[object] = []
        for name, parameter in inspect.signature(entry.open).parameters.items():
            if parameter.default is not parameter.empty:
                continue
            kind = hints.get(name)
            found = self._app if kind is None else self._find(kind)
            if found is None:
                raise GambrelError(
                    "lifespan.no-resource",
                    f"{entry.name} needs {name}: {getattr(kind, '__qualname__', kind)}, "
                    "which nothing before it opens",
                    entry.where,
                    f"declare a lifespan entry that yields it before {entry.name}",
                )
            arguments.append(found)
        return arguments

    def _find(self, kind: Any) -> object | None:
        if not isinstance(kind, type):
            return None
        return self._app if isinstance(self._app, kind) else self._resources.find(kind)

    async def _close(self) -> list[BaseException]:
        """Close everything; an error or a cancellation must not keep the rest open."""
        errors: list[BaseException] = []
        while self._open:
            opened = self._open.pop()
            try:
                await opened.close()
            except BaseException as error:
                error.add_note(f"while closing {opened.entry.name} ({opened.entry.where})")
                errors.append(error)
            finally:
                if opened.kind is not None:
                    self._resources.remove(opened.kind)
        return errors


@dataclass(frozen=True, slots=True)
class _Opened:
    entry: Entry
    manager: Any
    kind: type | None

    async def close(self) -> None:
        if isinstance(self.manager, AbstractAsyncContextManager):
            await self.manager.__aexit__(None, None, None)
        else:
            self.manager.__exit__(None, None, None)


def _raise(message: str, errors: list[BaseException]) -> None:
    """Raise what was collected; a cancellation must arrive as one."""
    for error in errors:
        if len(errors) == 1 or not isinstance(error, Exception):
            raise error
    if errors:
        raise BaseExceptionGroup(message, errors)


def _hints(function: Callable[..., Any]) -> dict[str, Any]:
    target = inspect.unwrap(function)
    return get_type_hints(target) if inspect.isroutine(target) else {}
