import datetime as dt
import enum
from typing import Annotated, Any, Optional

import pytest
from msgspec import Meta, Struct

from gambrel import GambrelError
from gambrel.extend import read_shape
from gambrel.forms.fields import FieldSpec, field, read_fields, words
from tests.forms.shop import form_of


def field_of(kind: Any, default: Any = ...) -> FieldSpec:
    """Return the only field of a class, of some type."""
    spread = {} if default is ... else {"value": default}
    made = type("Made", (Struct,), {"__annotations__": {"value": kind}, **spread})
    [spec] = read_fields(read_shape(made), "test")
    return spec


def test_label_and_help_come_from_the_type_or_the_name():
    named = field_of(Annotated[str, field("E-mail", help="For the receipt.")])
    by_meta = field_of(Annotated[str, Meta(title="Town", description="Where you live.")])

    assert (named.label, named.help) == ("E-mail", "For the receipt.")
    assert (by_meta.label, by_meta.help) == ("Town", "Where you live.")
    assert field_of(str).label == "Value"
    assert words("first_name") == "First name"


@pytest.mark.parametrize(
    ("kind", "widget", "attributes"),
    [
        (str, "text", {}),
        (
            Annotated[str, Meta(min_length=1, max_length=9)],
            "text",
            {"minlength": "1", "maxlength": "9"},
        ),
        (Annotated[str, Meta(max_length=1_000)], "textarea", {"maxlength": "1000"}),
        (Annotated[int, Meta(ge=1, le=9)], "number", {"min": "1", "max": "9"}),
        (Annotated[int, Meta(multiple_of=5)] | None, "number", {"step": "5"}),
        (float, "number", {"step": "any"}),
        (bool, "checkbox", {}),
        (dt.date, "date", {}),
        (dt.time, "time", {}),
        (Annotated[dt.datetime, Meta(tz=False)], "datetime-local", {}),
        (dt.datetime, "text", {}),
        (list[str], "lines", {}),
        (Annotated[str, field(widget="tel", autocomplete="tel")], "tel", {"autocomplete": "tel"}),
    ],
    ids=str,
)
def test_a_type_has_its_widget_and_the_constraints_that_knows(kind, widget, attributes):
    spec = field_of(kind)

    assert (spec.widget, spec.attributes) == (widget, attributes)


def test_a_pattern_is_that_of_the_whole_text_in_html():
    assert field_of(Annotated[str, Meta(pattern="^a$")]).attributes == {"pattern": "^a$"}
    assert field_of(Annotated[str, Meta(pattern="a")]).attributes == {"pattern": ".*(?:a).*"}


def test_choices_are_members_values_or_given():
    class Size(enum.Enum):
        SMALL = "s"
        EXTRA_LARGE = "xl"

    class Labelled(enum.Enum):
        ONE = 1

        @property
        def label(self) -> str:
            return "The one"

    assert field_of(Size).choices == (("s", "Small"), ("xl", "Extra large"))
    assert field_of(Size | None).choices[0] == ("", "")
    assert field_of(Labelled).choices == (("1", "The one"),)
    assert field_of(Annotated[int, field(choices={1: "one"})]).choices == (("1", "one"),)
    assert field_of(list[Size]).widget == "checkboxes"


def test_most_fields_must_be_filled_and_the_others_say_so():
    assert field_of(str).required
    assert field_of(str | None).is_optional
    assert field_of(str, "").is_optional
    assert not field_of(str, "full").is_optional
    assert not field_of(bool, False).is_optional


def test_a_value_is_shown_as_the_input_sends_it():
    assert field_of(dt.date).texts_of(dt.date(2026, 1, 31)) == ["2026-01-31"]
    assert field_of(bool).texts_of(True) == ["on"]
    assert field_of(bool).texts_of(False) == []
    assert field_of(list[int]).texts_of([1, 2]) == ["1\n2"]
    assert field_of(int | None).texts_of(None) == []


@pytest.mark.parametrize("kind", [dict[str, str], int | str, list[list[int]], bytes])
def test_what_no_input_can_send_is_told_at_the_start(kind):
    with pytest.raises(GambrelError, match=r"forms\.field"):
        field_of(kind)


class Tree(Struct):
    below: Optional["Tree"] = None


def test_a_class_that_holds_itself_has_no_end():
    with pytest.raises(GambrelError, match="holds itself"):
        form_of(Tree)


def test_there_is_no_other_widget():
    with pytest.raises(GambrelError, match=r"forms\.widget"):
        field(widget="slider")
