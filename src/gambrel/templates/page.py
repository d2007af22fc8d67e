"""`Page`: what belongs to one rendering, and is reached from everything it includes or imports.

A global of a page is made when the page first names it, and kept until the page is done.
"""

from collections.abc import Callable, Mapping
from typing import Any

from gambrel.core.http.errors import GambrelError
from gambrel.core.http.query import build_query

__all__ = ["BUILT_IN", "PAGE", "Page", "fields_of", "values_of"]

PAGE = "_page"
"""The name of the `Page` in a context. Imported macros see it, as they see all globals."""


Make = Callable[[Any], Any]


class Page:
    """One rendering: its request (None outside of one), the globals it has used so far."""

    __slots__ = ("globals", "kept", "request")

    def __init__(self, request: Any, makers: Mapping[str, Make]) -> None:
        self.request = request
        self.globals = makers
        self.kept: dict[str, Any] = {}

    def find(self, name: str, default: Any) -> Any:
        """Return the global of a name, made for this page; `default` where there is none."""
        if name in self.kept:
            return self.kept[name]
        make = self.globals.get(name)
        if make is None or self.request is None:
            return default
        value = self.kept[name] = make(self.request)
        return value


def values_of(context: Any) -> dict[str, Any]:
    """Return the values of a context by name: the items of a mapping, the fields of a typed value.

    Raises GambrelError for anything else.
    """
    if context is None:
        return {}
    if isinstance(context, Mapping):
        return dict(context)
    return {name: getattr(context, name) for name in fields_of(type(context))}


def fields_of(kind: type) -> tuple[str, ...]:
    """Return the names that a type of contexts brings. Raises GambrelError for no such type."""
    for attribute in ("__struct_fields__", "__dataclass_fields__", "model_fields", "_fields"):
        if hasattr(kind, attribute):
            return tuple(getattr(kind, attribute))
    if hasattr(kind, "__attrs_attrs__"):
        return tuple(field.name for field in kind.__attrs_attrs__)
    what = f"a template was given a {kind.__name__} for its values"
    hint = 'give a mapping, {"name": value}, or a typed value: a Struct, a dataclass'
    raise GambrelError("templates.values", what, hint=hint)


# What every template has -----------------------------------------------------------------------


def url_of(request: Any) -> Callable[..., str]:
    """Return `url("name", key=value)`: the address of a route; ":name" is one beside this one."""

    def url(name: str, /, **params: Any) -> str:
        if name.startswith(":"):
            own = getattr(request.route, "name", "")
            params.setdefault("_namespace", own.rpartition(":")[0])
        made: str = request.url_for(name, **params)
        return made

    return url


def query_of(request: Any) -> Callable[..., str]:
    """Return `query(page=2)`: the query of this request with changes; None drops a name."""

    def query(**changes: Any) -> str:
        kept = [pair for pair in request.query.pairs() if pair[0] not in changes]
        wanted = [(name, value) for name, value in changes.items() if value is not None]
        return f"?{build_query([*kept, *wanted])}"

    return query


BUILT_IN: dict[str, Make] = {
    "query": query_of,
    "request": lambda request: request,
    "url": url_of,
}
