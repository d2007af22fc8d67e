import pytest

from gambrel.core.http.errors import BadRequest
from gambrel.core.routing.router import Router
from gambrel.when import header


def handler():
    """Stand for any handler."""


def build():
    router = Router()
    router.add("/users/{id:int}", handler)
    router.add("/users/me", handler, ["POST"])
    router.add("/{page}", handler, when=header("x-a"))
    router.add("/users/{name}", handler, host="{tenant}.example.com")
    router.add("/wiki/{page:path}/edit", handler)
    router.mount("/static", handler)
    router.fallback(handler, under="/app")
    router.external("docs", "https://example.com/")
    return router.compile()


def reasons(method, raw_path, host=None):
    steps = build().explain(method, raw_path, host)
    return {step.route.pattern.text: (step.matched, step.why) for step in steps}


def test_every_route_says_why_it_does_not_match():
    found = reasons("GET", "/users/me")

    assert found["/users/{id:int}"] == (False, "segment 2 is 'me', not {id:int}")
    assert found["/users/me"] == (False, "the method is GET, not POST")
    assert found["/{page}"] == (False, "the path has 2 segments, not 1")
    assert found["/users/{name}"] == (False, "the host is not known, not {tenant}.example.com")
    assert found["/static/{path:path}"] == (False, "segment 1 is 'users', not static")
    assert len(found) == 7


def test_a_tail_says_that_the_end_differs():
    assert reasons("GET", "/wiki/a/b")["/wiki/{page:path}/edit"] == (
        False,
        "what follows is no path that ends as /wiki/{page:path}/edit does",
    )


def test_what_matches_says_under_which_condition():
    assert reasons("HEAD", "/x")["/{page}"] == (True, "if header('x-a')")
    assert reasons("GET", "/users/7")["/users/{id:int}"] == (True, "")
    assert reasons("BREW", "/static/")["/static/{path:path}"] == (True, "")


def test_steps_stand_in_the_order_in_which_routes_are_tried():
    steps = build().explain("GET", "/users/me", "acme.example.com")

    matching = [step.route.pattern.text for step in steps if step.matched]
    assert matching == ["/users/{name}"]
    assert steps[0].route.host is not None
    assert steps[-1].route.kind == "fallback"


def test_a_malformed_path_or_host_cannot_be_explained():
    with pytest.raises(BadRequest):
        build().explain("GET", "/%zz")
    with pytest.raises(BadRequest):
        build().explain("GET", "/", "a b")
