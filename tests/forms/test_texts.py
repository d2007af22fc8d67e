import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import Struct

from gambrel import Upload
from gambrel.core.http.bodies.forms import FormData
from gambrel.forms.texts import (
    as_input,
    canonical,
    clean,
    count_rows,
    rows_of,
    texts_of_form,
    texts_of_object,
)
from tests.forms.shop import GOOD, form_of, sent, sent_order

FIELDS = form_of().definition.fields


def test_names_have_dots():
    assert canonical("items[0][sku]") == canonical("items[0].sku") == "items.0.sku"


def test_an_input_for_a_file_that_was_left_empty_is_absent():
    data = FormData([("a", "1"), ("a", "2"), ("photo", Upload("photo", ""))])

    assert texts_of_form(data) == {"a": ["1", "2"]}


def test_an_object_is_what_the_form_would_send():
    texts = texts_of_object(FIELDS, sent_order({}).value)

    assert {name: found for name, found in texts.items() if found} == {
        **{name: [text] for name, text in GOOD.items()},
        "notes": [""],
        "email": [""],
        "size": ["m"],
        "country": ["de"],
    }


def test_blanks_around_a_line_are_no_part_of_it_and_what_is_no_field_is_left_out():
    cleaned = clean(FIELDS, {"name": [" Ann "], "role": ["admin"], "notes": [" a "]})

    assert cleaned == {"name": ["Ann"], "notes": [" a "]}


def test_rows_are_in_the_order_of_their_numbers():
    sent = {"lines.10.sku": ["B"], "lines.9.sku": ["A"], "lines.x.sku": ["C"], "lines.9": ["D"]}

    assert rows_of(sent, "lines", keeps=False) == [{"sku": ["A"]}, {"sku": ["B"]}]
    assert rows_of({"lines.0.sku": [""]}, "lines", keeps=False) == []
    assert rows_of({"lines.0.sku": [""]}, "lines", keeps=True) == [{"sku": [""]}]


def test_what_html_does_not_send_is_said():
    given = as_input(FIELDS, {"name": [""], "notes": ["a\n\n b"]})

    assert given == {"lines": [], "tags": [], "notes": ["a", "b"], "news": "false"}


@given(
    st.dictionaries(
        st.lists(st.sampled_from(["a", "0", "1", "12", "b", "", "٣", "x1"]), max_size=6).map(
            ".".join
        ),
        st.just(["x"]),
    )
)
def test_rows_are_counted_as_they_are_read(texts):
    counts = count_rows(texts)

    for name in {"a", "b", "a.0.b", "a.1.a", "b.12.a", "x1"}:
        assert counts.get(name, 0) == len(rows_of(texts, name, keeps=True))


def test_a_file_that_is_sent_where_text_is_wanted_is_nothing():
    form = sent_order(dict.fromkeys(("notes", "name", "email"), Upload("notes", "a.txt")))

    assert form["name"].error
    assert (form["notes"].texts, form["email"].texts) == ([], [])
    assert "a.txt" not in form.__html__()


class Place(Struct):
    city: str
    nights: int = 1


class Trip(Struct):
    name: str
    place: Place | None
    other: Place | None = None


@pytest.mark.parametrize(
    "answers",
    [
        {},
        {"place.city": "", "place.nights": ""},
        {"place.city": "", "place.nights": "1", "other.city": "", "other.nights": "1"},
    ],
    ids=["absent", "emptied", "as shown"],
)
def test_a_group_that_was_left_empty_is_none(answers):
    form = sent(("name", "Ann"), *answers.items(), kind=Trip)

    assert form.value == Trip("Ann", None)


def test_of_a_group_that_was_begun_all_is_checked():
    form = sent(("name", "Ann"), ("place.city", ""), ("place.nights", "2"), kind=Trip)

    assert form.errors == {"place.city": ["is required"]}
    form = sent(("name", "Ann"), ("place.city", "Ulm"), ("place.nights", "1"), kind=Trip)
    assert form.value == Trip("Ann", Place("Ulm"))
