from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gambrel.core.http.errors import BadRequest, GambrelError
from gambrel.core.http.headers import Headers
from gambrel.core.http.proxies import (
    Hop,
    TrustedProxies,
    parse_address,
    parse_forwarded,
    parse_x_forwarded,
    strip_port,
)
from tests.core.http.complexity import steep

PEER, VISITOR = "10.0.0.1", "203.0.113.9"
DIRECT = Hop(PEER, "http", "site")


def resolve(proxies: TrustedProxies, peer: str = PEER, **headers: str) -> Hop:
    pairs = [(name.replace("_", "-"), value) for name, value in headers.items()]
    return proxies.resolve(peer, "http", "site", Headers(pairs))


def test_a_trusted_proxy_tells_of_client_scheme_and_host() -> None:
    seen = resolve(
        TrustedProxies(["10.0.0.0/8"]),
        x_forwarded_for=VISITOR,
        x_forwarded_proto="https",
        x_forwarded_host="Example.com",
    )

    assert seen == Hop(VISITOR, "https", "example.com")


def test_a_stranger_is_not_believed() -> None:  # T-C05-3
    proxies = TrustedProxies(["10.0.0.0/8"])

    for spoofed in range(1_000):
        seen = resolve(
            proxies,
            "198.51.100.7",
            x_forwarded_for=f"1.2.{spoofed // 256}.{spoofed % 256}",
            x_forwarded_proto="https",
            x_forwarded_host="evil",
            forwarded="for=1.2.3.4",
            x_real_ip="1.2.3.4",
        )
        assert seen == Hop("198.51.100.7", "http", "site")


def test_names_with_underscores_are_no_forwarding_headers() -> None:  # CVE-2026-3902
    headers = Headers([("X_Forwarded_For", "1.2.3.4"), ("X-Forwarded-For", VISITOR)])

    assert TrustedProxies([PEER]).resolve(PEER, "http", "site", headers).client == VISITOR


def test_only_the_configured_header_is_read() -> None:
    headers = {"x_forwarded_for": "1.1.1.1", "forwarded": "for=2.2.2.2", "x_real_ip": "3.3.3.3"}

    assert resolve(TrustedProxies([PEER]), **headers).client == "1.1.1.1"
    assert resolve(TrustedProxies([PEER], header="forwarded"), **headers).client == "2.2.2.2"


def test_what_a_client_put_in_front_is_not_believed() -> None:
    seen = resolve(
        TrustedProxies([PEER]), x_forwarded_for=f"1.2.3.4, {VISITOR}", x_forwarded_proto="https"
    )

    assert seen == Hop(VISITOR, "https", "site")


def test_hops_beyond_their_number_are_not_believed() -> None:
    chain = "1.2.3.4, 10.0.0.3, 10.0.0.2"

    assert resolve(TrustedProxies(["10.0.0.0/8"]), x_forwarded_for=chain).client == "10.0.0.2"
    assert resolve(TrustedProxies(["10.0.0.0/8"], 2), x_forwarded_for=chain).client == "10.0.0.3"
    assert resolve(TrustedProxies(["10.0.0.0/8"], 3), x_forwarded_for=chain).client == "1.2.3.4"


def test_a_chain_ends_at_the_first_stranger() -> None:
    proxies = TrustedProxies(["10.0.0.0/8"], hops=5)

    seen = resolve(proxies, x_forwarded_for=f"1.2.3.4, {VISITOR}, 10.0.0.2")

    assert seen.client == VISITOR


def test_each_proxy_of_a_chain_tells_its_scheme_and_host() -> None:
    proxies = TrustedProxies(["10.0.0.0/8"], hops=2, header="forwarded")
    outer = f"for={VISITOR};proto=https;host=example.com"
    chain = f"for=9.9.9.9;proto=gopher, {outer}, for=10.0.0.2;proto=http"

    assert resolve(proxies, forwarded=chain) == Hop(VISITOR, "https", "example.com")


@pytest.mark.parametrize(
    "node", ["unknown", "_hidden", "", "evil.com", "1.2.3", "1.2.3.4.5", "fe80::1%x"]
)
def test_an_unknown_client_leaves_the_peer(node: str) -> None:
    seen = resolve(
        TrustedProxies([PEER]), x_forwarded_for=f"1.2.3.4, {node}", x_forwarded_proto="https"
    )

    assert seen == Hop(PEER, "https", "site")


def test_without_the_header_the_peer_is_the_client() -> None:
    assert resolve(TrustedProxies([PEER])) == DIRECT
    assert resolve(TrustedProxies([PEER], header="forwarded")) == DIRECT


def test_a_unix_socket_is_trusted_by_name() -> None:
    assert resolve(TrustedProxies(["unix"]), "", x_forwarded_for=VISITOR).client == VISITOR
    assert resolve(TrustedProxies(["0.0.0.0/0"]), "", x_forwarded_for=VISITOR).client == ""


def test_addresses_are_compared_by_value() -> None:
    proxies = TrustedProxies(["10.0.0.0/8", "2001:db8::/32"])

    assert proxies.trusts("::ffff:10.1.2.3")
    assert proxies.trusts("2001:0db8:0:0::1")
    assert not proxies.trusts("10.0.0.1.evil.com")
    assert resolve(proxies, x_forwarded_for="[2001:DB9:0::1]:443").client == "2001:db9::1"
    assert resolve(proxies, x_forwarded_for=f"{VISITOR}:5000").client == VISITOR


@pytest.mark.parametrize(
    "headers",
    [
        {"x_forwarded_proto": "javascript"},
        {"x_forwarded_proto": "https; x"},
        {"x_forwarded_host": "evil/x"},
        {"x_forwarded_host": "a@b"},
        {"x_forwarded_host": "a b"},
        {"x_forwarded_for": ",".join(["1.1.1.1"] * 33)},
        {"x_forwarded_for": '"'},
    ],
)
def test_a_malformed_header_of_a_trusted_proxy_is_refused(headers: dict[str, str]) -> None:
    with pytest.raises(BadRequest):
        resolve(TrustedProxies([PEER]), **headers)


def test_a_websocket_scheme_counts_as_its_http_scheme() -> None:
    seen = resolve(TrustedProxies([PEER]), x_forwarded_for=VISITOR, x_forwarded_proto="WSS")

    assert seen.scheme == "https"


@pytest.mark.parametrize(
    ("networks", "options"),
    [
        (["10.0.0.1/8"], {}),
        (["proxy.local"], {}),
        ([""], {}),
        ([], {"hops": 0}),
        ([], {"hops": 33}),
        ([], {"header": "x-real-ip"}),
    ],
)
def test_a_wrong_set_up_is_refused(networks: list[str], options: dict[str, Any]) -> None:
    with pytest.raises(GambrelError, match=r"http\.trusted-proxies"):
        TrustedProxies(networks, **options)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", []),
        ("for=1.2.3.4", [Hop("1.2.3.4")]),
        ('For="[2001:db8::1]:47", for=_x;proto=https', [Hop("2001:db8::1"), Hop("_x", "https")]),
        ('for=1.2.3.4;by=_b;host="a:80"', [Hop("1.2.3.4", host="a:80")]),
        ("proto=http , , for=unknown", [Hop(scheme="http"), Hop("unknown")]),
    ],
)
def test_forwarded_is_read_hop_by_hop(text: str, expected: list[Hop]) -> None:
    assert parse_forwarded(text) == expected


def test_thirty_two_hops_are_the_limit() -> None:
    parse_forwarded(",".join(["for=_a"] * 32))
    with pytest.raises(BadRequest, match="32"):
        parse_forwarded(",".join(["for=_a"] * 33))


@pytest.mark.parametrize("text", ["for", "for=", "for=a b", 'for="', "for=1;for=2", "for=[::1]"])
def test_a_malformed_forwarded_is_refused(text: str) -> None:
    with pytest.raises(BadRequest):
        parse_forwarded(text)


def test_shorter_columns_are_aligned_at_the_end() -> None:
    assert parse_x_forwarded("a, b, c", "http, https", "h") == [
        Hop("a", "", "h"),
        Hop("b", "http", "h"),
        Hop("c", "https", "h"),
    ]


def test_ports_and_brackets_are_taken_off() -> None:
    nodes = ["1.2.3.4:80", "1.2.3.4", "[::1]:80", "[::1]", "::1", "unknown"]

    assert [strip_port(node) for node in nodes] == [
        "1.2.3.4",
        "1.2.3.4",
        "::1",
        "::1",
        "::1",
        "unknown",
    ]


def test_proxies_show_how_they_are_set_up() -> None:
    shown = repr(TrustedProxies(["10.0.0.0/8"], 2))

    assert "10.0.0.0/8" in shown
    assert "hops=2" in shown


def test_very_long_text_is_no_address() -> None:
    assert parse_address("1" * 10_000) is None


@given(st.text(), st.text(), st.text(), st.text())
def test_any_headers_are_resolved_or_refused(
    clients: str, scheme: str, host: str, other: str
) -> None:
    headers = {"x-forwarded-for": clients, "x-forwarded-proto": scheme, "x-forwarded-host": host}

    for header, given_ in (("x-forwarded-for", headers), ("forwarded", {"forwarded": other})):
        proxies = TrustedProxies([PEER], header=header)  # type: ignore[arg-type]
        try:
            seen = proxies.resolve(PEER, "http", "site", given_)
        except BadRequest:
            continue
        assert parse_address(seen.client) is not None
        assert seen.scheme in {"http", "https"}


def test_parsing_is_linear() -> None:
    assert steep(parse_forwarded) == []
    assert steep(parse_x_forwarded) == []
    assert steep(lambda text: parse_x_forwarded("1.1.1.1", text, text)) == []
