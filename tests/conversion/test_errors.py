import msgspec
import pytest

from gambrel.conversion.errors import Fault, GambrelError, InvalidError


def test_an_error_says_what_where_and_what_to_type() -> None:
    error = GambrelError("a.code", "what happened", "app.py:3", "type this")

    assert str(error).splitlines() == [
        "[a.code] what happened",
        "  where: app.py:3",
        "  hint: type this",
    ]


def test_an_unknown_place_is_left_out() -> None:
    assert str(GambrelError("a.code", "what happened")) == "[a.code] what happened"


def test_a_fault_calls_its_location_in() -> None:
    fault = Fault(location="body", path="items[0].qty", message="must be 1", code="range")

    assert msgspec.to_builtins(fault)["in"] == "body"


@pytest.mark.parametrize(
    ("path", "pointer"),
    [
        ("name", "/name"),
        ("items[0].qty", "/items/0/qty"),
        ("x-key", "/x-key"),
        ('["a/b"]["m~n"][0][""]', "/a~1b/m~0n/0/"),
        ("", ""),
    ],
)
def test_a_fault_points_to_its_path(path: str, pointer: str) -> None:
    assert Fault("query", path, "is taken", "taken").pointer == pointer


def test_a_pointer_of_its_own_is_kept() -> None:
    assert Fault("body", "a", "is taken", "taken", "/b").pointer == "/b"


def test_an_invalid_input_keeps_its_faults() -> None:
    fault = Fault("query", "a", "is required", "missing")

    assert InvalidError([fault]).faults == [fault]
