"""Pages that are sent while they are made, and pages that wait for what they show.

The renderer asks for these; they know pieces of text and responses, and nothing of Jinja.
"""

from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Iterator
from types import TracebackType
from typing import Any

from gambrel.core.http.headers import ResponseHeaders
from gambrel.core.http.response import Response

__all__ = [
    "CHUNK",
    "LateTemplate",
    "OwnDraft",
    "beginning",
    "gather",
    "gather_awaited",
    "guarded",
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


async def beginning(first: bytes, rest: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    """Yield the first chunk of a page and then the rest."""
    yield first
    async for chunk in rest:
        yield chunk


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
