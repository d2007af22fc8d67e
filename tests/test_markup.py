import pytest
from hypothesis import given
from hypothesis import strategies as st

from gambrel.markup import Markup, element, join


def test_an_element_has_attributes_and_children():
    made = element("label", "Name", element("b", "!"), for_="name", class_="wide", hidden=True)

    assert made == '<label for="name" class="wide" hidden>Name<b>!</b></label>'


def test_what_is_none_or_false_is_left_out():
    assert element("input", disabled=False, value=None, type="text") == '<input type="text">'
    assert element("p", None, "a") == "<p>a</p>"


def test_attributes_may_be_given_as_they_are_written():
    made = element("div", attributes={"data-x": 1, "@click": "go"}, aria_label="x")

    assert made == '<div data-x="1" @click="go" aria-label="x"></div>'


def test_markup_is_taken_as_it_is():
    assert join([Markup("<br>"), "<br>", 1]) == "<br>&lt;br&gt;1"
    assert Markup("<b>").__html__() == "<b>"


@given(st.text())
def test_text_and_values_cannot_leave_their_place(text: str):
    made = element("p", text, title=text)

    assert made.count("<") == made.count(">") == 2
    assert made.count('"') == 2
    assert "'" not in made


@pytest.mark.parametrize("name", ["", "a b", "x=y", 'a"', "a>"])
def test_what_is_no_name_of_an_attribute_is_refused(name: str):
    with pytest.raises(ValueError, match="no name"):
        element("p", attributes={name: "x"})


def test_an_element_without_an_end_has_no_children():
    with pytest.raises(ValueError, match="no children"):
        element("br", "text")
