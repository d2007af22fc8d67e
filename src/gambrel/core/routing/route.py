"""`Route`, what a path and a method lead to, and `RouteOptions`, all that can be said about it.

Routers make routes when they are compiled; the app reads handler and options, and puts what it
built from them into `endpoint`. Options are given by name anywhere and spelled out only here.
"""

import dataclasses
import difflib
import inspect
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, ClassVar

from gambrel.core.http.errors import GambrelError
from gambrel.core.routing.pattern import Pattern

ANY = "*"
"""In `Route.methods`: whatever the method, as for a mounted app."""

WEBSOCKET = "WEBSOCKET"
"""The method of a WebSocket route; never in `Allow`."""


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class RouteOptions:
    """Everything about a route but its path, methods and handler.

    Given to a group, an option holds for all its routes: `tags`, `middleware`, `dependencies`,
    `when`, `errors`, `security`, `defaults`, `responses` and `extra` add up from the outside in,
    of every other option the innermost value holds. `deadline` is in seconds, `max_body` in bytes.
    """

    name: str = ""
    status: int | None = None
    returns: Any = None
    tags: tuple[str, ...] = ()
    summary: str = ""
    description: str = ""
    deprecated: bool = False
    hidden: bool = False
    operation_id: str = ""
    responses: Mapping[Any, Any] = dataclasses.field(default_factory=dict)
    examples: Mapping[str, Any] = dataclasses.field(default_factory=dict)
    security: tuple[Any, ...] = ()
    middleware: tuple[Any, ...] = ()
    dependencies: tuple[Any, ...] = ()
    errors: Mapping[Any, Any] = dataclasses.field(default_factory=dict)
    host: str = ""
    version: str = ""
    when: tuple[Any, ...] = ()
    slashes: str = "redirect"
    defaults: Mapping[str, Any] = dataclasses.field(default_factory=dict)
    inline: bool = False
    deadline: float | None = None
    max_body: int | None = None
    cancel_on_disconnect: bool | None = None
    extra: Mapping[str, Any] = dataclasses.field(default_factory=dict)


Given = dict[str, Any]
"""Options as they were given: only those, so that an inner default never hides an outer value."""

FIELDS = {field.name: field for field in dataclasses.fields(RouteOptions)}
SEQUENCES = frozenset(n for n, field in FIELDS.items() if field.default == ())
MAPPINGS = frozenset(n for n, field in FIELDS.items() if field.default_factory is dict)
SLASHES = ("redirect", "strict", "ignore")


def read_options(given: Mapping[str, Any], where: str) -> Given:
    """Return `given` with sequences as tuples. Raises GambrelError for what is no option."""
    options = dict(given)
    for name, value in options.items():
        if name not in FIELDS:
            near = difflib.get_close_matches(name, FIELDS, 1) or ["extra={...}"]
            raise GambrelError(
                "routing.option", f"a route has no option {name!r}", where, f"use {near[0]}"
            )
        if name in SEQUENCES:
            single = isinstance(value, str) or not hasattr(value, "__iter__")
            options[name] = (value,) if single else tuple(value)
    slashes = options.get("slashes", SLASHES[0])
    if slashes not in SLASHES:
        hint = "use one of " + ", ".join(map(repr, SLASHES))
        raise GambrelError("routing.option", f"slashes={slashes!r} is no policy", where, hint)
    return options


def merge_options(outer: Given, inner: Given) -> Given:
    """Return the options of something inside a group."""
    merged = {**outer, **inner}
    for name in merged.keys() & outer.keys() & inner.keys():
        if name in SEQUENCES:
            merged[name] = outer[name] + inner[name]
        elif name in MAPPINGS:
            merged[name] = {**outer[name], **inner[name]}
    return merged


@dataclasses.dataclass(slots=True, eq=False)
class Route:
    """One route of a compiled app; `found` tells it from a `Miss`.

    `pattern` matches the path, and `str(pattern)` is its template, a stable name for logs.
    `kind` is "handler", "mount", "asgi", "external" or "fallback"; `where` is `file:line` of the
    declaration; `namespace` is the part of the name before its last colon; `locale` the language
    of a localised pattern, `scheme` that of an external URL. `endpoint` belongs to the app.
    """

    methods: tuple[str, ...]
    pattern: Pattern
    handler: Any
    options: RouteOptions
    where: str = ""
    name: str = ""
    host: Pattern | None = None
    kind: str = "handler"
    locale: str = ""
    scheme: str = ""
    endpoint: Any = None
    named: bool = False
    """Whether the name was given, or is only that of the handler."""

    found: ClassVar[bool] = True

    @property
    def names(self) -> frozenset[str]:
        """The names of the parameters of path and host."""
        return self.pattern.names | (self.host.names if self.host else frozenset())

    @property
    def has_empty_tail(self) -> bool:
        """Whether the path below its prefix may be empty."""
        return self.kind in {"mount", "fallback"}

    @property
    def namespace(self) -> str:
        """The namespace the route was included in, or `""`."""
        return self.name.rpartition(":")[0]

    def __repr__(self) -> str:
        return f"<Route {' '.join(self.methods)} {self.pattern.text}>"


def caller() -> str:
    """Return `file:line` of the nearest frame outside the framework's core."""
    frame = inspect.currentframe()
    while frame is not None and frame.f_globals.get("__name__", "").startswith("gambrel.core."):
        frame = frame.f_back
    if frame is None:
        return ""
    path = Path(frame.f_code.co_filename)
    if path.is_relative_to(Path.cwd()):
        path = path.relative_to(Path.cwd())
    return f"{path}:{frame.f_lineno}"


def handler_name(handler: Callable[..., Any]) -> str:
    """Return what a handler is called where nobody named its route."""
    return str(getattr(handler, "__name__", type(handler).__name__))
