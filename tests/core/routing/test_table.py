"""The table as an app sees it, and invariants of routing over hostile targets."""

import re
from urllib.parse import unquote

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from gambrel.core.http.errors import BadRequest, MethodNotAllowed, NotFound
from gambrel.core.routing.route import Route
from gambrel.core.routing.router import Router
from gambrel.core.routing.table import covers

LOCATION = re.compile(r"/(?![/\\])[\x21-\x7e]*")


def handler():
    """Stand for any handler."""


def build(*declarations, **options):
    """Compile routes written as "GET /users/{id}"."""
    router = Router(**options)
    for declaration in declarations:
        method, path = declaration.split(" ", 1)
        router.add(path, handler, [method])
    return router.compile()


def look(table, method, raw_path, host=None):
    """Return the pattern and parameters of a match, or its status."""
    target, params = table.match(method, raw_path, host)
    return (target.pattern.text, params) if isinstance(target, Route) else target.status


def test_a_match_is_a_route_and_its_parameters():
    table = build("GET /", "GET /users/{id:int}")

    assert look(table, "GET", "/") == ("/", None)
    assert look(table, "GET", "/users/7") == ("/users/{id:int}", {"id": 7})
    assert look(table, "GET", "/users/x") == 404


def test_head_falls_to_get_and_a_declared_head_goes_first():
    table = build("GET /a", "GET /b", "HEAD /b")

    assert table.match("HEAD", "/a")[0].methods == ("GET",)
    assert table.match("HEAD", "/b")[0].methods == ("HEAD",)


def test_options_is_answered_with_all_methods_unless_declared():
    table = build("GET /a", "POST /a", "OPTIONS /b")

    miss = table.match("OPTIONS", "/a")[0]

    assert (miss.status, miss.allow) == (204, ("GET", "HEAD", "OPTIONS", "POST"))
    assert isinstance(table.match("OPTIONS", "/b")[0], Route)


def test_options_of_the_server_lists_every_method():
    miss = build("PUT /a", "GET /b").match("OPTIONS", "*")[0]

    assert (miss.status, miss.allow) == (204, ("GET", "HEAD", "OPTIONS", "PUT"))


def test_another_method_may_lead_to_a_wider_pattern():
    table = build("GET /users/me", "DELETE /users/{name}", "PUT /users/{id:int}")

    assert look(table, "DELETE", "/users/me") == ("/users/{name}", {"name": "me"})
    assert look(table, "DELETE", "/users/7") == ("/users/{name}", {"name": "7"})


def test_allow_is_complete_across_patterns_and_converters():
    table = build("GET /users/me", "DELETE /users/{name}", "PUT /users/{id:int}")

    assert table.match("POST", "/users/me")[0].allow == ("DELETE", "GET", "HEAD", "OPTIONS")
    assert table.match("POST", "/users/7")[0].allow == ("DELETE", "OPTIONS", "PUT")


@pytest.mark.parametrize(
    "method", ["FOO_BAR", "get", "X" * 65_536, "__init__", "*", "fallback GET"]
)
def test_an_unknown_method_is_405_where_the_path_is_known_and_404_elsewhere(method):
    table = build("GET /a", "GET /{x}/{y}")

    assert table.match(method, "/a")[0].status == 405
    assert table.match(method, "/nowhere")[0].status == 404


def test_a_miss_is_the_error_to_raise():
    table = build("GET /a")

    with pytest.raises(MethodNotAllowed) as refused:
        table.match("PUT", "/a")[0].answer(None)
    assert refused.value.headers["allow"] == "GET, HEAD, OPTIONS"
    for path, error in (("/b", NotFound), ("/%zz", BadRequest)):
        with pytest.raises(error):
            table.match("GET", path)[0].answer(None)


def test_the_other_slash_is_redirected_to():
    table = build("GET /a", "POST /b/", "GET /{x}/y")

    assert table.match("GET", "/a/")[0].location == "/a"
    assert table.match("HEAD", "/a/")[0].location == "/a"
    assert table.match("POST", "/b")[0].location == "/b/"
    assert table.match("GET", "/%C3%A9/y/")[0].location == "/%C3%A9/y"


def test_nothing_redirects_to_a_path_without_the_method():
    assert look(build("GET /a"), "PUT", "/a/") == 404


def test_strict_and_ignored_slashes_are_set_on_groups_and_routes():
    router = Router(slashes="strict")
    router.add("/a", handler)
    router.add("/b", handler, slashes="ignore")
    router.add("/c/", handler, slashes="ignore")
    router.add("/d/{x}", handler, slashes="ignore")
    table = router.compile()

    assert look(table, "GET", "/a/") == 404
    assert look(table, "GET", "/b/") == ("/b", None)
    assert look(table, "GET", "/c") == ("/c/", None)
    assert look(table, "GET", "/d/1/") == ("/d/{x}", {"x": "1"})


def test_a_declared_path_goes_before_an_ignored_slash():
    router = Router()
    router.add("/a", handler, slashes="ignore")
    router.add("/a/", handler, name="own")

    assert router.compile().match("GET", "/a/")[0].name == "own"


@pytest.mark.parametrize(
    "raw_path",
    [
        "//evil.com/",
        "//evil.com",
        "///evil.com/",
        "/\\evil.com/",
        "/%5Cevil.com/",
        "/%2F/evil/",
        "/%2Fevil.com/",
        "/.//evil/",
        "/%09/evil/",
        "/%2f%2fevil/",
        "/\u2028/evil/",
        "//evil/%2e%2e/",
    ],
)
def test_a_slash_redirect_never_leaves_the_site(raw_path):
    table = build("GET /{x}", "GET /{x}/{y}", "GET /t/{rest:path}")

    target, _ = table.match("GET", raw_path)

    if not isinstance(target, Route) and target.status == 308:
        assert LOCATION.fullmatch(target.location)


def test_hosts_are_exact_or_capture_their_labels():
    router = Router()
    router.add("/", handler, host="api.example.com", name="api")
    router.add("/", handler, host="{tenant}.example.com", name="tenant")
    router.add("/", handler, name="any")
    router.add("/{x}", handler, host="{tenant}.example.com", name="deep")
    table = router.compile()

    def at(host, path="/"):
        target, params = table.match("GET", path, host)
        return target.name, params

    assert at("API.example.com:8000") == ("api", None)
    assert at("acme.example.com") == ("tenant", {"tenant": "acme"})
    assert at("acme.example.com", "/y") == ("deep", {"tenant": "acme", "x": "y"})
    assert at("a.b.example.com") == ("any", None)
    assert at("bad host") == ("any", None)
    assert at(None) == ("any", None)


def test_what_holds_on_every_host_completes_a_hosts_routes():
    router = Router()
    router.add("/a", handler, host="example.com")
    router.add("/a", handler, ["POST"])
    router.add("/b", handler)
    table = router.compile()

    assert look(table, "POST", "/a", "example.com") == ("/a", None)
    assert look(table, "GET", "/b", "example.com") == ("/b", None)
    assert look(table, "GET", "/b/", "example.com") == 308
    assert table.match("PUT", "/a", "example.com")[0].allow == ("GET", "HEAD", "OPTIONS", "POST")
    assert table.match("PUT", "/a", "example.org")[0].allow == ("OPTIONS", "POST")


def test_a_mount_takes_every_method_below_its_path_after_routes():
    router = Router()
    router.mount("/static", handler, name="static")
    router.add("/static/own", handler)
    table = router.compile()

    assert look(table, "GET", "/static/own") == ("/static/own", None)
    for method in ("GET", "POST", "PROPFIND", "WEBSOCKET"):
        assert look(table, method, "/static/a/b") == ("/static/{path:path}", {"path": "a/b"})
    assert look(table, "GET", "/static/") == ("/static/{path:path}", {"path": ""})
    assert table.match("GET", "/static")[0].location == "/static/"
    assert look(table, "GET", "/static/../secret") == 404
    assert look(table, "GET", "/static/%2e%2e%2fsecret") == 404


def test_a_mount_at_the_root_takes_what_is_left():
    router = Router()
    router.mount("/", handler)
    router.add("/a", handler)
    table = router.compile()

    assert look(table, "GET", "/a") == ("/a", None)
    assert look(table, "GET", "/") == ("/{path:path}", {"path": ""})
    assert look(table, "PUT", "/a") == ("/{path:path}", {"path": "a"})


def test_a_fallback_answers_only_what_nothing_else_does():
    router = Router()
    router.fallback(handler)
    router.add("/about", handler)
    router.add("/api/items", handler, ["POST"])
    router.mount("/static", handler)
    table = router.compile()

    assert look(table, "GET", "/users/7") == ("/{path:path}", {"path": "users/7"})
    assert look(table, "HEAD", "/") == ("/{path:path}", {"path": ""})
    assert look(table, "GET", "/static/x")[0] == "/static/{path:path}"
    assert table.match("GET", "/about/")[0].location == "/about"
    assert table.match("GET", "/api/items")[0].allow == ("OPTIONS", "POST")
    assert look(table, "POST", "/users/7") == 404


def test_a_fallback_of_more_methods_answers_these_and_no_path_that_has_others():
    router = Router()
    router.fallback(handler, methods=["GET", "POST"])
    router.add("/about", handler)
    table = router.compile()

    assert look(table, "POST", "/users/7") == ("/{path:path}", {"path": "users/7"})
    assert look(table, "GET", "/users/7") == ("/{path:path}", {"path": "users/7"})
    assert table.match("POST", "/about")[0].allow == ("GET", "HEAD", "OPTIONS")
    assert look(table, "PUT", "/users/7") == 404


def test_the_nearest_fallback_answers():
    router = Router()
    router.fallback(handler, under="/app", name="app")
    router.fallback(handler, name="root")
    table = router.compile()

    assert table.match("GET", "/app/x")[0].name == "app"
    assert table.match("GET", "/app")[0].name == "app"
    assert table.match("GET", "/application")[0].name == "root"


def test_a_websocket_route_is_no_http_method():
    router = Router()
    router.add("/live", handler, ["WEBSOCKET"])
    router.get("/live/{x}")(handler)
    table = router.compile()

    assert isinstance(table.match("WEBSOCKET", "/live")[0], Route)
    assert look(table, "GET", "/live") == 426
    assert look(table, "WEBSOCKET", "/live/x") == 404


def test_a_thousand_routes_are_told_apart():
    table = build(*(f"GET /r{n}/{{id:int}}/sub" for n in range(1_000)))

    assert look(table, "GET", "/r999/7/sub") == ("/r999/{id:int}/sub", {"id": 7})
    assert look(table, "GET", "/r1000/7/sub") == 404


SITE = build(
    "GET /", "GET /admin", "POST /admin", "GET /admin/{id:int}", "GET /users/{name}",
    "DELETE /users/{name}", "GET /users/me", "GET /files/{rest:path}", "GET /f/{name}.{ext}",
    "GET /{a}/{b:slug}/c",
)  # fmt: skip
ALPHABET = st.sampled_from(
    ["/", "a", "admin", "users", "me", "files", "f", "c", "7", ".", "..", ";x", "%2F", "%2e", "%61",
     "%0a", "%00", "%ff", "%", "%C3%A9", "%5C", "\\", "A", "-", "@", ":"]
)  # fmt: skip
TARGETS = st.lists(ALPHABET, max_size=8).map(lambda pieces: "/" + "".join(pieces))
METHODS = st.sampled_from(["GET", "HEAD", "POST", "DELETE", "OPTIONS", "get", "FOO", "WEBSOCKET"])


@settings(max_examples=1_000)
@given(METHODS, TARGETS)
@example("GET", "/admin%0a")
@example("GET", "/admin\n")
@example("GET", "/ADMIN")
@example("GET", "/admin;x")
@example("GET", "/./admin")
@example("GET", "//admin")
def test_every_target_has_one_meaning(method, raw_path):
    target, params = SITE.match(method, raw_path)

    if isinstance(target, Route):
        # Decoding the target, or encoding it in full, leads to the same route and values.
        spelled = "/".join(
            "".join(f"%{octet:02X}" for octet in part.encode())
            for part in map(unquote, raw_path.split("/"))
        )
        assert SITE.match(method, spelled) == (target, params)
        assert method in target.methods or method == "HEAD"
        for value in (params or {}).values():
            assert value not in {"", ".", ".."}
        if "rest" in (params or {}):
            assert ".." not in re.split(r"[/\\]", params["rest"])
    elif target.status == 308:
        assert LOCATION.fullmatch(target.location)
        assert isinstance(SITE.match(method, target.location)[0], Route)
    elif target.status in {405, 204}:
        for allowed in set(target.allow) - {"OPTIONS"}:
            assert isinstance(SITE.match(allowed, raw_path)[0], Route)
    else:
        assert target.status in {400, 404}


@pytest.mark.parametrize(
    ("raw_path", "expected"),
    [
        ("/admin", ("/admin", None)),
        ("/%61dmin", ("/admin", None)),
        ("/admin%0a", 400),
        ("/admin\n", 404),
        ("/admin/", 308),
        ("/ADMIN", 404),
        ("/admin;x", 404),
        ("/./admin", 404),
        ("/x/../admin", 404),
        ("//admin", 404),
        ("/admin%00", 400),
        ("/admin%2F", 404),
        ("/%2561dmin", 404),
    ],
)
def test_a_guarded_path_has_no_second_spelling(raw_path, expected):
    assert look(SITE, "GET", raw_path) == expected


@pytest.mark.parametrize(
    ("prefix", "path", "is_below"),
    [
        ("", "/", True),
        ("/shop", "/shop", True),
        ("/shop", "/shop/", True),
        ("/shop", "/shop/cart/1", True),
        ("/shop", "/shopping", False),
        ("/shop", "/", False),
        ("/{lang}/shop", "/en/shop/cart", True),
        ("/{lang}/shop", "/en", False),
        ("/{lang}/shop", "/en/home", False),
    ],
)
def test_a_prefix_covers_itself_and_what_is_below(prefix, path, is_below):
    assert covers(prefix, path) is is_below


def test_the_error_handlers_of_groups_stand_with_the_longest_prefix_first():
    inner = Router("/b", errors={404: "inner"})
    outer = Router("/a", errors={404: "outer", 410: "outer"})
    hosted = Router("/c", host="api.example.com", errors={404: "hosted"})
    plain = Router("/d")
    for router in (inner, hosted, plain):
        outer.include(router)

    table = outer.compile()

    assert table.covered == [
        ("/a/b", {404: "inner", 410: "outer"}),
        ("/a/d", {404: "outer", 410: "outer"}),
        ("/a", {404: "outer", 410: "outer"}),
    ]
