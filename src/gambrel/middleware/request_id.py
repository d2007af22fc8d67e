"""Request ids: one name for a request across proxies, logs and the answer.

Without this, `request.id` is made when somebody asks for it, and no header tells it.
"""

import re
from collections.abc import Awaitable, Callable

from msgspec import Struct

from gambrel.core.http.request import Request
from gambrel.core.http.response import Response

__all__ = ["Identifier"]

# What gateways send: hex, UUIDs, Base64, ULIDs, `Root=1-67891233-abcdef`. No space, no quote.
_ID = re.compile(r"[A-Za-z0-9._:/+=@-]{1,128}")


class Identifier(Struct, frozen=True, kw_only=True):
    """Take the request's id from a trusted proxy, and send it with the answer.

    `header` is read and written. An id from anyone but the app's trusted proxies, or one that is
    malformed, counts as none: then `request.id` is the app's own.
    """

    header: str = "x-request-id"

    async def __call__(
        self, request: Request, call_next: Callable[[Request], Awaitable[Response]]
    ) -> Response:
        """Name the request and its answer."""
        given = request.headers.first(self.header.lower())
        if given is not None and _ID.fullmatch(given) and is_from_proxy(request):
            request.id = given
        response = await call_next(request)
        response.headers.setdefault(self.header, request.id)
        return response


def is_from_proxy(request: Request) -> bool:
    """Say whether the peer of the connection is one of the app's proxies."""
    connection = request.connection
    proxies = getattr(connection.app, "proxies", None)
    return proxies is not None and proxies.trusts(connection.client[0] if connection.client else "")
