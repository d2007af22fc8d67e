"""Providers: which factory makes the values of an injectable type, and for how long they live.

Contributed through `Setup.provide` or `app.provide`; read by `dependencies.py` at build. A type
with a provider is never read from input.
"""

import asyncio
from collections import defaultdict
from collections.abc import Callable
from contextlib import AsyncExitStack
from typing import Any, Literal, get_origin

from msgspec import Struct, field

from gambrel.conversion.errors import GambrelError
from gambrel.core.binding.signature import location_of

__all__ = ["Keep", "Provider", "Providers", "Scope", "identity"]

Scope = Literal["request", "connection", "app"]
WIDTH: dict[str, int] = {"request": 0, "connection": 1, "app": 2}


def check_known(scope: str, what: str, where: str) -> None:
    """Raise GambrelError for a scope that there is not."""
    if scope not in WIDTH:
        what = f"{what} with scope={scope!r}, and there is no such scope"
        hint = 'write scope="app" for one value of the app, else "connection" or "request"'
        raise GambrelError("binding.scope", what, where, hint)


class Provider(Struct, frozen=True):
    """How to make a value of `kind`: a function, generator or class, itself bound by type.

    A factory with a method `of_kind` makes generic types: `of_kind(Box[int])` returns its function.
    `ping` checks that the value works; health reports call it.
    """

    kind: Any
    factory: Callable[..., Any]
    scope: Scope = "request"
    where: str = ""
    ping: Callable[[Any], Any] | None = None


class Keep(Struct):
    """Values that outlive one request (of an app or a connection), and how to close them.

    `locks` let one caller make a value while others wait for it, `limits` count who holds one.
    """

    values: dict[Any, Any] = field(default_factory=dict)
    exits: AsyncExitStack = field(default_factory=AsyncExitStack)
    locks: defaultdict[Any, asyncio.Lock] = field(default_factory=lambda: defaultdict(asyncio.Lock))
    limits: dict[Any, asyncio.Semaphore] = field(default_factory=dict)

    def limit(self, key: Any, number: int) -> asyncio.Semaphore:
        """Return what at most `number` callers hold at a time."""
        return self.limits.setdefault((key, number), asyncio.Semaphore(number))

    async def close(self) -> None:
        """Close what was opened, last first."""
        for kept in (self.values, self.locks, self.limits):
            kept.clear()
        await self.exits.aclose()


class Providers:
    """The providers of one app, and the overrides a test has put over them."""

    def __init__(self) -> None:
        self.by_kind: dict[Any, Provider] = {}
        self.overrides: dict[Any, Callable[..., Any]] = {}
        self.asked: set[Any] = set()
        self.kept = Keep()

    def add(self, provider: Provider) -> None:
        """Register a provider. Raises GambrelError where its type has one already."""
        known = self.by_kind.get(provider.kind)
        if known is not None:
            what = f"{provider.kind!r} has two providers"
            where = f"first {known.where}, again {provider.where}"
            hint = "keep one; in tests use `app.override(Type, factory)`"
            raise GambrelError("binding.provider-twice", what, where, hint)
        self.by_kind[provider.kind] = provider

    def find(self, kind: Any) -> Provider | None:
        """Return the provider of a type, of `Feed[Order]` that of `Feed`; or None."""
        return self.by_kind.get(identity(kind)) or self.by_kind.get(get_origin(kind))

    def has(self, kind: Any) -> bool:
        """Whether values of `kind` are provided rather than read from input."""
        return self.find(kind) is not None

    def plain(self, kind: Any) -> Any:
        """Return what stands for `kind` here: of `Feed[Order]`, the generic type `Feed`.

        Where the factory makes each kind in its own way (`of_kind`), that is the kind itself.
        """
        provider = self.find(kind)
        return kind if provider is None or hasattr(provider.factory, "of_kind") else provider.kind

    def factory(self, call: Any) -> Callable[..., Any]:
        """Return what makes the value for a type or a dependency, overrides first."""
        self.asked.add(identity(call))
        provider = self.find(call)
        made: Callable[..., Any] = call if provider is None else provider.factory
        of_kind = getattr(made, "of_kind", None)
        return self.overrides.get(identity(call), of_kind(call) if of_kind else made)

    def check_asked(self, key: Any) -> None:
        """Raise GambrelError for an override of what nothing depends on: it had no effect."""
        if identity(key) not in self.asked and not self.has(key):
            name = getattr(key, "__qualname__", repr(key))
            what = f"{name} was overridden, and nothing depends on it"
            hint = "override the very function in `Depends(...)`, or a type with a provider"
            raise GambrelError("binding.override", what, location_of(key), hint)


def identity(call: Any) -> Any:
    """Return what tells a dependency or type from others: itself, where it can be a key."""
    try:
        hash(call)
    except TypeError:  # such as an instance of a dataclass that is called
        return id(call)
    return call
