"""Which addresses strangers may have us connect to: public ones, checked where we connect.

A name is resolved once, every address it has must be public, and the connection goes to the very
address that was checked; so a name that means another host a moment later leads nowhere.
"""

import asyncio
import socket
from collections.abc import Iterable
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from typing import Any, cast

import httpcore2

from gambrel.client.faults import UnsafeAddress

__all__ = ["PublicNetwork", "is_public"]

# A table of our own: what `ipaddress` calls global differs between versions of Python.
# IANA, Special-Purpose Address Registries (RFC 6890 and later).
_NOT_PUBLIC = tuple(
    ip_network(network)
    for network in (
        "0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16",
        "172.16.0.0/12", "192.0.0.0/24", "192.0.2.0/24", "192.88.99.0/24", "192.168.0.0/16",
        "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/4", "240.0.0.0/4",
        "2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20",
    )
)  # fmt: skip
_UNICAST = ip_network("2000::/3")
"""All of IPv6 that is given out; mapped, translated and local addresses are outside of it."""


def is_public(address: str) -> bool:
    """Tell whether an address is one of the public internet. Raises ValueError where it is none."""
    found: IPv4Address | IPv6Address = ip_address(address.partition("%")[0])
    if found.version == 6 and found not in _UNICAST:
        return False
    return not any(found in network for network in _NOT_PUBLIC if network.version == found.version)


class PublicNetwork(httpcore2.AsyncNetworkBackend):
    """Connects to public addresses only, at `ports`.

    `resolve` is `loop.getaddrinfo`, `network` what connects, where they are not given.
    """

    def __init__(
        self,
        ports: Iterable[int] = (80, 443),
        resolve: Any = None,
        network: httpcore2.AsyncNetworkBackend | None = None,
    ) -> None:
        self.ports = frozenset(ports)
        self._resolve = resolve
        # Another class where anyio is not installed, which httpx2 requires.
        self._network = network or cast("httpcore2.AsyncNetworkBackend", httpcore2.AnyIOBackend())

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore2.AsyncNetworkStream:
        """Connect to a host by the addresses that were checked, one after the other."""
        if port not in self.ports:
            raise UnsafeAddress(f"port {port} is none of {sorted(self.ports)}")
        addresses = await self.addresses(host, port, timeout)
        for number, address in enumerate(addresses, 1):
            try:
                return await self._network.connect_tcp(
                    address, port, timeout, local_address, socket_options
                )
            except (httpcore2.ConnectError, httpcore2.ConnectTimeout):
                if number == len(addresses):
                    raise
        raise httpcore2.ConnectError(f"{host} has no address")

    async def addresses(self, host: str, port: int, seconds: float | None) -> list[str]:
        """Return the addresses of a host. Raises UnsafeAddress where one of them is not public."""
        resolve = self._resolve or asyncio.get_running_loop().getaddrinfo
        try:
            async with asyncio.timeout(seconds):
                found = await resolve(host, port, type=socket.SOCK_STREAM)
        except TimeoutError as error:
            raise httpcore2.ConnectTimeout from error
        except (OSError, UnicodeError) as error:
            raise httpcore2.ConnectError(str(error)) from error
        addresses = list(dict.fromkeys(str(entry[4][0]) for entry in found))
        if not all(map(is_public, addresses)):
            raise UnsafeAddress(f"{host} is not on the public internet")
        return addresses

    async def connect_unix_socket(self, path: str, *args: Any, **options: Any) -> Any:
        """Refuse. Raises UnsafeAddress."""
        raise UnsafeAddress(f"{path} is on this machine")

    async def sleep(self, seconds: float) -> None:
        """Wait, between two attempts."""
        await asyncio.sleep(seconds)
