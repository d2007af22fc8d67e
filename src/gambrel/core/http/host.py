"""Hosts: strict parsing of a `Host` header value, and matching against allowed patterns.

Edges parse with it, URLs and proxies hold it, the hosts middleware and host routes match with it.
"""

import logging
from collections.abc import Iterable
from functools import lru_cache

from msgspec import Struct

from gambrel.core.http.errors import BadRequest, GambrelError

# A DNS name has at most 253 characters; the rest is a port, or a trailing dot.
LENGTH_LIMIT = 262

_TOLD = 5  # hosts that are refused and named in the log

_log = logging.getLogger("gambrel.server")
_LABEL = frozenset("abcdefghijklmnopqrstuvwxyz0123456789-_")


class Host(Struct, frozen=True):
    """A host and, where it was given, its port.

    `name` is normalised: lower case, no trailing dot, IPv6 compressed and in brackets.
    """

    name: str
    port: int | None = None

    def __str__(self) -> str:
        return self.name if self.port is None else f"{self.name}:{self.port}"

    def with_default(self, scheme: str) -> "Host":
        """Return the host without the port that its scheme implies."""
        return Host(self.name) if self.port == DEFAULT_PORTS.get(scheme) else self

    def is_loopback(self) -> bool:
        """Say whether the name can only mean this machine."""
        if self.name == "localhost" or self.name.endswith(".localhost") or self.name == "[::1]":
            return True
        return self.name.startswith("127.") and self.name.rpartition(".")[2].isdigit()


class Hop(Struct, frozen=True):
    """What is known of one connection: its client, and what that asked for; empty where unknown."""

    client: str = ""
    scheme: str = ""
    host: str = ""


DEFAULT_PORTS = {"http": 80, "https": 443, "ws": 80, "wss": 443}


@lru_cache(maxsize=512)
def parse_host(text: str) -> Host:
    """Read the value of a `Host` header (RFC 9110 §7.2), stricter than its grammar.

    Refused: user information, paths, spaces, empty labels, ports out of range, and addresses in
    forms that other parsers read differently (`010.8.8.8`, `0x7f.1`). Names beyond ASCII must come
    in their `xn--` form.

    Raises:
        BadRequest: The text is not a host.
    """
    name, port = _split_port(text)
    name = name.lower()
    if name.startswith("["):
        return Host(_bracketed(name), port)
    name = name.removesuffix(".")
    labels = name.split(".")
    if len(name) > 253 or not all(_is_label(label) for label in labels):
        raise _malformed()
    if _ends_in_number(labels[-1]) and not (len(labels) == 4 and all(map(_is_octet, labels))):
        raise _malformed()
    return Host(name, port)


def _malformed() -> BadRequest:
    return BadRequest("malformed host")


def _split_port(text: str) -> tuple[str, int | None]:
    if len(text) > LENGTH_LIMIT or not text.isascii():
        raise _malformed()
    name, colon, port = text.rpartition(":")
    if not colon or text.endswith("]"):
        return text, None
    if not port.isdigit() or len(port) > 5 or port[0] == "0" or int(port) > 65_535:
        raise _malformed()
    return name, int(port)


def _bracketed(name: str) -> str:
    if name == "[::1]":
        return name
    from ipaddress import AddressValueError, IPv6Address  # noqa: PLC0415 - start-up: IPv6

    try:
        # A zone ("%eth0") has no meaning outside the client's machine (RFC 6874 §4).
        address = IPv6Address(name[1:-1]) if name.endswith("]") and "%" not in name else None
    except AddressValueError:
        address = None
    if address is None:
        raise _malformed()
    return f"[{address.compressed}]"


def _is_label(label: str) -> bool:
    # Underscores are no host names for DNS, but service names of container networks have them.
    return 0 < len(label) <= 63 and _LABEL.issuperset(label) and "-" not in {label[0], label[-1]}


def _is_octet(label: str) -> bool:
    # Without leading zeros, which some readers take for octal.
    return label.isdigit() and (label[0] != "0" or label == "0") and int(label) < 256


def _ends_in_number(label: str) -> bool:
    """Say whether URL parsers take the name for an IPv4 address (WHATWG URL §3.5)."""
    return label.isdigit() or (label.startswith("0x") and not label[2:].strip("0123456789abcdef"))


class HostPattern:
    """One allowed host.

    `example.com` is that name, `*.example.com` all below it, `.example.com` both, `*` any host.

    Raises:
        GambrelError: The pattern is none of these.
    """

    __slots__ = ("is_wide", "name", "text")

    def __init__(self, text: str) -> None:
        self.text = text
        self.is_wide = text.startswith(("*", "."))
        self.name = "" if text == "*" else _pattern_name(text)

    def matches(self, host: Host) -> bool:
        """Say whether a parsed host is meant; its port does not count."""
        if not self.name:
            return True
        if host.name == self.name:
            return not self.text.startswith("*")
        return self.is_wide and host.name.endswith(f".{self.name}")

    def __repr__(self) -> str:
        return f"HostPattern({self.text!r})"


def _pattern_name(pattern: str) -> str:
    try:
        host = parse_host(pattern.removeprefix("*").removeprefix("."))
    except BadRequest:
        host = Host("", 0)
    if host.port is not None or (pattern.startswith("*") and not pattern.startswith("*.")):
        hint = "write 'example.com', '*.example.com', '.example.com' for both, or '*'; no port"
        raise GambrelError("http.host-pattern", f"{pattern!r} is not a host pattern", hint=hint)
    return host.name


class HostRules:
    """The hosts an app answers for, as patterns; asked once per request.

    Raises:
        GambrelError: One of the patterns is malformed.
    """

    __slots__ = ("_names", "_told", "_wide", "open_paths", "patterns")

    def __init__(self, patterns: Iterable[str]) -> None:
        self.patterns = tuple(HostPattern(pattern) for pattern in patterns)
        self._names = {rule.name for rule in self.patterns if not rule.is_wide}
        self._wide = tuple(pattern for pattern in self.patterns if pattern.is_wide)
        self._told: set[str] = set()
        self.open_paths: frozenset[str] = frozenset()

    def allows(self, value: str, path: str = "") -> bool:
        """Say whether the value of a `Host` header is well formed and matches a pattern.

        Under the raw paths in `open_paths` it need not match: probes name the address they reach.
        """
        try:
            host = parse_host(value)
        except BadRequest:
            return False
        known = host.name in self._names or path in self.open_paths
        return known or any(rule.matches(host) for rule in self._wide)

    def tell(self, value: str) -> None:
        """Log that a host was refused: once each for the first few, for clients make them up."""
        if len(self._told) <= _TOLD and value not in self._told:
            self._told.add(value)
            if len(self._told) <= _TOLD:
                _log.warning("%s", refused_host(value))
            else:
                _log.warning("other hosts were refused, too; they are no longer named")

    def __repr__(self) -> str:
        return f"HostRules({[pattern.text for pattern in self.patterns]!r})"


def refused_host(value: str) -> str:
    """Return in words that a host is none of the app's, and how it becomes one."""
    return (
        f"host {ascii(value)[:100]} is refused: none of App(hosts=[...]) or GAMBREL_HOSTS matches"
    )
