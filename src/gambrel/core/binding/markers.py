"""Markers: where a parameter comes from, when its name and type do not tell.

`limit: Annotated[int, Query(alias="n")]`. A marker without arguments may be given as the class.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Literal

__all__ = ["Body", "Cookie", "Depends", "File", "Form", "Header", "Marker", "Path", "Query"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Marker:
    """What all markers can say of a parameter; `alias` is its name on the wire."""

    alias: str | None = None
    description: str = ""
    examples: tuple[Any, ...] = ()
    deprecated: bool = False


class Path(Marker):
    """A parameter of the path pattern."""

    __slots__ = ()


class Query(Marker):
    """A query parameter; of a struct type, all its fields from the query."""

    __slots__ = ()


class Header(Marker):
    """A header field; `user_agent` reads `User-Agent` unless an alias is given."""

    __slots__ = ()


class Cookie(Marker):
    """A cookie."""

    __slots__ = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Body(Marker):
    """The body, or with several of them a member of it; `media_type` pins what is accepted."""

    media_type: str | None = None


class Form(Marker):
    """A field of an HTML form; of a struct type, all its fields from the form."""

    __slots__ = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class File(Marker):
    """An uploaded file of a multipart form, of at most `max_size` bytes."""

    max_size: int | None = None
    content_types: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Depends:
    """The result of `call`, whose own parameters are bound the same way.

    `Annotated[T, Depends(f)]`. A generator yields the value and cleans up afterwards: before the
    head of the response is sent, or with `exit="after"` after its last byte. `scope` says how
    long one value serves: a request, a connection or the app. A plain `def` runs in a worker
    thread unless `inline`; `max_concurrency` bounds how many requests hold it at a time.
    """

    call: Callable[..., Any]
    scope: Literal["request", "connection", "app"] = field(default="request", kw_only=True)
    exit: Literal["before", "after"] = field(default="before", kw_only=True)
    cached: bool = field(default=True, kw_only=True)
    inline: bool = field(default=False, kw_only=True)
    max_concurrency: int | None = field(default=None, kw_only=True)
