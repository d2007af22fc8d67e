"""Cross-origin protection: no other site can make a visitor's browser change anything here.

Browsers say where a request comes from (Fetch Metadata, else `Origin`), so unsafe methods need no
token. There is nothing secret to leak, and no exemption by content type.
"""

from collections.abc import Awaitable, Callable

from gambrel.core.http.request import Request
from gambrel.core.http.response import Response
from gambrel.origins import OriginGuard

__all__ = ["CrossOriginGuard"]


class CrossOriginGuard(OriginGuard, frozen=True, kw_only=True, dict=True):
    """An `OriginGuard` over the requests of an app or a group."""

    async def __call__(
        self, request: Request, call_next: Callable[[Request], Awaitable[Response]]
    ) -> Response:
        """Go on, or raise Forbidden."""
        self.check(request)
        return await call_next(request)
