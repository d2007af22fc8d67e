"""Decompression: read request bodies that clients send with gzip, guarded against bombs.

Without this, a body with a `Content-Encoding` is answered with 415.
"""

from collections.abc import Awaitable, Callable
from copy import copy

from msgspec import Struct

from gambrel.core.http.bodies.body import decompress
from gambrel.core.http.errors import UnsupportedMediaType
from gambrel.core.http.headers import Headers
from gambrel.core.http.request import Request
from gambrel.core.http.response import Response

__all__ = ["Decompressor"]

_GZIP = frozenset({"gzip", "x-gzip"})
# They tell of the body as it was sent.
_CODED = frozenset({"content-encoding", "content-length"})


class Decompressor(Struct, frozen=True, kw_only=True):
    """Unpack request bodies in gzip; refuse every other coding by 415.

    What comes out may have the size a body may have on its route, and `ratio` times the size of
    what came in; beyond that is 413. `extra={"decompress": False}` leaves the bodies of a route
    as they are sent.
    """

    ratio: int = 100

    async def __call__(
        self, request: Request, call_next: Callable[[Request], Awaitable[Response]]
    ) -> Response:
        """Go on with the body unpacked. Raises UnsupportedMediaType."""
        coding = (request.headers.first("content-encoding") or "").lower()
        if coding in {"", "identity"} or not is_wanted(request):
            return await call_next(request)
        if coding not in _GZIP:
            raise UnsupportedMediaType(
                "Send the body in gzip, or in no Content-Encoding.",
                headers={"accept-encoding": "gzip"},
            )
        sent = copy(request).stream()  # the copy is read as it came, and counted
        plain = decompress(
            sent, coding, allowed=("gzip",), limit=request.max_body, ratio=self.ratio
        )
        told = Headers(pair for pair in request.headers.pairs() if pair[0] not in _CODED)
        request.recode(plain, told)
        return await call_next(request)


def is_wanted(request: Request) -> bool:
    """Say whether the bodies of the route are to be unpacked."""
    options = getattr(request.route, "options", None)
    return options is None or options.extra.get("decompress", True) is not False
