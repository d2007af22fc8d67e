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


@pytest.mark.parametrize("name", ["", "a b", "a><script", "1a", "!--", "/p", "a\n"])
def test_what_is_no_name_of_an_element_is_refused(name: str):
    with pytest.raises(ValueError, match="no name of an element"):
        element(name, "x")


@pytest.mark.parametrize("name", ["my-element", "svg:path", "h1", "DIV"])
def test_elements_may_be_called_what_html_allows(name: str):
    assert element(name, "x") == f"<{name}>x</{name}>"


@pytest.mark.parametrize("name", ["script", "style", "SCRIPT"])
def test_text_where_nothing_can_be_escaped_is_refused(name: str):
    for text in ("if (a<b)", "</script>", 1):
        with pytest.raises(ValueError, match="cannot be escaped"):
            element(name, text)

    assert element(name, Markup("a<b"), None) == f"<{name}>a<b</{name}>"
    assert element(name, src="x.js") == f'<{name} src="x.js"></{name}>'


def test_an_element_without_an_end_has_no_children():
    with pytest.raises(ValueError, match="no children"):
        element("br", "text")
    with pytest.raises(ValueError, match="no children"):
        element("BR", "text")
