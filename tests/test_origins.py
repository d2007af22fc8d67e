import pytest
from hypothesis import given
from hypothesis import strategies as st

from gambrel import App, Request, Router
from gambrel.checks import Level
from gambrel.core.http.errors import GambrelError
from gambrel.forms import Forms
from gambrel.middleware import CrossOriginProtection
from gambrel.origins import OriginRules, is_own, network_of
from gambrel.sessions import Sessions
from gambrel.testing import Client

FOREIGN = [
    "https://good.example.evil.example",
    "https://evilgood.example",
    "https://goodXexample",
    "https://good.example:444",
    "https://good.example:443",
    "http://good.example",
    "HTTPS://GOOD.EXAMPLE",
    "https://good.example/",
    "https://good.example.",
    "https://user@good.example",
    "https://good.example https://evil.example",
    "https://good.example, https://good.example",
    "null",
    "*",
    "",
    "https://",
    "good.example",
]


def test_an_origin_is_allowed_as_a_whole():
    rules = OriginRules(["https://good.example", "http://localhost:5173", "https://[::1]:8443"])

    assert rules.allows("https://good.example")
    assert rules.allows("http://localhost:5173")
    assert rules.allows("https://[::1]:8443")
    assert not rules.allows("http://localhost")


@pytest.mark.parametrize("origin", FOREIGN)
def test_what_only_looks_like_an_allowed_origin_is_refused(origin):
    assert not OriginRules(["https://good.example", "https://*.good.example"]).allows(origin)


@pytest.mark.parametrize(
    ("origin", "is_allowed"),
    [
        ("https://a.good.example", True),
        ("https://a.b.good.example", True),
        ("https://good.example", False),
        ("https://agood.example", False),
        ("https://a.good.example:8443", False),
        ("https://a.good.example:443", False),
        ("http://a.good.example", False),
        ("https://A.good.example", False),
        ("https://a.good.example.evil.example", False),
    ],
)
def test_a_pattern_covers_what_is_below_its_name(origin, is_allowed):
    assert OriginRules(["https://*.good.example"]).allows(origin) is is_allowed


def test_any_origin_is_any_but_null():
    rules = OriginRules(["*"])

    assert rules.allows("https://whoever.example")
    assert not rules.allows("null")


def test_the_default_port_of_a_rule_is_left_out_as_browsers_do():
    assert OriginRules(["https://good.example:443"]).allows("https://good.example")


@pytest.mark.parametrize(
    "origin",
    ["null", "good.example", "https://good.example/", "HTTPS://good.example", "https://*", "", "*"],
)
def test_what_is_no_origin_is_refused_at_start_up(origin):
    with pytest.raises(GambrelError, match="is not an origin"):
        OriginRules(["https://other.example", origin])


def test_rules_without_origins_are_empty():
    assert not OriginRules([])
    assert OriginRules(["*"])
    assert OriginRules(["https://*.a.example"])


@given(st.text(max_size=60))
def test_nothing_but_the_exact_origin_is_allowed(origin):
    rules = OriginRules(["https://good.example"])

    assert rules.allows(origin) is (origin == "https://good.example")


@given(st.text(max_size=60))
def test_what_a_pattern_allows_ends_in_its_name(origin):
    if OriginRules(["https://*.good.example"]).allows(origin):
        assert origin.startswith("https://")
        assert origin.endswith(".good.example")


@pytest.mark.parametrize(
    ("origin", "scheme", "is_ours"),
    [
        ("http://localhost", "http", True),
        ("http://localhost:80", "http", True),
        ("https://localhost", "http", True),
        ("https://localhost", "https", True),
        ("http://localhost", "https", False),
        ("http://localhost:81", "http", False),
        ("http://localhost.evil.example", "http", False),
        ("null", "http", False),
        ("", "http", False),
    ],
)
def test_an_origin_is_ours_where_it_is_that_of_the_request(origin, scheme, is_ours):
    found = []
    app = App()

    @app.get("/")
    async def home(request: Request) -> None:
        found.append(is_own(origin, request))

    with Client(app, base_url=f"{scheme}://localhost") as client:
        client.get("/")

    assert found == [is_ours]


def open_app() -> App:
    app = App(extensions=[CrossOriginProtection(), Sessions(), Forms()])
    hooks = Router(prefix="/hooks", extra={"any_origin": True})

    @hooks.post("/pay")
    async def pay() -> str:
        return "taken"

    @hooks.get("/pay")
    async def look() -> str:
        return "seen"

    @app.post("/other")
    async def other() -> None: ...

    app.include(hooks)
    return app


def test_a_route_lets_all_sites_in_where_it_says_so():
    headers = {"sec-fetch-site": "cross-site", "cookie": "a=b"}
    with Client(open_app()) as client:
        assert client.post("/hooks/pay", headers=headers).text == "taken"
        assert client.post("/other", headers=headers).status_code == 403


def test_a_route_that_lets_all_sites_in_is_listed():
    """Once, though each guard looks for it; one that changes nothing is no matter."""
    app = open_app()
    app.build()
    [found] = [one for one in app.problems(deploy=True) if one.id == "origins.open-route"]

    assert found.level is Level.WARNING
    assert "/hooks/pay" in found.message
    assert "test_origins.py:" in found.where


def test_a_text_is_no_list_of_origins():
    with pytest.raises(GambrelError, match="is a text") as caught:
        OriginRules("https://app.example.com")

    assert caught.value.hint == "write ['https://app.example.com']"


@pytest.mark.parametrize(
    ("client", "network"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("::ffff:c000:208", "192.0.2.8"),
        ("", ""),
        (":nonsense", ":nonsense"),
    ],
)
def test_of_ipv6_a_client_has_64_bits_and_of_ipv4_within_it_all(client, network):
    assert network_of(client) == network
