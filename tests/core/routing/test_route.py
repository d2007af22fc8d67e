import pytest

from gambrel.core.http.errors import GambrelError
from gambrel.core.routing.route import RouteOptions, caller, merge_options, read_options
from gambrel.core.routing.router import Router


def handler():
    """Stand for any handler."""


def test_sequences_become_tuples_and_single_values_too():
    given = read_options({"tags": ["a", "b"], "middleware": handler, "summary": "s"}, "")

    assert given == {"tags": ("a", "b"), "middleware": (handler,), "summary": "s"}


def test_an_unknown_option_names_the_place_and_a_near_one():
    with pytest.raises(GambrelError, match="'statuss'") as caught:
        read_options({"statuss": 201}, "app.py:1")

    assert (caught.value.where, caught.value.hint) == ("app.py:1", "use status")


def test_an_unknown_option_without_a_near_one_can_be_extra():
    with pytest.raises(GambrelError, match="use extra"):
        read_options({"zzz": 1}, "")


def test_a_slash_policy_is_one_of_three():
    with pytest.raises(GambrelError, match="no policy"):
        read_options({"slashes": "append"}, "")


@pytest.mark.parametrize(
    ("given", "what"),
    [
        ({"tags": 3}, "the option tags[0] of a route: Expected `str`, got `int`"),
        ({"status": "201"}, "the option status of a route: Expected `int | null`, got `str`"),
        (
            {"deadline": "soon"},
            "the option deadline of a route: Expected `float | null`, got `str`",
        ),
    ],
)
def test_an_option_of_another_type_is_refused(given, what):
    with pytest.raises(GambrelError) as caught:
        read_options(given, "app.py:3")

    assert (caught.value.code, caught.value.what) == ("routing.option", what)
    assert caught.value.where == "app.py:3"


def test_inner_options_hold_and_collections_add_up():
    outer = {"tags": ("a",), "extra": {"x": 1, "y": 1}, "hidden": True, "deadline": 5.0}
    inner = {"tags": ("b",), "extra": {"y": 2}, "hidden": False}

    merged = merge_options(outer, inner)

    assert merged == {
        "tags": ("a", "b"),
        "extra": {"x": 1, "y": 2},
        "hidden": False,
        "deadline": 5.0,
    }


def test_the_defaults_of_options_are_never_shared():
    assert RouteOptions().extra is not RouteOptions().extra


def test_a_route_names_the_parameters_of_path_and_host():
    router = Router()
    router.add("/{id:int}", handler, host="{tenant}.example.com")

    route = router.compile().routes[0]

    assert route.names == {"id": int, "tenant": None}
    assert repr(route) == "<Route GET /{id:int}>"


def test_the_caller_is_a_file_and_a_line():
    file, _, line = caller().rpartition(":")

    assert file.endswith("tests/core/routing/test_route.py")
    assert line.isdigit()
