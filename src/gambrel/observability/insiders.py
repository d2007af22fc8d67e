"""Who may see what is not for strangers: the details of health, the figures of the app.

Asked by the endpoints of this battery. An insider comes from one of the networks, or has the token.
"""

import hmac
from collections.abc import Iterable
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network

from gambrel.core.http.errors import BadRequest, GambrelError
from gambrel.core.http.request import Request

__all__ = ["LOOPBACK", "Insiders"]

LOOPBACK = ("127.0.0.0/8", "::1/128")
_FORWARDED = ("forwarded", "x-forwarded-for", "x-real-ip", "via")


class Insiders:
    """Networks (CIDR) and a token; an empty token is nobody's.

    The address is that behind the app's trusted proxies. What an unknown proxy has passed on comes
    from nowhere: its own address, often this machine's, says nothing of who asks. A Unix socket
    counts as this machine.

    Raises:
        GambrelError: One of the networks is none.
    """

    __slots__ = ("_networks", "_token")

    def __init__(self, networks: Iterable[str] = LOOPBACK, token: str = "") -> None:
        self._networks = [parse_network(text) for text in networks]
        self._token = token.encode()

    @property
    def is_open(self) -> bool:
        """Whether one of the networks is everybody."""
        return any(network.prefixlen == 0 for network in self._networks)

    def admits(self, request: Request) -> bool:
        """Say whether a request comes from an insider."""
        return self.has_token(request) or self.is_near(request)

    def has_token(self, request: Request) -> bool:
        """Say whether a request brings the token: `Authorization: Bearer TOKEN`."""
        scheme, _, given = (request.headers.first("authorization") or "").partition(" ")
        is_bearer = bool(self._token) and scheme.lower() == "bearer"
        return is_bearer and hmac.compare_digest(given.strip().encode(), self._token)

    def is_near(self, request: Request) -> bool:
        """Say whether a request comes from one of the networks."""
        peer = request.connection.client[0] if request.connection.client else ""
        try:
            client = request.client
            address = ip_address(client or "127.0.0.1")
        except (BadRequest, ValueError):
            return False
        if client == peer and any(request.headers.first(name) for name in _FORWARDED):
            return False
        address = getattr(address, "ipv4_mapped", None) or address
        return any(address in network for network in self._networks)


def parse_network(text: str) -> IPv4Network | IPv6Network:
    """Return a network. Raises GambrelError for what is none."""
    try:
        return ip_network(text)
    except ValueError as error:
        raise GambrelError(
            "observability.network",
            f"{text!r} is not a network: {error}",
            hint="write an address or a network in CIDR: 10.0.0.0/8, 192.0.2.7, fd00::/8",
        ) from None
