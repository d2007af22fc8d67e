import pytest
from hypothesis import given
from hypothesis import strategies as st

from gambrel.core.http.errors import BadRequest, GambrelError
from gambrel.core.http.host import Host, HostPattern, HostRules, parse_host
from tests.core.http.complexity import steep

LABEL = st.from_regex(r"[a-z]([a-z0-9-]{0,20}[a-z0-9])?", fullmatch=True)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("example.com", Host("example.com")),
        ("EXAMPLE.com.", Host("example.com")),
        ("example.com:8000", Host("example.com", 8000)),
        ("localhost", Host("localhost")),
        ("web_1:80", Host("web_1", 80)),
        ("127.0.0.1:1", Host("127.0.0.1", 1)),
        ("[::1]", Host("[::1]")),
        ("[2001:DB8:0:0::1]:443", Host("[2001:db8::1]", 443)),
        ("xn--bcher-kva.example", Host("xn--bcher-kva.example")),
    ],
)
def test_a_host_is_normalised(text: str, expected: Host) -> None:
    assert parse_host(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        *("", " ", ".", "..", "a..b", ".a", "a b", " a", "a ", "a\n", "a\x00", "a/b?c#d@e", "a,b"),
        *("user:p@good", "user@good", "good:80:80", "good:", "good:0", "good:080", "good:65536"),
        *("good:-1", "good:8 0", "good:٨٠", "good:80x", ":80", "bücher.example", "a\\b", "%41"),
        *("[::1", "::1", "[::1]x", "[::1]:", "[fe80::1%eth0]", "[1.2.3.4]", "[]", "[::1]]"),
        *("1.2", "010.8.8.8", "0x7f.1", "0x7f000001", "2130706433", "1.2.3.4.5", "256.1.1.1"),
        *("a.1", "a.0x", "-a.com", "a-.com", "a" * 64, ".".join(["a" * 60] * 5), "٣.com"),
    ],
)
def test_what_is_no_host_is_refused(text: str) -> None:
    with pytest.raises(BadRequest):
        parse_host(text)


@given(st.lists(LABEL, min_size=1, max_size=5), st.none() | st.integers(1, 65535))
def test_a_rendered_host_parses_to_itself(labels: list[str], port: int | None) -> None:
    host = Host(".".join(labels), port)

    assert parse_host(str(host)) == host


@given(st.ip_addresses(v=6))
def test_every_ipv6_address_is_a_host(address: object) -> None:
    host = parse_host(f"[{address}]:80")

    assert parse_host(str(host)) == host


@given(st.text())
def test_any_text_is_a_host_or_a_bad_request(text: str) -> None:
    try:
        host = parse_host(text)
    except BadRequest:
        return
    assert parse_host(str(host)) == host
    assert host.name == host.name.lower()


def test_the_port_of_the_scheme_is_left_out_for_comparing() -> None:
    assert Host("a", 443).with_default("https") == Host("a")
    assert Host("a", 443).with_default("http") == Host("a", 443)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("localhost", True),
        ("a.localhost", True),
        ("127.1.2.3", True),
        ("[::1]", True),
        ("127.evil.com", False),
        ("localhost.evil.com", False),
        ("10.0.0.1", False),
    ],
)
def test_loopback_hosts_are_known(name: str, expected: bool) -> None:
    assert parse_host(name).is_loopback() is expected


@pytest.mark.parametrize(
    ("value", "allowed"),
    [
        ("example.com", True),
        ("EXAMPLE.com.", True),
        ("example.com:8443", True),
        ("example.org", True),
        ("a.example.org", True),
        ("a.b.example.org", True),
        ("a.example.net", True),
        ("example.net", False),
        ("www.example.com", False),
        ("example.com.evil", False),
        ("exampleXcom", False),
        ("evil-example.org", False),
        ("evilexample.org", False),
        (".example.org", False),
        ("example.com@evil", False),
        ("evil/example.org", False),
        ("", False),
    ],
)
def test_only_allowed_hosts_pass(value: str, allowed: bool) -> None:  # T-C05-2
    rules = HostRules(["example.com", ".example.org", "*.example.net"])

    assert rules.allows(value) is allowed


def test_patterns_are_shown_as_they_were_written() -> None:
    assert repr(HostPattern("*")) == "HostPattern('*')"
    assert repr(HostRules(["a.com"])) == "HostRules(['a.com'])"


def test_a_star_allows_every_wellformed_host() -> None:
    rules = HostRules(["*"])

    assert rules.allows("anything.at.all:99")
    assert not rules.allows("any thing")


def test_no_pattern_allows_nothing() -> None:
    assert not HostRules([]).allows("localhost")


def test_a_pattern_is_normalised_like_a_host() -> None:
    assert HostPattern("EXAMPLE.com.").matches(parse_host("example.com"))
    assert HostPattern("[0:0::1]").matches(parse_host("[::1]:80"))


@pytest.mark.parametrize(
    "pattern", ["", ".", "*.", "a:80", "*a.com", "a.*.com", "https://a", "**", "..a", "*.*"]
)
def test_a_malformed_pattern_is_refused(pattern: str) -> None:
    with pytest.raises(GambrelError, match=r"http\.host-pattern"):
        HostPattern(pattern)


def test_parsing_a_host_is_linear() -> None:
    assert steep(parse_host) == []
    assert steep(parse_host, "[", "]") == []


def test_refused_hosts_are_told_once_each_for_the_first_few(
    caplog: pytest.LogCaptureFixture,
) -> None:
    rules = HostRules(["a.com"])

    for number in (0, 0, 1, 2, 3, 4, 5, 6, 0):
        rules.tell(f"{number}.evil.example")

    assert len(caplog.messages) == 6
    assert caplog.messages[0] == (
        "host '0.evil.example' is refused: none of App(hosts=[...]) or GAMBREL_HOSTS matches"
    )
    assert caplog.messages[-1] == "other hosts were refused, too; they are no longer named"


def test_a_refused_host_cannot_forge_a_line_of_the_log(caplog: pytest.LogCaptureFixture) -> None:
    HostRules([]).tell("a\n" * 500)

    assert "\n" not in caplog.text.rstrip()
    assert len(caplog.messages[0]) < 250


def test_an_open_path_needs_a_well_formed_host_and_no_more() -> None:
    rules = HostRules(["example.com"])
    rules.open_paths = frozenset({"/health"})

    assert rules.allows("10.1.2.3:8000", "/health")
    assert not rules.allows("not a host", "/health")
    assert not rules.allows("10.1.2.3:8000", "/health/")
    assert not rules.allows("10.1.2.3:8000")
