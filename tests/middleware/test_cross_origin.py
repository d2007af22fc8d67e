import pytest

from gambrel.core.http.errors import Forbidden, GambrelError
from gambrel.core.http.proxies import TrustedProxies
from gambrel.middleware.cross_origin import CrossOriginGuard
from gambrel.testing import make_request
from tests.middleware.chain import ask

COOKIE = {"cookie": "session=1"}


class Proxied:
    proxies = TrustedProxies(["10.0.0.0/8"])


def allows(headers: dict[str, str], app: object = None, **options: object) -> bool:
    given = {"host": "shop.example", **COOKIE, **headers}
    return CrossOriginGuard(**options).allows(make_request("POST", headers=given, app=app))


@pytest.mark.parametrize(
    ("site", "is_allowed"),
    [
        ("same-origin", True),
        ("none", True),
        ("same-site", False),
        ("cross-site", False),
        ("", False),
    ],
)
def test_fetch_metadata_decides_where_there_is_any(site, is_allowed):
    assert allows({"sec-fetch-site": site, "origin": "http://shop.example"}) is is_allowed


@pytest.mark.parametrize(
    ("origin", "is_allowed"),
    [
        ("http://shop.example", True),
        ("https://shop.example", True),
        ("http://shop.example:8080", False),
        ("http://evil.example", False),
        ("http://shop.example.evil.example", False),
        ("null", False),
        ("shop.example", False),
    ],
)
def test_otherwise_the_origin_decides(origin, is_allowed):
    assert allows({"origin": origin}) is is_allowed


def test_the_scheme_counts_where_it_is_known():
    assert not allows({"origin": "https://shop.example"}, app=Proxied())
    assert allows({"origin": "http://shop.example"}, app=Proxied())


@pytest.mark.parametrize(
    ("headers", "is_allowed"),
    [
        ({}, True),
        ({"authorization": "Bearer x"}, True),
        ({"authorization": "Basic x"}, False),
        ({"cookie": "a=1"}, False),
        ({"authorization": "Bearer x", "cookie": "a=1"}, False),
    ],
)
def test_who_says_nothing_of_its_origin_may_bring_no_ambient_credentials(headers, is_allowed):
    request = make_request("POST", headers=headers)

    assert CrossOriginGuard().allows(request) is is_allowed
    assert CrossOriginGuard(allow_unknown=True).allows(request)


def test_trusted_origins_pass():
    headers = {"origin": "https://app.example", "sec-fetch-site": "cross-site"}

    assert allows(headers, trusted=["https://app.example"])
    assert not allows(headers, trusted=["https://other.example"])


@pytest.mark.parametrize("method", ["GET", "HEAD", "OPTIONS"])
def test_safe_methods_pass(method):
    request = make_request(method, headers={"sec-fetch-site": "cross-site"})

    assert ask(CrossOriginGuard(), request).body == b"next"


def test_the_handshake_of_a_socket_is_left_to_the_rules_of_sockets():
    request = make_request("WEBSOCKET", headers={"host": "shop.example", **COOKIE})

    assert ask(CrossOriginGuard(), request).body == b"next"


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE", "FROB"])
def test_unsafe_methods_of_other_sites_are_forbidden(method):
    request = make_request(method, headers={"sec-fetch-site": "cross-site"})

    with pytest.raises(Forbidden):
        ask(CrossOriginGuard(), request)


@pytest.mark.parametrize("origin", ["*", "https://*.example.com", "app.example"])
def test_trusted_origins_are_exact(origin):
    with pytest.raises(GambrelError):
        CrossOriginGuard(trusted=[origin])


def test_a_request_that_does_not_say_where_it_comes_from_is_told_what_to_send():
    silent = make_request("POST", headers=COOKIE)
    foreign = make_request("POST", headers={**COOKIE, "sec-fetch-site": "cross-site"})

    with pytest.raises(Forbidden, match=r"Origin.*allow_unknown=True"):
        ask(CrossOriginGuard(), silent)
    with pytest.raises(Forbidden, match="page of another site"):
        ask(CrossOriginGuard(), foreign)
