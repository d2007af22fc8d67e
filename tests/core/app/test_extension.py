from typing import Any

import pytest

from gambrel.core.app.extension import Extension, order_extensions
from gambrel.core.app.setup import Setup
from gambrel.core.http.errors import GambrelError


class Sample:
    settings: Any = None

    def __init__(self, name: str, *requires: str) -> None:
        self.name = name
        self.requires = requires

    def install(self, setup: Setup) -> None:
        setup.response_header(f"x-{self.name}", "1")


def names(extensions: list[Extension]) -> list[str]:
    return [extension.name for extension in extensions]


def test_extensions_without_requirements_keep_their_order() -> None:
    assert names(order_extensions([Sample("b"), Sample("a")])) == ["b", "a"]


def test_a_requirement_is_installed_before_who_requires_it() -> None:
    ordered = order_extensions([Sample("admin", "auth"), Sample("auth", "db"), Sample("db")])

    assert names(ordered) == ["db", "auth", "admin"]


def test_defaults_come_first_and_are_replaced_by_name() -> None:
    own = Sample("hosts")

    ordered = order_extensions([Sample("blog"), own], [Sample("hosts"), Sample("limits")])

    assert names(ordered) == ["limits", "blog", "hosts"]
    assert ordered[2] is own


def test_the_same_name_twice_is_refused() -> None:
    with pytest.raises(GambrelError, match="'db' is installed twice"):
        order_extensions([Sample("db"), Sample("db")])


def test_a_missing_requirement_is_named_with_its_chain_and_the_nearest_name() -> None:
    with pytest.raises(GambrelError) as caught:
        order_extensions([Sample("admin", "auth"), Sample("auth", "dbs"), Sample("db")])

    assert caught.value.code == "extension.missing"
    assert "did you mean 'db'?" in caught.value.what
    assert caught.value.where == "admin -> auth -> dbs"


def test_a_missing_requirement_nobody_resembles_is_only_named() -> None:
    with pytest.raises(GambrelError, match="'cache', which is not installed") as caught:
        order_extensions([Sample("pages", "cache")])

    assert "did you mean" not in str(caught.value)


def test_a_circle_of_requirements_is_shown() -> None:
    with pytest.raises(GambrelError, match="require each other\n  where: a -> b -> a"):
        order_extensions([Sample("a", "b"), Sample("b", "a")])


@pytest.mark.parametrize("thing", [Sample, object(), "db"])
def test_what_is_no_extension_is_refused(thing: Any) -> None:
    with pytest.raises(GambrelError, match="is not an extension"):
        order_extensions([thing])
