import pytest

from gambrel.core.app.points import Declarations, Declared, Point
from gambrel.core.http.errors import GambrelError

COMMANDS: Point[str] = Point("command", key=lambda name: name)
FOLDERS: Point[str] = Point("folder")


def declare(declarations: Declarations, value: str, by: str, **options: bool) -> None:
    declarations.add(COMMANDS, Declared(value, by, f"{by}.py:1"), **options)


def test_values_come_back_in_the_order_of_declaration() -> None:
    declarations = Declarations()

    for folder in ("b", "a", "b"):
        declarations.add(FOLDERS, Declared(folder, "app", "app.py:1"))

    assert declarations.values(FOLDERS) == ["b", "a", "b"]


def test_a_point_without_declarations_is_empty() -> None:
    assert Declarations().get(FOLDERS) == []
    assert Declarations().values(FOLDERS) == []


def test_a_key_declared_twice_is_refused_and_both_places_are_named() -> None:
    declarations = Declarations()
    declare(declarations, "migrate", "db")

    with pytest.raises(GambrelError) as caught:
        declare(declarations, "migrate", "blog")

    assert caught.value.code == "app.declared-twice"
    assert "command 'migrate' is declared twice" in caught.value.what
    assert caught.value.where == "first by db at db.py:1, again by blog at blog.py:1"
    assert "override=True" in caught.value.hint


def test_a_key_of_none_may_be_repeated() -> None:
    point: Point[str] = Point("free", key=lambda value: None)
    declarations = Declarations()

    declarations.add(point, Declared("a", "app", ""))
    declarations.add(point, Declared("a", "app", ""))

    assert declarations.values(point) == ["a", "a"]


def test_an_override_takes_the_place_of_the_first() -> None:
    declarations = Declarations()
    declare(declarations, "migrate", "db")
    declare(declarations, "seed", "db")

    declare(declarations, "migrate", "app", override=True)

    assert [declared.by for declared in declarations.get(COMMANDS)] == ["app", "db"]


def test_an_override_of_nothing_is_refused() -> None:
    with pytest.raises(GambrelError, match="overrides nothing"):
        declare(Declarations(), "migrate", "app", override=True)


def test_a_declaration_after_the_build_is_refused_with_a_remedy() -> None:
    declarations = Declarations()
    declarations.freeze()

    with pytest.raises(GambrelError, match="after the app was built") as caught:
        declare(declarations, "late", "app")

    assert declarations.frozen
    assert "install()" in caught.value.hint


def test_a_label_is_the_name_of_what_has_one() -> None:
    point: Point[type] = Point("provider", key=lambda kind: kind)
    declarations = Declarations()
    declarations.add(point, Declared(dict, "a", ""))

    with pytest.raises(GambrelError, match="provider dict is declared twice"):
        declarations.add(point, Declared(dict, "b", ""))


def test_two_points_of_one_name_are_two_points() -> None:
    other: Point[str] = Point("folder")
    declarations = Declarations()

    declarations.add(FOLDERS, Declared("a", "app", ""))

    assert declarations.values(other) == []
    assert repr(other) == "Point('folder')"
