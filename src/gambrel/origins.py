"""Origins: the lists of them that an app allows, strict matching against these, and a guard.

CORS, the cross-origin protection and WebSockets ask. An origin is compared as a whole, never by its
beginning or end, and in the form that browsers send: lower case, no default port (RFC 6454 §6.2).
"""

import ipaddress
from collections.abc import Iterable, Sequence
from functools import cached_property
from typing import Any

from msgspec import Struct

from gambrel.checks import Level, Problem
from gambrel.core.http.errors import BadRequest, Forbidden, GambrelError
from gambrel.core.http.host import DEFAULT_PORTS, HostPattern, parse_host
from gambrel.core.http.request import Request

__all__ = [
    "OPEN",
    "SAFE",
    "OriginGuard",
    "OriginRules",
    "check_open",
    "has_ambient_credentials",
    "is_open",
    "is_own",
    "network_of",
]

_FOREIGN = "This request was made by a page of another site."
_UNKNOWN = (
    "This request has a cookie or password, and neither Sec-Fetch-Site nor Origin to tell which "
    "site made it. A program sends `Origin` with the origin of this site, or a bearer token "
    "instead of cookies; CrossOriginProtection(allow_unknown=True) lets all such requests pass."
)
SAFE = frozenset({"GET", "HEAD", "OPTIONS", "QUERY", "TRACE", "WEBSOCKET"})
"""What changes nothing; WebSockets look at the origin of their handshakes themselves."""
OPEN = "any_origin"
"""`extra={"any_origin": True}` of a route or group lets pages of all sites change things there."""


class OriginRules:
    """Allowed origins.

    `https://app.example.com` is that origin, `https://*.example.com` all whose host is below that
    name, `*` (alone) any. `null`, which sandboxed pages and files send, is never allowed.

    Raises:
        GambrelError: One of them is none of these.
    """

    __slots__ = ("_exact", "_wide", "is_any")

    def __init__(self, origins: Iterable[str]) -> None:
        if isinstance(origins, str):
            what = f"{origins!r} is a text, where a list of origins is wanted"
            raise GambrelError("middleware.origin", what, hint=f"write [{origins!r}]")
        given = list(origins)
        self.is_any = given == ["*"]
        self._exact: set[str] = set()
        self._wide: list[tuple[str, HostPattern, int | None]] = []
        for origin in () if self.is_any else given:
            self._add(origin)

    def allows(self, origin: str) -> bool:
        """Say whether the value of an `Origin` header is allowed."""
        if self.is_any:
            return origin != "null"
        return origin in self._exact or (bool(self._wide) and self._matches(origin))

    def __bool__(self) -> bool:
        return self.is_any or bool(self._exact or self._wide)

    def _add(self, origin: str) -> None:
        scheme, separator, authority = origin.partition("://")
        try:
            if not separator or not scheme.isascii() or not scheme.islower():
                raise BadRequest
            host = parse_host(authority.removeprefix("*."))
        except BadRequest:
            raise GambrelError(
                "middleware.origin",
                f"{origin!r} is not an origin",
                hint="write 'https://app.example.com', 'https://*.example.com', or '*' alone; "
                "no path, no slash at the end",
            ) from None
        host = host.with_default(scheme)
        if authority.startswith("*."):
            self._wide.append((scheme, HostPattern(f"*.{host.name}"), host.port))
        else:
            self._exact.add(f"{scheme}://{host}")

    def _matches(self, origin: str) -> bool:
        scheme, _, authority = origin.partition("://")
        try:
            host = parse_host(authority)
        except BadRequest:
            return False
        if str(host) != authority or host.port == DEFAULT_PORTS.get(scheme, 0):
            return False
        return any(
            scheme == allowed and host.port == port and pattern.matches(host)
            for allowed, pattern, port in self._wide
        )


def is_own(origin: str, request: Request) -> bool:
    """Say whether an origin is the one the request was sent to."""
    scheme, _, authority = origin.partition("://")
    try:
        sender = parse_host(authority).with_default(scheme)
        target = parse_host(request.host).with_default(request.scheme)
    except BadRequest:
        return False
    if sender == target and scheme == request.scheme:
        return True
    # Behind a proxy that the app was not told of, HTTPS looks like HTTP: the host has to do.
    proxies = getattr(request.connection.app, "proxies", None)
    is_known = proxies is not None or request.scheme == "https"
    return not is_known and scheme == "https" and sender == parse_host(request.host)


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

    def check(self, request: Request) -> None:
        """Raise Forbidden for an unsafe request that may not go on."""
        if request.method not in SAFE and not self.allows(request) and not is_open(request):
            is_told = "origin" in request.headers or "sec-fetch-site" in request.headers
            raise Forbidden(_FOREIGN if is_told else _UNKNOWN)

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


def is_open(request: Request) -> bool:
    """Say whether the route of a request lets pages of all sites change things."""
    return bool(getattr(request.route, "options", None) and request.route.options.extra.get(OPEN))


def check_open(app: Any) -> Iterable[Problem]:
    """Yield each route that pages of all sites may change things by."""
    for route in app.routes:
        if route.options.extra.get(OPEN) and not SAFE.issuperset(route.methods):
            yield Problem(
                "origins.open-route",
                f"pages of any site may make requests to {route.pattern} that change something",
                f"drop `extra={{{OPEN!r}: True}}`, or silence this check if it is meant",
                route.where,
                Level.WARNING,
            )


def has_ambient_credentials(request: Request) -> bool:
    """Say whether a browser may have added credentials by itself."""
    scheme = (request.headers.first("authorization") or "").partition(" ")[0].lower()
    return "cookie" in request.headers or scheme in {"basic", "digest", "negotiate", "ntlm"}


def network_of(client: str) -> str:
    """Return an IPv4 address as it is, and the first 64 bits of one of IPv6 (RFC 6177)."""
    if ":" not in client:
        return client
    try:
        address = ipaddress.IPv6Address(client.partition("%")[0])
    except ValueError:
        return client
    if address.ipv4_mapped is not None:  # as a socket for both kinds has it
        return str(address.ipv4_mapped)
    return str(ipaddress.ip_network((address, 64), strict=False))
