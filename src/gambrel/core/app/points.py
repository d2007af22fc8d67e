"""Points: named, typed places where an app and its extensions contribute things.

`Setup` adds to them, the build reads them. A Point is a value imported from its owner, so a typo is
an import error. This file knows nothing of what is contributed.
"""

from collections.abc import Callable
from typing import Any, Generic, TypeVar

from msgspec import Struct

from gambrel.core.http.errors import GambrelError

T = TypeVar("T")

APP = "app"
"""Who declares what is written on the app itself, outside any extension."""


class Point(Generic[T]):
    """A place where values of one type are contributed.

    `key` gives what must be unique among them (`None` for a value that may be repeated);
    without it every value is kept, in the order of declaration.
    """

    __slots__ = ("key", "name")

    def __init__(self, name: str, key: Callable[[T], object] | None = None) -> None:
        self.name = name
        self.key = key

    def __repr__(self) -> str:
        return f"Point({self.name!r})"


class Declared(Struct, Generic[T], frozen=True):
    """A contributed value, the extension that did it (`app` for the app), and file and line."""

    value: T
    by: str
    where: str


class Declarations:
    """All that was declared for one app, until it is frozen by the build."""

    __slots__ = ("_by_point", "_frozen")

    def __init__(self) -> None:
        self._by_point: dict[Point[Any], list[Declared[Any]]] = {}
        self._frozen = False

    @property
    def frozen(self) -> bool:
        """Whether the app was built, so that nothing more can be declared."""
        return self._frozen

    def freeze(self) -> None:
        """Refuse every further declaration."""
        self._frozen = True

    def add(self, point: Point[T], declared: Declared[T], *, override: bool = False) -> None:
        """Keep a declaration; `override` says that it replaces an earlier one of the same key.

        Raises:
            GambrelError: The app is built already, the key is taken, or there is nothing to
                override.
        """
        label, where = f"{point.name} {_label(point, declared.value)}", declared.where
        if self._frozen:
            what = f"{label} was declared after the app was built, and would have no effect"
            hint = "declare it at import time or in an extension's install(), before the app starts"
            raise GambrelError("app.frozen", what, where, hint)
        kept = self._by_point.setdefault(point, [])
        twin = self._twin(point, declared.value)
        if twin is not None and not override:
            places = f"first by {twin.by} at {twin.where}, again by {declared.by} at {where}"
            hint = "rename one, remove one from App(extensions=[...]), or pass override=True"
            raise GambrelError("app.declared-twice", f"{label} is declared twice", places, hint)
        if twin is not None:
            kept[kept.index(twin)] = declared
        elif override:
            hint = "remove override=True, or require the extension whose declaration it replaces"
            raise GambrelError("app.nothing-to-override", f"{label} overrides nothing", where, hint)
        else:
            kept.append(declared)

    def get(self, point: Point[T]) -> list[Declared[T]]:
        """Return the declarations at a point, in order."""
        return list(self._by_point.get(point, ()))

    def values(self, point: Point[T]) -> list[T]:
        """Return the bare values at a point, in order."""
        return [declared.value for declared in self._by_point.get(point, ())]

    def _twin(self, point: Point[T], value: T) -> Declared[T] | None:
        key_of = point.key or (lambda _: None)
        twins = (o for o in self.get(point) if key_of(o.value) == key_of(value) is not None)
        return next(twins, None)


def _label(point: Point[T], value: T) -> str:
    key = None if point.key is None else point.key(value)
    shown: object = value if key is None else key
    name = getattr(shown, "__qualname__", None)
    return name if isinstance(name, str) else repr(shown)
