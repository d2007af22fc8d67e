"""Structs and rows: what of one becomes the other, by the names of fields."""

import difflib
from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Any, TypeVar

import msgspec
from msgspec import UNSET
from sqlalchemy import inspect

from gambrel.core.http.errors import GambrelError

__all__ = ["attributes_of", "check_names", "fields_of", "structs_of", "values_for"]

T = TypeVar("T")


def values_for(model: Any, given: Any, values: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """Return what an object has for the attributes of a model: a struct, or a mapping.

    `values` stand over it. UNSET is left out. Raises GambrelError for a name that it has not.
    """
    if isinstance(given, Mapping):
        check_names(model, given, "the values")
        found = dict(given)
    else:
        kind: Any = type(given)
        found = {name: getattr(given, name) for name in checked_fields(model, kind)}
    if values:
        check_names(model, values, "the values")
        found |= values
    return {name: value for name, value in found.items() if value is not UNSET}


@lru_cache(maxsize=1024)
def checked_fields(model: Any, kind: Any) -> tuple[str, ...]:
    """Return the fields of a struct, all of which a model has. Raises GambrelError."""
    names = fields_of(kind)
    check_names(model, names, kind.__name__)
    return names


def fields_of(kind: type[Any]) -> tuple[str, ...]:
    """Return the names of the fields of a struct, dataclass or attrs class."""
    for attribute in ("__struct_fields__", "__dataclass_fields__", "model_fields"):
        if found := getattr(kind, attribute, None):
            return tuple(found)
    attrs: Iterable[Any] = getattr(kind, "__attrs_attrs__", ())
    if attrs:
        return tuple(one.name for one in attrs)
    what = f"{kind.__name__} has no fields to take values from"
    raise GambrelError("db.fields", what, "", "give a struct, or a mapping of names to values")


def attributes_of(model: type[Any]) -> set[str]:
    """Return the names of the columns and relations of a model."""
    return set(inspect(model).attrs.keys())


def check_names(model: type[Any], names: Iterable[str], owner: str) -> None:
    """Raise GambrelError for a name that a model has not."""
    known = attributes_of(model)
    for name in names:
        if name not in known:
            close = difflib.get_close_matches(name, known, 1)
            guess = f"did you mean {close[0]!r}?" if close else f"it has {', '.join(sorted(known))}"
            what = f"{owner} has {name!r}, which {model.__name__} has not"
            raise GambrelError("db.fields", what, "", guess)


def structs_of(into: type[T], found: Iterable[Mapping[Any, Any]]) -> list[T]:
    """Return rows as objects of a type, by the names of their columns."""
    return [msgspec.convert(dict(row), into, strict=False) for row in found]
