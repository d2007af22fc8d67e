"""Cross-origin protection: no other site can make a visitor's browser change anything here.

Browsers say where a request comes from (Fetch Metadata, else `Origin`), so unsafe methods need no
token. There is nothing secret to leak, and no exemption by content type.
"""

from collections.abc import Awaitable, Callable, Sequence
from functools import cached_property

from msgspec import Struct

from gambrel.core.http.errors import Forbidden, GambrelError
from gambrel.core.http.request import Request
from gambrel.core.http.response import Response
from gambrel.origins import OriginRules, is_own

__all__ = ["OriginGuard"]

_FOREIGN = "This request was made by a page of another site."
_UNKNOWN = (
    "This request has a cookie or password, and neither Sec-Fetch-Site nor Origin to tell which "
    "site made it. A program sends `Origin` with the origin of this site, or a bearer token "
    "instead of cookies; CrossOriginProtection(allow_unknown=True) lets all such requests pass."
)
SAFE = frozenset({"GET", "HEAD", "OPTIONS", "QUERY", "TRACE", "WEBSOCKET"})
"""What changes nothing; WebSockets look at the origin of their handshakes themselves."""


class OriginGuard(Struct, frozen=True, kw_only=True, dict=True):
    """Refuse unsafe requests that a page of another origin has made, by 403.

    `trusted` are further origins, each exact. A request that carries cookies or a password but
    does not say where it comes from is refused too, unless `allow_unknown`; one with nothing but
    a bearer token is no browser's doing and passes.

    Raises:
        GambrelError: A trusted origin is malformed or a pattern.
    """

    trusted: Sequence[str] = ()
    allow_unknown: bool = False

    def __post_init__(self) -> None:
        wide = [origin for origin in self.trusted if "*" in origin]
        if wide:
            raise GambrelError(
                "middleware.trusted-origin",
                f"{wide[0]!r} trusts more than one origin to change things",
                hint="name each origin: trusted=['https://app.example.com']",
            )
        self.rules  # noqa: B018 - refuses malformed origins at start-up

    @cached_property
    def rules(self) -> OriginRules:
        """The trusted origins, ready to be asked."""
        return OriginRules(self.trusted)

    async def __call__(
        self, request: Request, call_next: Callable[[Request], Awaitable[Response]]
    ) -> Response:
        """Go on, or raise Forbidden."""
        if request.method not in SAFE and not self.allows(request):
            is_told = "origin" in request.headers or "sec-fetch-site" in request.headers
            raise Forbidden(_FOREIGN if is_told else _UNKNOWN)
        return await call_next(request)

    def allows(self, request: Request) -> bool:
        """Say whether an unsafe request may go on."""
        headers = request.headers
        origin = headers.first("origin")
        if origin is not None and self.rules.allows(origin):
            return True
        site = headers.first("sec-fetch-site")
        if site is not None:
            return site in {"same-origin", "none"}
        if origin is not None:
            return is_own(origin, request)
        return self.allow_unknown or not has_ambient_credentials(request)


def has_ambient_credentials(request: Request) -> bool:
    """Say whether a browser may have added credentials by itself."""
    scheme = (request.headers.first("authorization") or "").partition(" ")[0].lower()
    return "cookie" in request.headers or scheme in {"basic", "digest", "negotiate", "ntlm"}
