"""Trusted proxies: who the client really is, by what the proxies in front say of it.

`Request` asks `TrustedProxies` for its client, scheme and host. Nobody else may read `Forwarded` or
`X-Forwarded-*`: from anyone but a trusted proxy they are what an attacker likes to send.
"""

from collections.abc import Iterable, Mapping
from functools import lru_cache
from ipaddress import (
    IPv4Address,
    IPv4Network,
    IPv6Address,
    IPv6Network,
    ip_address,
    ip_network,
)
from typing import Literal

from gambrel.core.http.errors import BadRequest, GambrelError
from gambrel.core.http.fields.header_values import parse_parameters, split_outside_quotes
from gambrel.core.http.host import Hop, HostRules, parse_host

HOP_LIMIT = 32

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network


def parse_forwarded(text: str) -> list[Hop]:
    """Read `Forwarded` (RFC 7239); the last hop is the nearest proxy's.

    Raises:
        BadRequest: The header is malformed or has more than 32 hops.
    """
    elements = [element for element in split_outside_quotes(text, ",") if element]
    if len(elements) > HOP_LIMIT:
        raise BadRequest(f"more than {HOP_LIMIT} forwarded hops")
    hops = []
    for element in elements:
        given = parse_parameters(split_outside_quotes(element, ";"))
        client = strip_port(given.get("for", ""))
        hops.append(Hop(client, given.get("proto", ""), given.get("host", "")))
    return hops


def parse_x_forwarded(clients: str, schemes: str = "", hosts: str = "") -> list[Hop]:
    """Read `X-Forwarded-For`, `-Proto` and `-Host`; the last hop is the nearest proxy's.

    Proxies append to the first and mostly replace the others, so these are aligned at the end,
    and a single one holds for every hop.

    Raises:
        BadRequest: More than 32 hops, or a header longer than 8 kB.
    """
    columns = [split_outside_quotes(text, ",") for text in (clients, schemes, hosts)]
    count = len(columns[0])
    if max(map(len, columns)) > HOP_LIMIT:
        raise BadRequest(f"more than {HOP_LIMIT} forwarded hops")
    aligned = [
        column * count if len(column) == 1 else ([""] * count + column)[-count:]
        for column in columns
    ]
    return [
        Hop(strip_port(client), scheme, host) for client, scheme, host in zip(*aligned, strict=True)
    ]


def strip_port(node: str) -> str:
    """Return the address of a forwarded node without port and brackets (RFC 7239 §6)."""
    if node.startswith("["):
        return node[1:].partition("]")[0]
    return node.partition(":")[0] if node.count(":") == 1 else node


def parse_address(text: str) -> Address | None:
    """Return an IP address, IPv4 where IPv6 only wraps it; None for any other text."""
    # Measured before it is remembered, so that the memory is bounded in bytes too.
    return None if len(text) > 45 or "%" in text else _parse_address(text)


@lru_cache(maxsize=1_024)
def _parse_address(text: str) -> Address | None:
    try:
        address = ip_address(text)
    except ValueError:
        return None
    return getattr(address, "ipv4_mapped", None) or address


class TrustedProxies:
    """Which peers are proxies of ours, how many stand in a row, and which header they write.

    `networks` are CIDR blocks; `"unix"` trusts peers on a Unix socket. The chain is read from its
    end, for at most `hops` proxies, and never past the first address that is not trusted. The
    outermost proxy must set or remove the header, and with `x-forwarded-for` also `-proto` and
    `-host`; all other headers of this kind are ignored. Of the hosts they tell only those that
    `hosts` allows are taken (None: any), because many proxies pass on what a client made up.

    Raises:
        GambrelError: A network, the number of hops or the header is not valid.
    """

    __slots__ = ("_hosts", "_networks", "_unix", "header", "hops")

    def __init__(
        self,
        networks: Iterable[str],
        hops: int = 1,
        header: Literal["forwarded", "x-forwarded-for"] = "x-forwarded-for",
        hosts: HostRules | None = None,
    ) -> None:
        given = list(networks)
        self._hosts = hosts
        self.hops = hops
        self.header = header.lower()
        self._unix = "unix" in given
        try:
            self._networks: tuple[Network, ...] = tuple(
                ip_network(text) for text in given if text != "unix"
            )
        except ValueError as error:
            raise _invalid(str(error)) from None
        if not 1 <= hops <= HOP_LIMIT or self.header not in {"forwarded", "x-forwarded-for"}:
            raise _invalid(f"hops={hops!r}, header={header!r}")

    def trusts(self, peer: str) -> bool:
        """Say whether an address is one of the proxies; `""` is a Unix socket."""
        if not peer:
            return self._unix
        address = parse_address(peer)
        return address is not None and any(address in network for network in self._networks)

    def resolve(self, peer: str, scheme: str, host: str, headers: Mapping[str, str]) -> Hop:
        """Return the effective client, scheme and host of a request that came from `peer`.

        `scheme` and `host` are those of the connection and its `Host` header.

        Raises:
            BadRequest: A trusted proxy sent a malformed header or scheme, or a foreign host.
        """
        if not self.trusts(peer):
            return Hop(peer, scheme, host)
        client = peer
        for hop in self._chain(headers)[: -self.hops - 1 : -1]:
            # Before this hop is believed, its writer was: the peer, or the last client seen.
            scheme = _checked_scheme(hop.scheme) or scheme
            host = self._checked_host(hop.host) if hop.host else host
            address = parse_address(hop.client)
            if address is None:
                # "unknown" or an obfuscated node (RFC 7239 §6): nothing beyond it can be trusted.
                break
            client = str(address)
            if not self.trusts(client):
                break
        return Hop(client, scheme, host)

    def _checked_host(self, text: str) -> str:
        if self._hosts is not None and not self._hosts.allows(text):
            raise BadRequest("the forwarded host is not one of this app's")
        return str(parse_host(text))

    def _chain(self, headers: Mapping[str, str]) -> list[Hop]:
        chain = headers.get(self.header, "")
        if self.header == "forwarded":
            return parse_forwarded(chain)
        schemes = headers.get("x-forwarded-proto", "")
        return parse_x_forwarded(chain, schemes, headers.get("x-forwarded-host", ""))

    def __repr__(self) -> str:
        return f"TrustedProxies({self._networks}, hops={self.hops}, header={self.header!r})"


def _checked_scheme(text: str) -> str:
    scheme = text.lower()
    if scheme not in {"", "http", "https", "ws", "wss"}:
        raise BadRequest("malformed forwarded scheme")
    return {"ws": "http", "wss": "https"}.get(scheme, scheme)


def _invalid(what: str) -> GambrelError:
    return GambrelError(
        "http.trusted-proxies",
        f"TrustedProxies cannot be made: {what}",
        hint="TrustedProxies(['10.0.0.0/8'], hops=1, header='x-forwarded-for')",
    )
