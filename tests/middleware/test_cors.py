import pytest

from gambrel.core.http.errors import GambrelError
from gambrel.core.http.response import Response
from gambrel.middleware.cors import CORSPolicy, CrossOrigin
from gambrel.testing import make_request
from tests.middleware.chain import ask

GOOD = "https://good.example"
FOREIGN = [
    "https://good.example.evil.example",
    "https://evilgood.example",
    "https://goodXexample",
    "null",
    "HTTPS://GOOD.EXAMPLE",
    "https://good.example:444",
    "http://good.example",
]
ALLOW = "access-control-allow-origin"


def share(policy: CORSPolicy | None, origin: str | None, **answer: object) -> Response:
    headers = {} if origin is None else {"origin": origin}
    middleware = CrossOrigin(lambda _request, _method: policy)
    return ask(middleware, make_request(headers=headers), Response("data", **answer))


def preflight(policy: CORSPolicy | None, origin: str, method: str, asked: str = "") -> Response:
    headers = {"origin": origin, "access-control-request-method": method}
    if asked:
        headers["access-control-request-headers"] = asked
    middleware = CrossOrigin(lambda _request, _method: policy)
    return ask(middleware, make_request("OPTIONS", headers=headers))


def test_an_allowed_page_may_read_the_answer():
    policy = CORSPolicy(origins=[GOOD], credentials=True, expose=["X-Total"])

    response = share(policy, GOOD, headers={"vary": "accept"})

    assert response.headers[ALLOW] == GOOD
    assert response.headers["access-control-allow-credentials"] == "true"
    assert response.headers["access-control-expose-headers"] == "X-Total"
    assert response.headers["vary"] == "accept, origin"


@pytest.mark.parametrize("origin", [*FOREIGN, None])
def test_other_pages_may_not_and_caches_know_that_it_depends(origin):
    response = share(CORSPolicy(origins=[GOOD], credentials=True), origin)

    assert not [name for name in response.headers if name.startswith("access-control-")]
    assert response.headers["vary"] == "origin"


def test_a_public_resource_is_for_every_page_and_one_cache_entry():
    response = share(CORSPolicy(origins=["*"]), "https://whoever.example")

    assert response.headers[ALLOW] == "*"
    assert "vary" not in response.headers


def test_a_preflight_is_answered_with_what_is_allowed():
    policy = CORSPolicy(origins=[GOOD], credentials=True)

    response = preflight(policy, GOOD, "PUT", "Content-Type, if-match")

    assert (response.status, response.body) == (204, b"")
    assert response.headers[ALLOW] == GOOD
    assert "PUT" in response.headers["access-control-allow-methods"]
    assert "content-type" in response.headers["access-control-allow-headers"]
    assert response.headers["access-control-max-age"] == "600"
    assert response.headers["vary"] == (
        "origin, access-control-request-method, access-control-request-headers"
    )


@pytest.mark.parametrize(
    ("origin", "method", "asked"),
    [
        *((origin, "GET", "") for origin in FOREIGN),
        (GOOD, "TRACE", ""),
        (GOOD, "put", ""),
        (GOOD, "PUT", "x-secret"),
        (GOOD, "PUT", "content-type, x-secret"),
    ],
)
def test_a_preflight_for_what_is_not_listed_allows_nothing(origin, method, asked):
    response = preflight(CORSPolicy(origins=[GOOD], credentials=True), origin, method, asked)

    assert response.status == 204
    assert not [name for name in response.headers if name.startswith("access-control-")]
    assert "origin" in response.headers["vary"]


def test_private_networks_are_never_opened():
    headers = {
        "origin": GOOD,
        "access-control-request-method": "GET",
        "access-control-request-private-network": "true",
    }
    middleware = CrossOrigin(lambda _request, _method: CORSPolicy(origins=[GOOD]))

    response = ask(middleware, make_request("OPTIONS", headers=headers))

    assert "access-control-allow-private-network" not in response.headers


def test_options_that_are_no_preflight_go_on():
    middleware = CrossOrigin(lambda _request, _method: CORSPolicy(origins=[GOOD]))

    assert ask(middleware, make_request("OPTIONS", headers={"origin": GOOD})).body == b"next"
    assert ask(middleware, make_request("OPTIONS")).body == b"next"


def test_without_a_policy_nothing_is_said():
    assert "vary" not in share(None, GOOD).headers
    assert preflight(None, GOOD, "GET").body == b"next"


def test_the_policy_of_a_preflight_is_that_of_the_method_it_asks_for():
    asked = []
    middleware = CrossOrigin(lambda _request, method: asked.append(method))
    headers = {"origin": GOOD, "access-control-request-method": "DELETE"}

    ask(middleware, make_request("OPTIONS", headers=headers))

    assert asked == ["DELETE", None]


@pytest.mark.parametrize("name", ["origins", "headers", "expose"])
def test_everybody_and_credentials_do_not_go_together(name):
    with pytest.raises(GambrelError, match="credentials"):
        CORSPolicy(**{"origins": [GOOD], "credentials": True, name: ["*"]})


def test_a_malformed_origin_is_refused_at_start_up():
    with pytest.raises(GambrelError, match="is not an origin"):
        CORSPolicy(origins=["good.example"])
