"""Lifespan: what an app opens before the first request and closes after the last.

The app runs one per worker in a single task. Entries are context
managers or generator functions; what they yield is kept by type in `Resources`.
"""

import inspect
from collections.abc import AsyncIterator, Callable, Iterable, Iterator
from contextlib import AbstractAsyncContextManager as AsyncManager
from contextlib import AbstractContextManager as Manager
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from typing import Any, Self, TypeVar, get_args, get_origin, get_type_hints

from msgspec import Struct

from gambrel.core.http.errors import GambrelError

T = TypeVar("T")


class Entry(Struct, frozen=True):
    """A thing to open: a context manager, or a function that makes one or yields once.

    Parameters of the function are filled by type from what was opened before it, the settings
    sections and the app; one parameter without annotation is the app.
    """

    open: Any
    where: str = ""

    @property
    def name(self) -> str:
        """The name of the function, or of the context manager's type."""
        return str(getattr(self.open, "__qualname__", type(self.open).__qualname__))

    @property
    def produces(self) -> type | None:
        """The type of the yielded value as annotated: known before anything is opened."""
        returned = _hints(self.open).get("return")
        origin = get_origin(returned)
        # The four have methods only, whatever pyright takes for their data.
        if not (origin and issubclass(origin, AsyncIterator | Iterator | AsyncManager | Manager)):  # pyright: ignore[reportGeneralTypeIssues]
            return None
        produced = get_args(returned)[0]
        return produced if isinstance(produced, type) and produced is not type(None) else None


class Resources:
    """Values by type: the app, its settings sections and what its lifespan has opened."""

    def __init__(self, values: Iterable[object] = ()) -> None:
        self._values: dict[type, Any] = {type(value): value for value in values}

    def __getitem__(self, kind: type[T]) -> T:
        found = self.find(kind)
        if found is None:
            name = kind.__qualname__
            hint = f"open it in a lifespan entry that yields a {name}"
            raise GambrelError("lifespan.no-resource", f"no {name} is open", hint=hint)
        return found

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
            what = f"two lifespan entries yield a {kind.__qualname__}"
            hint = "yield a type of its own from one of them"
            raise GambrelError("lifespan.resource-twice", what, where, hint)
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
        self._open: list[tuple[Entry, AsyncExitStack]] = []

    async def __aenter__(self) -> Self:
        for entry in self._entries:
            try:
                await self._enter(entry)
            except BaseException as error:
                error.add_note(f"while opening {entry.name} ({entry.where or 'lifespan'})")
                _raise("start-up failed", [error, *await self._close()])
        return self

    async def __aexit__(self, *failure: object) -> None:
        _raise("closing failed", await self._close())

    async def _enter(self, entry: Entry) -> None:
        stack = AsyncExitStack()
        self._open.append((entry, stack))
        manager = self._manager(entry)
        if isinstance(manager, AsyncManager):
            value = await stack.enter_async_context(manager)
        elif isinstance(manager, Manager):
            value = stack.enter_context(manager)
        else:
            what = f"{entry.name} is neither a context manager nor a function that yields once"
            hint = "write `async def open_it(): ...; yield value; ...`"
            raise GambrelError("lifespan.shape", what, entry.where, hint)
        if value is not None:
            kind = entry.produces or type(value)
            self._resources.add(value, kind, entry.where)
            stack.callback(self._resources.remove, kind)

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
        parameters = inspect.signature(entry.open).parameters.values()
        needed = [one.name for one in parameters if one.default is one.empty]
        return [self._argument(entry, name, hints.get(name)) for name in needed]

    def _argument(self, entry: Entry, name: str, kind: Any) -> object:
        if kind is None or (isinstance(kind, type) and isinstance(self._app, kind)):
            return self._app
        found = self._resources.find(kind) if isinstance(kind, type) else None
        if found is None:
            shown = getattr(kind, "__qualname__", kind)
            what = f"{entry.name} needs {name}: {shown}, which nothing before it opens"
            hint = f"declare a lifespan entry that yields it before {entry.name}"
            raise GambrelError("lifespan.no-resource", what, entry.where, hint)
        return found

    async def _close(self) -> list[BaseException]:
        """Close everything; an error or a cancellation must not keep the rest open."""
        errors: list[BaseException] = []
        while self._open:
            entry, stack = self._open.pop()
            try:
                await stack.aclose()
            except BaseException as error:
                error.add_note(f"while closing {entry.name} ({entry.where})")
                errors.append(error)
        return errors


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
