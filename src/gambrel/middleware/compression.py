"""Compression of answers, in the coding the client likes best.

A page that shows a secret next to what an attacker can make it show (a token beside a search
term) leaks the secret through its size (BREACH): leave such routes out by
`extra={"compression": False}`.
"""

from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from contextlib import aclosing
from functools import cached_property
from typing import Any

from msgspec import Struct

from gambrel.core.http.errors import BadRequest, GambrelError
from gambrel.core.http.request import Request
from gambrel.core.http.response import Response
from gambrel.core.http.threads import batches, in_thread
from gambrel.headers.conditional import ETag
from gambrel.headers.preferences import best_encoding
from gambrel.headers.vary import add_vary
from gambrel.middleware.codings import Encoder, MakeEncoder, find_codings

__all__ = ["Compressor"]

THREAD_BYTES = 32 * 1024
"""What takes gzip longer than a millisecond is compressed in a thread."""

TYPES = frozenset(
    {
        "application/javascript",
        "application/json",
        "application/jsonl",
        "application/manifest+json",
        "application/msgpack",
        "application/wasm",
        "application/xml",
        "font/otf",
        "font/ttf",
        "image/svg+xml",
        "image/x-icon",
    }
)


class Compressor(Struct, frozen=True, kw_only=True, dict=True):
    """Compress bodies of at least `minimum` bytes, and streams, of types that shrink.

    `codings` are offered in this order of preference; those that are not installed are passed
    over. Events (SSE), partial answers, files and what is encoded already stay as they are.

    Raises:
        GambrelError: A coding is unknown.
    """

    minimum: int = 1_024
    codings: Sequence[str] = ("zstd", "br", "gzip")

    def __post_init__(self) -> None:
        unknown = set(self.codings) - {"zstd", "br", "gzip"}
        if unknown:
            raise GambrelError(
                "middleware.coding",
                f"{min(unknown)!r} is no content coding that can be had here",
                hint="choose from 'zstd', 'br' and 'gzip'",
            )

    @cached_property
    def encoders(self) -> dict[str, MakeEncoder]:
        """The codings that are installed."""
        return find_codings(self.codings)

    async def __call__(
        self, request: Request, call_next: Callable[[Request], Awaitable[Response]]
    ) -> Response:
        """Answer, compressed where that is possible and wanted."""
        response = await call_next(request)
        if response.status == 304 and "etag" in response.headers and not offers_ranges(response):
            add_vary(response.headers, "accept-encoding")
            weaken(response)
        elif self.suits(request, response):
            add_vary(response.headers, "accept-encoding")
            coding = self.choose(request)
            if coding != "identity":
                await self.encode(response, coding)
        return response

    def suits(self, request: Request, response: Response) -> bool:
        """Say whether a response may be compressed."""
        headers, body = response.headers, response.body
        if response.status in {204, 206} or offers_ranges(response):
            return False
        if isinstance(body, bytes) and len(body) < self.minimum:
            return False
        if "content-encoding" in headers or "no-transform" in headers.get("cache-control", ""):
            return False
        options = getattr(request.route, "options", None)
        if options is not None and options.extra.get("compression") is False:
            return False
        return shrinks(headers.get("content-type", ""))

    def choose(self, request: Request) -> str:
        """Return the coding for a client; `identity` where it takes none of ours."""
        wanted = request.headers.first("accept-encoding") or ""
        try:
            return best_encoding(wanted, [*self.encoders, "identity"]) or "identity"
        except BadRequest:  # a wish, and not worth an error
            return "identity"

    async def encode(self, response: Response, coding: str) -> None:
        """Compress a response."""
        encoder, body = self.encoders[coding](), response.body
        if not isinstance(body, bytes):
            response.body = compressed(body, encoder)
        elif len(body) > THREAD_BYTES:
            response.body = await in_thread(encoder.finish, body)
        else:
            response.body = encoder.finish(body)
        response.headers["content-encoding"] = coding
        response.headers.pop("content-length", None)
        weaken(response)


async def compressed(body: Any, encoder: Encoder) -> AsyncGenerator[bytes, None]:
    """Yield a stream compressed; each piece can be read when it arrives."""
    async with aclosing(batches(body)) as coming:
        async for batch in coming:
            data = b"".join(batch)
            is_large = len(data) > THREAD_BYTES
            yield await in_thread(encoder.push, data) if is_large else encoder.push(data)
    yield encoder.finish()


def offers_ranges(response: Response) -> bool:
    """Say whether parts can be asked for, as of files: those of a compressed one are others."""
    return "accept-ranges" in response.headers


def shrinks(content_type: str) -> bool:
    """Say whether content of a type is worth compressing."""
    kind = content_type.partition(";")[0].strip().lower()
    if kind == "text/event-stream":
        return False
    return kind.startswith("text/") or kind in TYPES or kind.endswith(("+json", "+xml"))


def weaken(response: Response) -> None:
    """Make the entity tag weak: other bytes, the same meaning (RFC 9110 §8.8.1)."""
    tag = response.headers.get("etag", "")
    if tag.startswith('"'):
        response.headers["etag"] = str(ETag(tag.strip('"'), weak=True))
