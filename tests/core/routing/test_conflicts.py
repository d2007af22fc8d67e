import pytest

from gambrel.core.http.errors import GambrelError
from gambrel.core.routing.router import Router
from gambrel.when import accept, header


def handler():
    """Stand for any handler."""


def declare(*routes):
    """Compile routes given as path, methods and options."""
    router = Router()
    for path, methods, options in routes:
        router.add(path, handler, methods, **options)
    return router.compile()


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (("/a", ["GET"], {}), ("/a", ["GET"], {})),
        (("/{a}", ["GET"], {}), ("/{b:str}", ["PUT", "GET"], {})),
        (("/{a:int}/x", ["GET"], {}), ("/{b:int}/x", ["GET"], {})),
        (("/a", ["GET"], {"host": "{x}.a"}), ("/a", ["GET"], {"host": "{y}.a"})),
        (
            ("/a", ["GET"], {"when": (header("a"), accept("b/c"))}),
            ("/a", ["GET"], {"when": (accept("b/c"), header("a"))}),
        ),
    ],
)
def test_routes_that_cannot_be_told_apart_are_refused_with_both_places(one, other):
    with pytest.raises(GambrelError, match="is declared twice") as caught:
        declare(one, other)

    assert caught.value.code == "routing.conflict"
    assert caught.value.where.count("test_conflicts.py:") == 2


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (("/a", ["GET"], {}), ("/a", ["POST"], {})),
        (("/a", ["GET"], {}), ("/a", ["HEAD"], {})),
        (("/a", ["GET"], {}), ("/a/", ["GET"], {})),
        (("/{a}", ["GET"], {}), ("/{a:int}", ["GET"], {})),
        (("/{a}", ["GET"], {}), ("/{b}", ["POST"], {})),
        (("/a", ["GET"], {}), ("/a", ["GET"], {"host": "a"})),
        (("/a", ["GET"], {}), ("/a", ["GET"], {"when": header("a")})),
    ],
)
def test_routes_that_differ_are_taken(one, other):
    assert len(declare(one, other).routes) == 2


def test_routes_chosen_by_predicates_name_their_parameters_alike():
    with pytest.raises(GambrelError, match="declared twice") as caught:
        declare(("/{a}", ["GET"], {}), ("/{b}", ["GET"], {"when": header("x")}))

    assert "same names" in caught.value.hint


def test_a_name_belongs_to_one_path():
    with pytest.raises(GambrelError, match="two routes are named 'x'") as caught:
        declare(("/a", ["GET"], {"name": "x"}), ("/b", ["GET"], {"name": "x"}))

    assert caught.value.code == "routing.duplicate-name"
    assert caught.value.where.count("test_conflicts.py:") == 2


def test_a_fallback_is_no_conflict_with_a_tail():
    router = Router()
    router.fallback(handler)
    router.add("/{rest:path}", handler)

    assert router.compile().match("GET", "/x")[0].kind == "handler"
