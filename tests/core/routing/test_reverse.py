import datetime
import enum
import uuid

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from gambrel.core.http.errors import GambrelError
from gambrel.core.routing.router import Router


def handler():
    """Stand for any handler."""


def other():
    """Stand for another handler."""


class Color(enum.Enum):
    RED = "red"


ROUTER = Router()
ROUTER.add("/", handler, name="home")
ROUTER.add("/t/{a}/{b}.{c}/{rest:path}", handler, name="text")
ROUTER.add("/v/{n:int}/{x:float}/{u:uuid}/{d:date}/{k:any(red,blue)}", handler, name="values")
ROUTER.add("/tenant/{page}", handler, name="tenant", host="{tenant}.example.com")
ROUTER.add("/{lang}/x", handler, name="lang", defaults={"lang": lambda: "de"})
ROUTER.mount("/static", handler, name="static")
TABLE = ROUTER.compile()
WORDS = st.text(st.characters(exclude_categories=["C"]), min_size=1)


@given(WORDS, WORDS, WORDS, st.lists(WORDS, min_size=1))
def test_a_url_that_is_built_leads_back_to_its_route_and_values(a, b, c, words):
    rest = "/".join(words)
    assume({".", "..", ""}.isdisjoint([a, b, c, *rest.replace("\\", "/").split("/")]))
    assume("." not in c)

    url = ROUTER.url_for("text", a=a, b=b, c=c, rest=rest)

    target, params = TABLE.match("GET", url)
    assert (target.name, params) == ("text", {"a": a, "b": b, "c": c, "rest": rest})


@given(st.integers(0, 2**63 - 1), st.integers(-100, 100), st.uuids(), st.dates())
def test_typed_values_lead_back_to_themselves(n, x, u, d):
    url = ROUTER.url_for("values", n=n, x=x / 4, u=u, d=d, k=Color.RED)

    assert TABLE.match("GET", url)[1] == {"n": n, "x": x / 4, "u": u, "d": d, "k": "red"}


GOOD = {"n": 1, "x": 1.5, "u": uuid.UUID(int=1), "d": datetime.date(2026, 1, 2), "k": "red"}


@pytest.mark.parametrize(
    "bad",
    [{"n": -1}, {"n": True}, {"n": "x"}, {"n": 2**63}, {"x": float("nan")}, {"u": "x"},
     {"d": datetime.datetime(2026, 1, 2, tzinfo=datetime.UTC)}, {"k": "green"}, {"n": None}],
)  # fmt: skip
def test_a_value_that_would_not_match_is_refused(bad):
    with pytest.raises(GambrelError, match=r"routing\.value"):
        ROUTER.url_for("values", **{**GOOD, **bad})


@pytest.mark.parametrize("bad", ["", ".", "..", None, b"x"])
def test_a_parameter_is_never_empty_or_dots(bad):
    with pytest.raises(GambrelError, match=r"routing\.value"):
        ROUTER.url_for("lang", lang=bad)


@pytest.mark.parametrize("rest", ["/evil.com", "../x", "a//b", "\\evil"])
def test_a_tail_never_climbs_or_becomes_a_host(rest):
    with pytest.raises(GambrelError, match=r"routing\.value"):
        ROUTER.url_for("static", path=rest)


def test_query_and_fragment_are_added():
    url = ROUTER.url_for("home", _query={"q": "a b", "n": 1}, _fragment="top ✓")

    assert url == "/?q=a+b&n=1#top%20%E2%9C%93" or url == "/?q=a%20b&n=1#top%20%E2%9C%93"


def test_a_host_and_scheme_make_it_absolute():
    assert ROUTER.url_for("home", _host="example.com") == "//example.com/"
    assert ROUTER.url_for("home", _host="example.com", _scheme="https") == "https://example.com/"


def test_the_host_of_a_route_is_filled_in():
    url = ROUTER.url_for("tenant", tenant="acme", page="a", _scheme="https")

    assert url == "https://acme.example.com/tenant/a"


@pytest.mark.parametrize("tenant", ["evil.com/", "a.b", "x@y", "é", "a:1", "a b"])
def test_a_host_parameter_is_one_label(tenant):
    with pytest.raises(GambrelError, match="no label of a host"):
        ROUTER.url_for("tenant", tenant=tenant, page="a")


def test_defaults_fill_what_is_left_out():
    assert ROUTER.url_for("lang") == "/de/x"
    assert ROUTER.url_for("lang", lang="en") == "/en/x"
    assert ROUTER.url_for("tenant", page="a", _defaults={"tenant": "t", "x": 1}) == (
        "//t.example.com/tenant/a"
    )


def test_the_root_of_a_mount_has_an_empty_path():
    assert ROUTER.url_for("static", path="") == "/static/"


def test_an_unknown_name_lists_its_neighbours():
    with pytest.raises(GambrelError, match="did you mean 'tenant'"):
        ROUTER.url_for("tennant")


def test_missing_and_unknown_parameters_are_named_together():
    with pytest.raises(GambrelError, match=r"needs a, b, c, rest does not have z") as caught:
        ROUTER.url_for("text", z=1)

    assert caught.value.hint == "url_for('text', a=…, b=…, c=…, rest=…)"


def test_a_handlers_name_is_a_name_until_two_share_it():
    router = Router()
    router.add("/a", handler)
    router.add("/b", other)
    router.add("/c", other)
    router.compile()

    assert router.url_for("handler") == "/a"
    with pytest.raises(GambrelError, match=r"routing\.ambiguous-name"):
        router.url_for("other")


def test_a_relative_name_is_looked_up_outwards():
    blog = Router()
    blog.add("/p", handler, name="post")
    root = Router()
    root.add("/", handler, name="home")
    root.include(blog, "/a", name="a")
    root.include(blog, "/b", name="b")
    root.compile()

    assert root.url_for(":post", _namespace="b") == "/b/p"
    assert root.url_for(":home", _namespace="b") == "/"
    assert root.url_for(":home") == "/"


def test_methods_of_one_path_share_a_name():
    router = Router()
    router.add("/a", handler, ["GET"], name="a")
    router.add("/a", other, ["POST"], name="a")
    router.compile()

    assert router.url_for("a") == "/a"
