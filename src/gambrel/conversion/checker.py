"""The constraints msgspec leaves to us, checked on decoded values.

`checker` compiles them for `convert.py`; a type that has none costs nothing. What is wrong with
a value that fails is told by `faults.py`, which applies the same rules.
"""

from collections.abc import Callable, Iterable
from typing import Any

import msgspec

from gambrel.conversion.shape import ABSENT, Shape

__all__ = ["checker", "is_open"]

Check = Callable[[Any], bool]

_LISTS = {"list", "set", "frozenset", "vartuple"}


def checker(shape: Shape) -> Check | None:
    """Return whether a decoded value keeps all rules msgspec does not know; None without rules."""
    return _Compiler().compile(shape) if _has_rules(shape, set()) else None


def is_open(shape: Shape) -> bool:
    """Whether values of the type may nest without a bound: recursive types, and `Any` inside."""
    return _is_open(shape, ())


def _children(shape: Shape) -> Iterable[Shape]:
    yield from shape.items
    for field in shape.fields:
        yield field.shape


def _has_rules(shape: Shape, seen: set[int]) -> bool:
    if shape.kind == "object":
        if id(shape.fields) in seen:
            return False
        seen.add(id(shape.fields))
    return bool(shape.rules(native=False)) or any(_has_rules(c, seen) for c in _children(shape))


def _is_open(shape: Shape, above: tuple[int, ...]) -> bool:
    if shape.kind in {"any", "codec", "pydantic"}:
        return True
    if shape.kind == "object":
        if id(shape.fields) in above:
            return True
        above = (*above, id(shape.fields))
    return any(_is_open(child, above) for child in _children(shape))


class _Compiler:
    """Compiles one type; objects are looked up late, since a recursive one needs itself."""

    def __init__(self) -> None:
        self.objects: dict[int, Check] = {}

    def compile(self, shape: Shape) -> Check | None:
        if not _has_rules(shape, set()):
            return None
        inner = self._inner(shape)
        checks = [rule.accepts for rule in shape.rules(native=False)]
        checks += [inner] if inner else []
        return checks[0] if len(checks) == 1 else _all_of(checks)

    def _inner(self, shape: Shape) -> Check | None:
        if shape.kind in _LISTS:
            return _each(self.compile(shape.items[0]))
        if shape.kind == "dict":
            return _keys_and_values(*map(self.compile, shape.items))
        if shape.kind == "tuple":
            return _positions([self.compile(item) for item in shape.items])
        if shape.kind == "union":
            return self._union(shape)
        return self._object(shape) if shape.kind == "object" else None

    def _union(self, shape: Shape) -> Check:
        present = [item for item in shape.items if item.kind not in ABSENT]
        if len(present) == 1:
            return _optional(self.compile(present[0]))
        members = [(_instance_test(item), self.compile(item)) for item in present]

        def check(value: Any) -> bool:
            for is_instance, inner in members:
                if is_instance(value):
                    return inner is None or inner(value)
            return True

        return check

    def _object(self, shape: Shape) -> Check:
        key = id(shape.fields)
        if key not in self.objects:
            self.objects[key] = lambda value: self.objects[key](value)
            compiled = [(f.name, f.default, self.compile(f.shape)) for f in shape.fields]
            parts = [(name, default, inner) for name, default, inner in compiled if inner]
            read = _read_item if shape.flavour == "typeddict" else getattr
            self.objects[key] = _members(parts, read)
        return self.objects[key]


def _read_item(value: Any, name: str, default: Any) -> Any:
    return value.get(name, default)


def _members(parts: list[tuple[str, Any, Check]], read: Callable[..., Any]) -> Check:
    def check(value: Any) -> bool:
        for name, default, inner in parts:
            member = read(value, name, msgspec.NODEFAULT)
            # a default is the author's own and need not keep the rules
            if member is not default and member is not msgspec.NODEFAULT and not inner(member):
                return False
        return True

    return check


def _all_of(checks: list[Check]) -> Check:
    return lambda value: all(check(value) for check in checks)


def _optional(inner: Check | None) -> Check:
    return lambda value: value is None or not inner or inner(value)


def _each(inner: Check | None) -> Check | None:
    return inner and (lambda values: all(map(inner, values)))


def _positions(inners: list[Check | None]) -> Check:
    return lambda values: all(
        inner is None or inner(value) for inner, value in zip(inners, values, strict=False)
    )


def _keys_and_values(of_key: Check | None, of_value: Check | None) -> Check:
    def check(values: Any) -> bool:
        return (of_key is None or all(map(of_key, values))) and (
            of_value is None or all(map(of_value, values.values()))
        )

    return check


_TYPES: dict[str, Any] = {
    "dict": dict,
    "list": list,
    "set": set,
    "frozenset": frozenset,
    "tuple": tuple,
    "vartuple": tuple,
}


def _instance_test(shape: Shape) -> Check:
    """Return whether a decoded value is of this member of a union."""
    if shape.kind == "literal":
        return lambda value: value in shape.cls
    if shape.flavour == "typeddict":
        return lambda value: isinstance(value, dict)
    target = _TYPES.get(shape.kind, shape.cls)
    # bool is an int, datetime a date: the exact type decides
    return lambda value: type(value) is target
