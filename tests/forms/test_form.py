import datetime as dt
from decimal import Decimal
from typing import Annotated

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import Struct

from gambrel import GambrelError, Upload
from gambrel.core.http.bodies.forms import FormData
from gambrel.forms import FormField, HTMLForm, field
from gambrel.forms.extension import define
from tests.core.http.complexity import count_steps
from tests.forms.shop import GOOD, Address, Colour, Line, Order, form_of, sent, sent_order


def test_what_was_sent_is_an_object():
    form = sent_order({"day": "2026-01-31", "price": "1.50", "notes": "a\r\n\r\nb", "tags": "r"})

    assert form.faults == []
    assert (form.status, form.is_sent) == (200, True)
    assert form.value == Order(
        "Ann",
        Address("Main", "Ulm"),
        [Line("TEA", 2)],
        Colour.DARK_BLUE,
        [Colour.RED],
        ["a", "b"],
        day=dt.date(2026, 1, 31),
        price=Decimal("1.50"),
    )


def test_a_form_that_was_not_sent_has_no_value_and_shows_its_defaults():
    form = form_of()

    assert (form.value, form.faults, form.status, form.is_sent) == (None, [], 200, False)
    assert (form["news"].texts, form["country"].texts, form["name"].texts) == (["on"], ["de"], [])


def test_every_fault_is_told_at_its_field():
    form = sent_order(
        {"name": "A", "address.city": "x" * 11, "lines.0.quantity": "0", "colour": "q"}
    )

    assert form.value is None
    assert form.status == 422
    assert {name: form[name].error for name in form.errors} == {
        "name": "must have at least 2 characters",
        "address.city": "must have at most 10 characters",
        "lines.0.quantity": "must be at least 1",
        "colour": "is none of the choices",
    }
    assert form["address.city"].texts == ["x" * 11]


@pytest.mark.parametrize("name", ["name", "address.street", "colour", "lines.0.sku"])
@pytest.mark.parametrize("text", [None, "", "  "])
def test_what_must_not_be_empty_is_missing(name, text):
    form = sent_order({name: text})

    if name == "colour" and text == "  ":
        assert form[name].error == "is none of the choices"
    else:
        assert form[name].error == "is required"


def test_a_box_that_is_not_ticked_is_false_whatever_its_default():
    assert sent_order({"news": None}).value.news is False
    assert sent_order({"news": "on"}).value.news is True


def test_a_group_that_may_be_absent_is_none_where_it_is_empty():
    assert sent_order({"other.street": "", "other.city": " "}).value.other is None
    assert sent_order({"other.street": "Side"}).errors == {"other.city": ["is required"]}


def test_a_choice_that_the_type_would_take_is_refused_where_it_is_none():
    form = sent_order({"country": "xx"})

    assert form.errors == {"country": ["is none of the choices"]}


def test_choices_are_looked_at_where_other_fields_are_wrong_as_well():
    form = sent_order({"country": "xx", "name": "A"})

    assert form.errors == {
        "name": ["must have at least 2 characters"],
        "country": ["is none of the choices"],
    }


def test_blank_rows_are_left_out_and_the_rest_is_numbered_anew():
    rows = {f"lines.{n}.{key}": "" for n in (0, 3) for key in ("sku", "quantity")}
    form = sent_order({**rows, "lines.7.sku": "milk", "lines.7.quantity": "1"})

    assert form.errors == {"lines.0.sku": ["must match the pattern ^[A-Z]+$"]}
    assert [row.name for row in form["lines"].rows] == ["lines.0"]
    assert form["lines.0.sku"].texts == ["milk"]


def test_names_with_brackets_mean_the_same():
    bracketed = {"lines[0][sku]": "TEA", "lines[0].quantity": "2", "address[street]": "Main"}
    dotted = {"lines.0.sku", "lines.0.quantity", "address.street"}
    rest = {name: text for name, text in GOOD.items() if name not in dotted}

    assert sent(*rest.items(), *bracketed.items()).value == sent_order({}).value


def test_no_rows_are_an_empty_list():
    empty = {"lines.0.sku": None, "lines.0.quantity": None}

    assert sent_order(empty).value.lines == []


def test_a_button_adds_a_row_and_another_takes_one_away_before_anything_is_checked():
    added = sent_order({"name": "", "_add": "lines"})
    removed = sent_order({"lines.1.sku": "ICE", "lines.1.quantity": "1", "_remove": "lines.0"})

    assert (added.value, added.faults, added.status) == (None, [], 200)
    assert [row.name for row in added["lines"].rows] == ["lines.0", "lines.1"]
    assert (removed.value, removed.faults) == (None, [])
    assert [row.name for row in removed["lines"].rows] == ["lines.0"]
    assert removed["lines.0.sku"].texts == ["ICE"]


def test_a_file_is_passed_on_and_an_input_without_one_is_none():
    tea = Upload("photo", "tea.png")
    tea.size = 3

    assert sent(*GOOD.items(), ("photo", tea)).value.photo is tea
    assert sent(*GOOD.items(), ("photo", Upload("photo", ""))).value.photo is None
    assert sent_order({"photo": "text"}).errors == {"photo": ["must be a file"]}


def test_a_form_begins_with_an_object_and_tells_what_has_changed():
    order = sent_order({}).value
    form = form_of()
    form.fill(order)
    assert form["address.city"].texts == ["Ulm"]
    assert form["lines.0.quantity"].texts == ["2"]
    assert form["colour"].texts == ["b"]

    again = sent_order({"name": "Bob"})
    again.fill(order)
    assert again["name"].texts == ["Bob"]
    assert again.changed == {"name"}
    assert form.changed == frozenset()


def test_a_handler_may_refuse_what_no_type_can_know():
    form = sent_order({})
    form.refuse("name", "is taken")
    form.refuse("", "The shop is closed.")

    assert (form.value, form.status) == (None, 422)
    assert form["name"].error == "is taken"
    assert form.errors[""] == ["The shop is closed."]


def test_a_rule_of_the_whole_class_is_a_fault_of_the_form():
    class Span(Order):
        def __post_init__(self) -> None:
            if self.name == "Ann":
                raise ValueError("Ann is not welcome")

    form = sent(*GOOD.items(), kind=Span)

    assert form.errors == {"": ["Ann is not welcome"]}


def test_a_field_that_is_not_there_is_a_key_error():
    with pytest.raises(KeyError):
        form_of()["nothing"]


NAMES = st.sampled_from(
    [*GOOD, "lines.1.sku", "lines.x.sku", "lines", "address", "_add", "_remove", ""]
)
TEXTS = st.one_of(st.text(max_size=5), st.sampled_from(["lines", "lines.0", "a\x00", "9" * 30]))


@given(st.lists(st.tuples(NAMES, TEXTS), max_size=30))
def test_whatever_is_sent_is_a_value_or_faults_and_can_be_shown(pairs):
    form = sent(*pairs)

    assert not (form.value is not None and form.faults)
    assert form.__html__().count("<fieldset") == form.__html__().count("</fieldset>")


def test_a_form_of_a_thousand_fields_costs_no_more_than_its_size():
    """T-C18: rows without end, each wrong."""

    def steps(count: int) -> int:
        rows = [(f"lines.{n}.sku", "a") for n in range(count)]
        return count_steps(lambda _: sent(*GOOD.items(), *rows).__html__(), "")

    assert steps(800) < 6 * steps(200)


class Choosing(Struct):
    kind: Annotated[str, field("Kind", choices={"a": "A", "b": "B"})]
    name: str = ""


def test_choices_that_a_handler_sets_hold_for_the_whole_form():
    form = HTMLForm(define(Choosing))
    form["kind"].choices = {"z": "Zed"}

    assert form["kind"].choices == (("z", "Zed"),)
    assert '<option value="z">Zed</option>' in form.__html__()
    assert '"a"' not in form.__html__()


def test_a_choice_that_is_none_leaves_the_select_with_nothing_chosen():
    form = HTMLForm(define(Choosing))
    form.read(FormData([("kind", "zz")]))

    assert '<option value=""></option>' in form.__html__()


@pytest.mark.parametrize(("sent", "is_known"), [("z", True), ("a", False), ("", False)])
def test_what_was_sent_is_checked_against_choices_that_a_handler_sets(sent, is_known):
    form = HTMLForm(define(Choosing))
    form.read(FormData([("kind", sent)]))
    form.refuse("name", "is taken")
    form["kind"].choices = (("z", "Zed"),)

    assert bool(form["kind"].error) is not is_known
    assert form["name"].error == "is taken"
    assert form.value is None


class Part(Struct):
    name: str = ""


class Unit(Struct):
    parts: list[Part]


class Machine(Struct):
    units: list[Unit]


def test_the_rows_of_many_rows_are_counted_once():
    def steps(count: int) -> int:
        form = HTMLForm(define(Machine))
        form.read(FormData([(f"units.{n}.parts.0.name", "x") for n in range(count)]))

        def parts_of(_: str) -> list[list[FormField]]:
            return [parts.sent_rows for unit in form["units"].sent_rows for parts in unit.fields]

        assert len(parts_of("")) == count
        return count_steps(parts_of, "")

    assert steps(400) < 5 * steps(100)


def test_a_fault_of_a_field_that_is_not_there_is_a_mistake():
    form = sent_order({})

    with pytest.raises(GambrelError, match=r"forms\.no-field.*'naem'(?s:.*)did you mean 'name'\?"):
        form.refuse("naem", "is taken")
    with pytest.raises(GambrelError, match="it has 'name', 'address'"):
        form.refuse("qqq", "is taken")
    form.refuse("lines[0].sku", "is sold out")
    form.refuse("tags.1", "is none of ours")
    assert set(form.errors) == {"lines.0.sku", "tags"}
