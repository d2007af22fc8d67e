"""Pages that are sent while they are made, and pages that wait for what they show.

The renderer asks for these; they know pieces of text and responses, and nothing of Jinja.
"""

from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Iterator
from types import TracebackType
from typing import Any

from gambrel.core.http.errors import GambrelError
from gambrel.core.http.headers import ResponseHeaders
from gambrel.core.http.response import Response

__all__ = [
    "CHUNK",
    "LateTemplate",
    "OwnDraft",
    "gather",
    "gather_awaited",
    "guarded",
    "lay_over",
    "streamed",
    "streamed_awaited",
]

CHUNK = 8_192
"""How many characters are sent at once, unless the page says `{% flush %}` before."""


def gather(pieces: Iterable[str], failed: Callable[[], Any]) -> Iterator[bytes]:
    """Yield the pieces of a page in chunks; an empty piece ends one.

    `failed` is called while an error is handled, to raise it as it is best told.
    """
    kept: list[str] = []
    size = 0
    try:
        for piece in pieces:
            kept.append(piece)
            size += len(piece)
            if size >= CHUNK or (size and not piece):
                yield "".join(kept).encode()
                kept, size = [], 0
    except Exception:
        failed()
        raise
    if size:
        yield "".join(kept).encode()


async def gather_awaited(pieces: AsyncIterator[str]) -> AsyncIterator[bytes]:
    """Yield the pieces of a page that waits in chunks; an empty piece ends one."""
    kept: list[str] = []
    size = 0
    async for piece in pieces:
        kept.append(piece)
        size += len(piece)
        if size >= CHUNK or (size and not piece):
            yield "".join(kept).encode()
            kept, size = [], 0
    if size:
        yield "".join(kept).encode()


async def guarded(pieces: AsyncIterator[str], failed: Callable[[], Any]) -> AsyncIterator[str]:
    """Yield the pieces of a page that waits; `failed` as in `gather`."""
    try:
        async for piece in pieces:
            yield piece
    except Exception:
        failed()
        raise


def streamed(first: bytes, rest: Iterator[bytes], leave: Callable[[], None]) -> Iterator[bytes]:
    """Yield the first chunk of a page and then the rest; in between `leave` is called."""
    yield first
    leave()
    yield from rest


async def streamed_awaited(
    first: bytes, rest: AsyncIterator[bytes], leave: Callable[[], None]
) -> AsyncIterator[bytes]:
    """Yield the same of a page that waits."""
    yield first
    leave()
    async for chunk in rest:
        yield chunk


def lay_over(response: Response, fields: Iterable[tuple[str, str]]) -> None:
    """Set drafted fields on a response: in place of its own, but for cookies and `Vary`."""
    drafted = [*fields]
    for name in {name for name, _ in drafted} - {"set-cookie", "vary"}:
        response.headers.pop(name, None)
    for name, value in drafted:
        response.headers.add(name, value)


class SentHeaders(ResponseHeaders):
    """Fields that have left: they can be said again, and nothing else can be."""

    def __setitem__(self, name: str, value: str) -> None:
        if (name.lower(), value) not in self.pairs():
            raise too_late(name)

    def add(self, name: str, value: str) -> None:
        """Say a field again. Raises GambrelError for another."""
        self[name] = value

    def __delitem__(self, name: str) -> None:
        raise too_late(name)


class SentDraft(Response):
    """The draft of a streamed page whose head has left with `fields`."""

    def __init__(self, fields: Iterable[tuple[str, str]]) -> None:
        self.body = b""
        self._headers = SentHeaders.trusted(fields)


def too_late(name: str) -> GambrelError:
    """Return the error of a page that has more to say in its head when that has left."""
    what = f"a streamed page was to set {name!r} after its head had left"
    hint = "show it before the first {% flush %}, or {% set messages = flash | list %} there"
    return GambrelError("templates.too-late", what, "Template(stream=True)", hint)


class LateTemplate(Response):
    """A page that waits for its values: made after the handler, before its head is sent."""

    media_type = "text/html"

    def __init__(self, shape: Response, make: Callable[[Response], Awaitable[Response]]) -> None:
        self.body = b""
        self.status = shape.status
        self.make = make
        if shape._headers is not None:  # noqa: SLF001 - else it has none
            self._headers = ResponseHeaders(shape.headers.pairs())
        self._callbacks = [*shape.callbacks] or None

    async def for_request(self, method: str, headers: Any) -> Response:
        """Return the page, with what was set on this response meanwhile."""
        return await self.make(self)


class OwnDraft:
    """Sets the draft of a request aside: what the globals of a page draft is for this page."""

    __slots__ = ("of_request", "outer")

    def __init__(self, request: Any) -> None:
        self.of_request: dict[str, Any] = request.__dict__

    def __enter__(self) -> "OwnDraft":
        self.outer = self.of_request.pop("draft", None)
        return self

    def fields(self) -> list[tuple[str, str]]:
        """Return the header fields that were drafted since."""
        draft = self.of_request.get("draft")
        return [] if draft is None else list(draft.headers.pairs())

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.of_request.pop("draft", None)
        if self.outer is not None:
            self.of_request["draft"] = self.outer
