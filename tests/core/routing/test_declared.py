import pytest

from gambrel.core.http.errors import GambrelError, NotFound
from gambrel.core.routing.router import Router
from gambrel.core.routing.versioning import Versioning


def handler():
    """Stand for any handler."""


def compile_one(*arguments, versioning=None, **options):
    router = Router()
    router.add(*arguments, **options)
    return router.compile(versioning)


class Asked:
    """As much of a request as a redirect reads."""

    def __init__(self, params=None, query_string="", **headers):
        self.params = params
        self.query_string = query_string
        self.headers = Fields(headers)


class Fields(dict):
    def get_all(self, name):
        return [self[name]] if name in self else []


def follow(router, raw_path, query_string=""):
    target, params = router.compile().match("GET", raw_path)
    answer = target.handler(Asked(params, query_string))
    return answer.status, answer.headers["location"]


def test_a_version_stands_before_the_whole_path():
    inner = Router("/users", version="1")
    inner.get("/{id}")(handler)
    inner.get("/new", version="2")(handler)
    root = Router("/api")
    root.include(inner)

    assert [r.pattern.text for r in root.compile().routes] == [
        "/v1/api/users/{id}",
        "/v2/api/users/new",
    ]


def test_a_version_can_be_compared_with_a_header():
    router = Router()
    router.add("/x", handler, version="1", name="one")
    router.add("/x", handler, version="2", name="two")
    choice, _ = router.compile(Versioning("header", default="1")).match("GET", "/x")

    assert choice.pick(Asked(**{"x-api-version": "2"})).name == "two"
    assert choice.pick(Asked()).name == "one"
    assert choice.pick(Asked(**{"x-api-version": "3"})).status == 404


def test_a_version_can_be_a_parameter_of_the_accepted_type():
    router = Router()
    router.add("/x", handler, version="1", name="one")
    router.add("/x", handler, version="2", name="two")
    choice, _ = router.compile(Versioning("accept", name="version", default="1")).match("GET", "/x")

    assert choice.pick(Asked(accept="text/html, application/json; version=2; q=0.5")).name == "two"
    assert choice.pick(Asked(accept="application/json")).name == "one"
    assert choice.pick(Asked(accept="application/json; version=9")).status == 406


def test_a_localised_path_is_one_route_per_language():
    router = Router("/{lang}")
    router.add({"en": "/about", "de": "/ueber"}, handler, name="about")
    table = router.compile()

    target, params = table.match("GET", "/de/ueber")

    assert (target.locale, params) == ("de", {"lang": "de"})
    assert table.match("GET", "/en/ueber")[0].status == 404
    assert router.url_for("about", lang="de") == "/de/ueber"


def test_a_localised_path_without_a_prefix_keeps_its_language_on_the_route():
    router = Router()
    router.add({"en": "/info", "de": "/ueber", "fr": "/info"}, handler, name="info")
    table = router.compile()

    assert table.match("GET", "/ueber")[0].locale == "de"
    assert table.match("GET", "/ueber")[1] is None
    assert router.url_for("info", lang="de") == "/ueber"


def test_a_redirect_keeps_parameters_and_query():
    router = Router("/old")
    router.redirect("/{id}/{rest:path}", "/new/{rest:path}/{id}")

    assert follow(router, "/old/a%2Fb/x/%C3%A9", "q=1") == (308, "/new/x/%C3%A9/a%2Fb?q=1")


def test_a_redirect_leads_to_another_site_only_by_its_own_text():
    router = Router()
    router.redirect("/{id}", "https://example.com/{id}", status=301)

    assert follow(router, "/@evil.com") == (301, "https://example.com/@evil.com")


@pytest.mark.parametrize("tail", ["%2Fevil.com", "%5Cevil.com", "..%2Fx"])
def test_a_redirect_never_becomes_a_host(tail):
    router = Router()
    router.redirect("/go/{rest:path}", "/{rest:path}")

    assert router.compile().match("GET", f"/go/{tail}")[0].status == 404


def test_a_redirect_to_what_the_value_cannot_be_is_not_found():
    router = Router()
    router.redirect("/{id}", "/n/{id:int}")

    with pytest.raises(NotFound):
        follow(router, "/abc")


@pytest.mark.parametrize(
    ("to", "status"),
    [("/new/{other}", 308), ("https://{id}.example.com/", 308), ("/new", 200), ("//evil", 308),
     ("evil", 308)],
)  # fmt: skip
def test_a_redirect_that_cannot_work_is_refused(to, status):
    router = Router()
    router.redirect("/{id}", to, status)

    with pytest.raises(GambrelError, match=r"routing\.(redirect|url|pattern)"):
        router.compile()


@pytest.mark.parametrize(
    "host", ["Example.com", "example.com:80", "https://a", "{x:path}.com", "a..b"]
)
def test_a_host_that_never_matches_is_refused(host):
    with pytest.raises(GambrelError, match=r"routing\.pattern"):
        compile_one("/", handler, host=host)


def test_a_handler_that_cannot_be_called_is_refused():
    with pytest.raises(GambrelError, match=r"routing\.handler"):
        compile_one("/", "handler")


def test_a_decorator_without_its_path_says_so():
    with pytest.raises(GambrelError) as caught:
        Router().get(handler)

    assert caught.value.what == "'handler' has no leading slash"
    assert caught.value.hint == 'write the path: ("/handler")'


@pytest.mark.parametrize("path", ["users", {"en": "/users", "de": "nutzer"}])
def test_a_path_without_a_slash_is_refused_when_it_is_declared(path):
    with pytest.raises(GambrelError, match="no leading slash"):
        Router("/api").get(path)


def test_a_method_that_is_none_is_refused():
    with pytest.raises(GambrelError, match=r"routing\.method"):
        compile_one("/", handler, ["GET /x"])


def test_a_router_inside_itself_is_refused():
    router = Router()
    router.include(router)

    with pytest.raises(GambrelError, match="includes itself"):
        router.compile()


def test_an_external_url_needs_a_scheme():
    with pytest.raises(GambrelError, match="no absolute URL"):
        Router().external("x", "//example.com")
