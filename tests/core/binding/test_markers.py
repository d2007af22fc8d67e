import pytest

from gambrel.core.binding.markers import Body, Depends, File, Query


def make() -> int:
    return 1


def test_markers_are_values_that_can_be_shared_and_compared():
    assert Query(alias="n") == Query(alias="n")
    assert Query() != Body()
    assert {Depends(make): 1}[Depends(make)] == 1
    assert Depends(make, exit="after") != Depends(make)


def test_what_a_marker_says_is_said_by_name():
    with pytest.raises(TypeError):
        Query("n")  # a default does not belong here

    with pytest.raises(TypeError):
        Depends(make, "app")


def test_a_dependency_lives_for_one_request_unless_it_says_otherwise():
    depends = Depends(make)

    assert (depends.scope, depends.exit, depends.cached, depends.inline) == (
        "request",
        "before",
        True,
        False,
    )
    assert depends.max_concurrency is None


def test_a_file_is_of_any_size_and_type_unless_it_says_otherwise():
    assert (File().max_size, File().content_types) == (None, ())
