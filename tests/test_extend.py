import gambrel.extend
from gambrel.extend import Extension, Setup
from gambrel.testing import build


class Small:
    name = "small"
    requires = ()
    settings = None

    def install(self, setup: Setup) -> None:
        setup.response_header("x-small", "1")


def test_everything_the_door_names_is_there() -> None:
    assert [name for name in gambrel.extend.__all__ if not hasattr(gambrel.extend, name)] == []


def test_any_object_of_that_shape_is_an_extension() -> None:
    assert isinstance(Small(), Extension)
    assert ("x-small", "1") in build(Small()).build().bake(200, "text/plain").pairs
