import keyword

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gambrel.client.typed.names import Names, class_name, variable_name


@pytest.mark.parametrize(
    ("text", "variable", "kind"),
    [
        ("order-id", "order_id", "OrderId"),
        ("orderId", "order_id", "OrderId"),
        ("class", "class_", "Class"),
        ("list", "list_", "List"),
        ("self", "self_", "Self"),
        ("id", "id", "Id"),
        ("2nd", "n2nd", "N2nd"),
        ("\u00e9", "n", "N"),
    ],
)
def test_names_are_those_of_python(text: str, variable: str, kind: str):
    assert (variable_name(text), class_name(text)) == (variable, kind)


@given(st.text())
def test_whatever_is_given_can_be_written(text: str):
    for name in (variable_name(text), class_name(text)):
        assert name.isidentifier()
        assert name.isascii()
        assert not keyword.iskeyword(name)


def test_a_name_is_given_once():
    names = Names("a")

    assert [names.give("a"), names.give("a"), names.give("b")] == ["a2", "a3", "b"]
