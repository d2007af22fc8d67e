import datetime
import enum
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any, Literal

import msgspec
import pytest

from gambrel.settings.secret import Secret
from gambrel.settings.values import (
    Env,
    fields_of,
    from_text,
    from_value,
    is_section,
    secrets_in,
    show,
    to_table,
)

PASSWORD = Secret("p")


class Colour(enum.Enum):
    RED = "red"


@dataclass
class Pool:
    size: int = 5
    password: Secret = PASSWORD


class Server(msgspec.Struct):
    port: Annotated[int, Env("PORT"), msgspec.Meta(description="where it listens")]
    names: list[str] = msgspec.field(default_factory=list)
    pool: Pool = msgspec.field(default_factory=Pool)


@pytest.mark.parametrize(
    ("text", "annotation", "value"),
    [
        ("5", int, 5),
        ("on", bool, True),
        ("2.5", float, 2.5),
        ("a,b", str, "a,b"),
        ("[x]", str, "[x]"),
        ("red", Colour, Colour.RED),
        ("b", Literal["a", "b"], "b"),
        ("a, b,", list[str], ["a", "b"]),
        ("a\nb", tuple[str, ...], ("a", "b")),
        ('["a,b"]', list[str], ["a,b"]),
        ("", list[str], []),
        ("", int | None, None),
        ("5", int | None, 5),
        ("1,2", list[int] | None, [1, 2]),
        ("x/y", Path, Path("x/y")),
        ("[s]", Secret, Secret("[s]")),
        ("s,t", list[Secret], [Secret("s"), Secret("t")]),
        ('["s"]', list[Secret], [Secret("s")]),
        ('{"a": 1}', dict[str, int], {"a": 1}),
        ('{"size": 1}', Pool | None, Pool(1)),
        ("PT3S", datetime.timedelta, datetime.timedelta(seconds=3)),
    ],
)
def test_text_becomes_a_value(text: str, annotation: Any, value: object) -> None:
    assert from_text(text, annotation) == value


@pytest.mark.parametrize(
    ("text", "annotation"),
    [
        ("five", int),
        ("nan", float),
        ("maybe", bool),
        ("c", Literal["a", "b"]),
        ("1,x", list[int]),
        ("[1", list[int]),
        ("x", dict[str, int]),
        ("", int),
        ("0", Annotated[int, msgspec.Meta(ge=1)]),
    ],
)
def test_other_text_is_refused_without_being_quoted(text: str, annotation: Any) -> None:
    with pytest.raises(ValueError, match=r"^(?!.*five).+"):
        from_text(text, annotation)


@pytest.mark.parametrize(
    ("value", "annotation"),
    [
        ("five", Colour),
        ("five\n - at `x`", Colour),
        (["five"], list[Colour]),
        ({"a": {"five": 1}}, dict[str, dict[Colour, int]]),
    ],
)
def test_other_values_are_refused_without_being_quoted(value: object, annotation: Any) -> None:
    with pytest.raises(ValueError, match=r"^must be one of its choices( - at `.*)?$"):
        from_value(value, annotation)


@pytest.mark.parametrize(
    ("value", "annotation", "made"),
    [
        (3, float, 3.0),
        ("s", Secret, Secret("s")),
        ([Secret("s")], list[Secret], [Secret("s")]),
        ("x", Path | None, Path("x")),
        (Path("x"), Path, Path("x")),
        (Pool(2), Pool, Pool(2)),
    ],
)
def test_a_value_of_a_table_becomes_what_the_annotation_says(
    value: object, annotation: Any, made: object
) -> None:
    assert from_value(value, annotation) == made


@pytest.mark.parametrize(
    ("value", "annotation"), [("5", int), (5, str), (5, Secret), (5, Path), ("x", bytearray)]
)
def test_a_value_of_another_type_is_refused(value: object, annotation: Any) -> None:
    with pytest.raises(ValueError, match=r".+"):
        from_value(value, annotation)


def test_the_fields_of_a_struct_and_of_a_dataclass_are_read() -> None:
    port, names, pool = fields_of(Server)

    assert (port.make_default, port.kind, port.description) == (None, int, "where it listens")
    assert Env("PORT") in port.notes
    assert names.make_default is not None
    assert (names.make_default(), names.notes, names.description) == ([], (), "")
    assert pool.kind is Pool
    assert [field.name for field in fields_of(Pool)] == ["size", "password"]


def test_a_field_the_constructor_does_not_take_is_no_setting() -> None:
    @dataclass
    class Computed:
        a: int = 1
        b: int = field(init=False, default=2)

    assert [f.name for f in fields_of(Computed)] == ["a"]


def test_a_section_is_a_dataclass_or_a_struct() -> None:
    assert is_section(Pool)
    assert is_section(Server)
    assert not is_section(dict)
    assert not is_section(Pool())


def test_a_shown_value_hides_secrets_and_passwords_in_urls() -> None:
    assert show("postgresql://me:s3cret@db/x?a=b@c") == "postgresql://me:***@db/x?a=b@c"
    assert show("redis://:s3:c@db") == "redis://:***@db"
    assert show(["https://u:p@h/", "http://h:80/@x"]) == "https://u:***@h/, http://h:80/@x"
    assert show([Secret("x")]) == "***"
    assert show(5) == "5"
    assert show(Path("instance")) == "instance"


@pytest.mark.parametrize(
    "value", [Secret("1"), [Secret("1")], {"a": Secret("1")}, (3, Secret("1")), {Secret("1")}]
)
def test_secrets_are_found_in_a_value_and_what_it_holds(value: object) -> None:
    assert secrets_in(value) == [Secret("1")]


def test_a_value_without_secrets_has_none() -> None:
    assert secrets_in("secret") == []


def test_a_section_among_arguments_becomes_a_mapping_of_what_it_was_given() -> None:
    arguments = {"server": Server(port=1, pool=Pool(size=7)), "debug": True}

    assert to_table(arguments) == {"server": {"port": 1, "pool": {"size": 7}}, "debug": True}
