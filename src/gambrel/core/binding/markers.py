"""Markers: where a parameter comes from, when its name and type do not tell.

`limit: Annotated[int, Query(alias="n")]`. A marker without arguments may be given as the class.
"""

from collections.abc import Callable
from typing import Any, ClassVar, Literal

from msgspec import Struct

__all__ = ["Body", "Cookie", "Depends", "File", "Form", "Header", "Marker", "Path", "Query"]


class Marker(Struct, frozen=True, kw_only=True):
    """What all markers can say of a parameter; `alias` is its name on the wire.

    One that is `hidden` is read all the same, and left out of the API document.
    """

    source: ClassVar[str] = ""
    alias: str | None = None
    description: str = ""
    examples: tuple[Any, ...] = ()
    deprecated: bool = False
    hidden: bool = False


class Path(Marker, frozen=True, kw_only=True):
    """A parameter of the path pattern."""

    source: ClassVar[str] = "path"


class Query(Marker, frozen=True, kw_only=True):
    """A query parameter; of a struct type, all its fields from the query."""

    source: ClassVar[str] = "query"


class Header(Marker, frozen=True, kw_only=True):
    """A header field; `user_agent` reads `User-Agent` unless an alias is given."""

    source: ClassVar[str] = "header"


class Cookie(Marker, frozen=True, kw_only=True):
    """A cookie."""

    source: ClassVar[str] = "cookie"


class Body(Marker, frozen=True, kw_only=True):
    """The body; with several of them a member of it, beside files a part of the form.

    `media_type` pins what is accepted.
    """

    source: ClassVar[str] = "body"
    media_type: str | None = None


class Form(Marker, frozen=True, kw_only=True):
    """A field of an HTML form; of a struct type, all its fields from the form."""

    source: ClassVar[str] = "form"


class File(Marker, frozen=True, kw_only=True):
    """An uploaded file of a multipart form, of at most `max_size` bytes.

    With `content_types`, its type is one of these, and its content begins as that type does.
    """

    source: ClassVar[str] = "file"
    max_size: int | None = None
    content_types: tuple[str, ...] = ()


class Call(Struct, frozen=True):
    """What is called."""

    call: Callable[..., Any]


class Depends(Call, frozen=True, kw_only=True):
    """The result of `call`, whose own parameters are bound the same way.

    `Annotated[T, Depends(f)]`. A generator yields the value and cleans up afterwards: before the
    head of the response is sent, or with `exit="after"` after its last byte. `scope` says how
    long one value serves: a request, a connection or the app. A plain `def` runs in a worker
    thread unless `inline`; `max_concurrency` bounds how many requests hold it at a time.
    """

    source: ClassVar[str] = "depends"
    scope: Literal["request", "connection", "app"] = "request"
    exit: Literal["before", "after"] = "before"
    cached: bool = True
    inline: bool = False
    max_concurrency: int | None = None

    def __repr__(self) -> str:
        return f"Depends({getattr(self.call, '__qualname__', repr(self.call))})"
