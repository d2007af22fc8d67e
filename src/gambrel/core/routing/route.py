"""`Route`, what a path and a method lead to, and `RouteOptions`, all that can be said about it.

Routers make routes when they are compiled; the app reads handler and options, and puts what it
built from them into `endpoint`. Options are given by name anywhere and spelled out only here.
"""

import os
import sys
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
from msgspec import Struct, field

from gambrel.core.http.errors import GambrelError
from gambrel.core.routing.pattern import Pattern

ANY = "*"
"""In `Route.methods`: whatever the method, as for a mounted app."""

WEBSOCKET = "WEBSOCKET"
"""The method of a WebSocket route; never in `Allow`."""


class RouteOptions(Struct, frozen=True, kw_only=True):
    """Everything about a route but its path, methods and handler.

    Given to a group, an option holds for all its routes: tuples and mappings add up from the
    outside in, of every other option the innermost value holds. `slashes` is "redirect", "strict"
    or "ignore"; `defaults` fill parameters in `url_for`; `deadline` is in seconds, `max_body` in
    bytes; `waits` is for handlers that wait for news; `extra` is free for extensions.
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
    responses: Mapping[Any, Any] = field(default_factory=dict)
    security: tuple[Any, ...] = ()
    middleware: tuple[Any, ...] = ()
    dependencies: tuple[Any, ...] = ()
    errors: Mapping[Any, Any] = field(default_factory=dict)
    host: str = ""
    version: str = ""
    when: tuple[Any, ...] = ()
    slashes: str = "redirect"
    defaults: Mapping[str, Any] = field(default_factory=dict)
    inline: bool = False
    deadline: float | None = None
    max_body: int | None = None
    cancel_on_disconnect: bool | None = None
    waits: bool = False
    extra: Mapping[str, Any] = field(default_factory=dict)


Given = dict[str, Any]
"""Options as they were given: only those, so that an inner default never hides an outer value."""

FIELDS = {name: getattr(RouteOptions(), name) for name in RouteOptions.__struct_fields__}
"""The options with their defaults."""


def read_options(given: Mapping[str, Any], where: str) -> Given:
    """Return `given` with sequences as tuples. Raises GambrelError for what is no option."""
    options = dict(given)
    for name, value in given.items():
        if name not in FIELDS:
            import difflib  # noqa: PLC0415 - start-up: mistakes

            near = difflib.get_close_matches(name, FIELDS, 1) or ["extra={...}"]
            what = f"a route has no option {name!r}"
            raise GambrelError("routing.option", what, where, f"use {near[0]}")
        if FIELDS[name] == ():
            is_many = hasattr(value, "__iter__") and not isinstance(value, str)
            options[name] = tuple(value) if is_many else (value,)
    try:
        msgspec.convert(options, RouteOptions)
    except msgspec.ValidationError as error:
        wrong, _, name = str(error).partition(" - at `$.")
        what = f"the option {name.rstrip('`')} of a route: {wrong}"
        raise GambrelError("routing.option", what, where, "give it what it takes") from None
    if options.get("slashes", "strict") not in {"redirect", "strict", "ignore"}:
        what = f"slashes={options['slashes']!r} is no policy"
        raise GambrelError("routing.option", what, where, 'use "redirect", "strict" or "ignore"')
    return options


def merge_options(outer: Given, inner: Given) -> Given:
    """Return the options of something inside a group."""
    merged = {**outer, **inner}
    for name in outer.keys() & inner.keys():
        if FIELDS[name] == ():
            merged[name] = outer[name] + inner[name]
        elif FIELDS[name] == {}:
            merged[name] = {**outer[name], **inner[name]}
    return merged


class Route(Struct, eq=False):
    """One route of a compiled app.

    `pattern` matches the path, and `str(pattern)` is its template, a stable name for logs.
    `kind` is "handler", "mount", "asgi", "external" or "fallback"; `where` is `file:line` of the
    declaration; `locale` the language of a localised pattern; `is_named` tells a given name from
    the handler's. `varies` are the request headers that choose between it and others of its path.
    `endpoint` belongs to the app.
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
    is_named: bool = False
    varies: Sequence[str] = ()
    endpoint: Any = None

    @property
    def names(self) -> dict[str, type | None]:
        """The names of the parameters of path and host, and what their converters make."""
        made = {p.name: getattr(p.converter, "makes", None) for p in self.pattern.params}
        names = self.pattern.names | (self.host.names if self.host else frozenset())
        return {name: made.get(name) for name in names}

    @property
    def namespace(self) -> str:
        """The namespace the route was included in, or `""`."""
        return self.name.rpartition(":")[0]

    @property
    def has_empty_tail(self) -> bool:
        """Whether the path below its prefix may be empty."""
        return self.kind in {"mount", "fallback"}

    def __repr__(self) -> str:
        return f"<Route {' '.join(self.methods)} {self.pattern.text}>"


def caller() -> str:
    """Return `file:line` of the nearest code outside the core: what a message should point at."""
    frame = sys._getframe(1)  # noqa: SLF001 - a traceback would cost more and say the same
    ours = ("gambrel.core.", "gambrel.defaults", "contextlib")
    while frame.f_back and frame.f_globals.get("__name__", "").startswith(ours):
        frame = frame.f_back
    folder = os.getcwd() + os.sep  # noqa: PTH109 - pathlib is not needed to start
    return f"{frame.f_code.co_filename.removeprefix(folder)}:{frame.f_lineno}"
