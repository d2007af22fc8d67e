"""Origins: the lists of them that an app allows, and strict matching against these.

CORS, the cross-origin protection and WebSockets ask. An origin is compared as a whole, never by its
beginning or end, and in the form that browsers send: lower case, no default port (RFC 6454 §6.2).
"""

from collections.abc import Iterable

from gambrel.core.http.errors import BadRequest, GambrelError
from gambrel.core.http.host import DEFAULT_PORTS, HostPattern, parse_host
from gambrel.core.http.request import Request

__all__ = ["OriginRules", "is_own"]


class OriginRules:
    """Allowed origins.

    `https://app.example.com` is that origin, `https://*.example.com` all whose host is below that
    name, `*` (alone) any. `null`, which sandboxed pages and files send, is never allowed.

    Raises:
        GambrelError: One of them is none of these.
    """

    __slots__ = ("_exact", "_wide", "is_any")

    def __init__(self, origins: Iterable[str]) -> None:
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
