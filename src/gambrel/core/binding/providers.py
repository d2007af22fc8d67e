"""Providers: which factory makes the values of an injectable type, and for how long they live.

Contributed through `Setup.provide` or `app.provide`; read by `dependencies.py` at build. A type
with a provider is never read from input.
"""

from collections.abc import Callable
from contextlib import AsyncExitStack
from typing import Any, Literal

from msgspec import Struct, field

from gambrel.conversion.errors import GambrelError

__all__ = ["Keep", "Provider", "Providers", "Scope"]

Scope = Literal["request", "connection", "app"]
WIDTH: dict[str, int] = {"request": 0, "connection": 1, "app": 2}


class Provider(Struct, frozen=True):
    """How to make a value of `kind`: a function, generator or class, itself bound by type.

    `ping` checks that the value works; health reports call it.
    """

    kind: Any
    factory: Callable[..., Any]
    scope: Scope = "request"
    where: str = ""
    ping: Callable[[Any], Any] | None = None


class Keep(Struct):
    """Values that outlive one request (of an app or a connection), and how to close them."""

    values: dict[Any, Any] = field(default_factory=dict)
    exits: AsyncExitStack = field(default_factory=AsyncExitStack)

    async def close(self) -> None:
        """Close what was opened, last first."""
        self.values.clear()
        await self.exits.aclose()


class Providers:
    """The providers of one app, and the overrides a test has put over them."""

    def __init__(self) -> None:
        self.by_kind: dict[Any, Provider] = {}
        self.overrides: dict[Any, Callable[..., Any]] = {}
        self.kept = Keep()

    def add(self, provider: Provider) -> None:
        """Register a provider. Raises GambrelError where its type has one already."""
        known = self.by_kind.get(provider.kind)
        if known is not None:
            raise GambrelError(
                "binding.provider-twice",
                f"{provider.kind!r} has two providers",
                f"first {known.where}, again {provider.where}",
                "keep one; in tests use `app.override(Type, factory)`",
            )
        self.by_kind[provider.kind] = provider

    def has(self, kind: Any) -> bool:
        """Whether values of `kind` are provided rather than read from input."""
        try:
            return kind in self.by_kind
        except TypeError:  # an unhashable annotation cannot have been registered
            return False

    def factory(self, key: Any) -> Callable[..., Any]:
        """Return what makes the value for a type or a dependency, overrides first."""
        if key in self.overrides:
            return self.overrides[key]
        provider = self.by_kind.get(key)
        made: Callable[..., Any] = key if provider is None else provider.factory
        return made
