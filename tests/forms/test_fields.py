import datetime as dt
import enum
from decimal import Decimal
from typing import Annotated, Any, Optional

import pytest
from msgspec import Meta, Struct

from gambrel import FormData, GambrelError
from gambrel.extend import read_shape
from gambrel.forms import HTMLForm
from gambrel.forms.extension import define
from gambrel.forms.fields import FieldSpec, field, read_fields, words
from gambrel.wording import SPEAKER, LazyText
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
        (dt.datetime, "datetime-local", {}),
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


class Tongue:
    """A language that shouts, and writes numbers with a comma."""

    tag, direction = "x", "ltr"

    @property
    def language(self):
        return self

    def translate(self, message, plural="", number=None, context=""):
        return message.upper()

    def explain(self, message):
        return message.upper()

    def read(self, kind, text):
        return text.replace(",", ".") if "." not in text else f"?{text}"

    def write(self, kind, text):
        return text.replace(".", ",")


@pytest.fixture
def tongue():
    token = SPEAKER.set(Tongue())
    yield
    SPEAKER.reset(token)


class Offer(Struct):
    price: Annotated[
        Decimal,
        Meta(ge=1),
        field(LazyText("Price", {}), help=LazyText("In euros.", {}), localized=True),
    ] = Decimal("2.5")
    colour: Annotated[str, field(choices={"r": LazyText("red", {})})] = "r"


def test_labels_help_and_choices_may_be_said_later(tongue):
    html = HTMLForm(define(Offer)).__html__()

    assert '<label for="field-price">PRICE' in html
    assert "IN EUROS." in html
    assert ">RED</option>" in html


def test_members_of_an_enumeration_have_labels_that_are_said_later(tongue):
    class Colour(enum.Enum):
        RED = "r"

        @property
        def label(self) -> LazyText:
            return LazyText("red", {})

    class Dress(Struct):
        colour: Colour

    assert '<option value="r">RED</option>' in HTMLForm(define(Dress)).__html__()


def test_documents_have_them_as_they_were_written():
    notes = [item.shape.notes for item in read_shape(Offer).fields]
    title = [note["title"] for note in notes if "title" in note]

    assert title == ["Price"]


def test_numbers_are_typed_and_shown_in_the_language_where_that_is_wanted(tongue):
    form = HTMLForm(define(Offer))
    assert 'type="text"' in form["price"].__html__()
    assert 'inputmode="decimal"' in form["price"].__html__()
    assert 'value="2,5"' in form["price"].__html__()

    form.fill(Offer(price=Decimal("3.75")))
    assert 'value="3,75"' in form["price"].__html__()
    form.read(FormData([("price", "4,5"), ("colour", "r")]))
    assert form.value == Offer(price=Decimal("4.5"))
    form.read(FormData([("price", "4.5"), ("colour", "r")]))
    assert (form.value, form.errors) == (None, {"price": ["MUST BE A DECIMAL NUMBER"]})
    assert 'value="4.5"' in form["price"].__html__()


def test_without_a_language_they_are_those_of_machines():
    form = HTMLForm(define(Offer))
    form.read(FormData([("price", "4.5"), ("colour", "r")]))

    assert form.value == Offer(price=Decimal("4.5"))
    assert 'value="4.5"' in form["price"].__html__()
