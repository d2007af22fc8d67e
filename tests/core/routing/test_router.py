from types import ModuleType

import pytest

from gambrel.core.http.errors import GambrelError
from gambrel.core.routing.converters import Converter
from gambrel.core.routing.declared import rule
from gambrel.core.routing.router import Router


def handler():
    """Stand for any handler."""


def test_a_decorator_returns_the_function_itself():
    router = Router()

    assert router.get("/")(handler) is handler


@pytest.mark.parametrize(
    "verb", ["get", "post", "put", "patch", "delete", "head", "options", "query"]
)
def test_every_verb_declares_its_method(verb):
    router = Router()

    getattr(router, verb)("/x", summary="S")(handler)

    route = router.compile().routes[0]
    assert route.methods == (verb.upper(),)
    assert route.options.summary == "S"


def test_route_takes_several_methods_in_any_case():
    router = Router()
    router.route("/x", methods=["get", "POST"])(handler)

    assert router.compile().routes[0].methods == ("GET", "POST")


def test_a_table_of_rules_is_the_same_as_decorators():
    router = Router("/api", routes=[rule("/x", handler, ["PUT"], name="x")])

    route = router.compile().routes[0]

    assert (route.pattern.text, route.methods, route.name) == ("/api/x", ("PUT",), "x")
    assert route.where.startswith("tests/core/routing/test_router.py:")


def test_a_route_knows_where_it_was_declared():
    router = Router()
    router.add("/x", handler)

    assert router.compile().routes[0].where.startswith("tests/core/routing/test_router.py:")


def test_an_empty_path_is_the_prefix_itself():
    router = Router("/users")
    router.get("")(handler)

    assert router.compile().routes[0].pattern.text == "/users"


def test_groups_pass_on_prefix_namespace_and_options():
    inner = Router("/posts", name="posts", tags=["posts"], middleware=["b"], errors={404: "in"})
    inner.get("/{id}", tags="one", name="post", middleware=["c"])(handler)
    outer = Router("/blog", tags=("blog",), middleware=["a"], deadline=5, hidden=True)
    outer.include(inner, "/v", hidden=False, errors={404: "out", 500: "out"})
    root = Router()
    root.include(outer, name="b")

    route = root.compile().routes[0]

    assert route.pattern.text == "/blog/v/posts/{id}"
    assert route.name == "b:posts:post"
    assert route.namespace == "b:posts"
    assert route.options.tags == ("blog", "posts", "one")
    assert route.options.middleware == ("a", "b", "c")
    assert route.options.errors == {404: "in", 500: "out"}
    assert route.options.deadline == 5
    assert route.options.hidden is False


def test_a_router_is_included_twice_under_two_names():
    shop = Router(name="shop")
    shop.get("/{id}", name="item")(handler)
    root = Router()
    root.include(shop, "/a", name="a")
    root.include(shop, "/b", name="b")
    root.compile()

    assert root.url_for("a:item", id=1) == "/a/1"
    assert root.url_for("b:item", id=1) == "/b/1"


def test_converters_belong_to_their_router_and_those_inside():
    hexadecimal = Converter(lambda text: int(text, 16), "{:x}".format)
    inner = Router("/in")
    inner.get("/{n:hex}", name="n")(handler)
    root = Router(converters={"hex": hexadecimal})
    root.include(inner)
    table = root.compile()

    assert table.match("GET", "/in/ff")[1] == {"n": 255}
    assert root.url_for("n", n=255) == "/in/ff"
    with pytest.raises(GambrelError, match="unknown converter"):
        Router(routes=[rule("/{n:hex}", handler)]).compile()


def test_a_declaration_after_the_build_is_refused():
    inner = Router()
    root = Router()
    root.include(inner)
    root.compile()

    with pytest.raises(GambrelError, match=r"routing\.frozen") as caught:
        inner.get("/late")(handler)

    assert "test_router.py" in caught.value.where


def test_a_url_before_the_build_is_refused():
    with pytest.raises(GambrelError, match=r"routing\.not-built"):
        Router().url_for("x")


@pytest.mark.parametrize("prefix", ["x", "/x/", "/"])
def test_a_bad_prefix_is_refused(prefix):
    with pytest.raises(GambrelError, match=r"routing\.prefix"):
        Router(prefix)


def test_a_module_is_included_by_its_router():
    module = ModuleType("shop.books")
    module.books = Router("/books")

    with pytest.raises(GambrelError) as caught:
        Router().include(module)

    assert caught.value.code == "routing.include"
    assert caught.value.hint == "give its router: `include(books.books)`"
    with pytest.raises(GambrelError, match="'/books' is no router"):
        Router().include("/books")


def test_a_mistyped_option_is_refused_with_the_right_one():
    with pytest.raises(GambrelError, match="use summary"):
        Router().get("/", sumary="x")


def test_classes_are_handlers_of_the_methods_they_have():
    router = Router()

    @router.route("/items", tags=["items"])
    class Items:
        def get(self): ...
        def post(self): ...

    routes = router.compile().routes

    assert [route.methods for route in routes] == [("GET",), ("POST",)]
    assert all(route.options.tags == ("items",) for route in routes)


def test_raw_apps_and_externals_are_routes_of_their_kind():
    router = Router("/in")
    router.raw("/asgi", handler)
    router.external("docs", "https://docs.example.com/{page}")
    table = router.compile()

    assert table.match("BREW", "/in/asgi")[0].kind == "asgi"
    assert table.match("GET", "/{page}")[0].status == 404
    assert router.url_for("docs", page="a b") == "https://docs.example.com/a%20b"
