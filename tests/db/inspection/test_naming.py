import keyword

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gambrel.db.inspection.naming import (
    attribute_name,
    class_name,
    free_name,
    plural,
    singular,
    snake_case,
)


@pytest.mark.parametrize(
    ("one", "many"),
    [
        ("album", "albums"),
        ("category", "categories"),
        ("key", "keys"),
        ("class", "classes"),
        ("box", "boxes"),
        ("hero", "heroes"),
        ("address", "addresses"),
        ("status", "statuses"),
        ("person", "people"),
        ("order_detail", "order_details"),
        ("us_state", "us_states"),
        ("series", "series"),
        ("shoe", "shoes"),
        ("analysis", "analyses"),
    ],
)
def test_one_and_many_lead_to_each_other(one, many):
    assert (plural(one), singular(many), singular(one)) == (many, one, one)


@pytest.mark.parametrize(
    ("table", "expected"),
    [
        ("ArtistId", "artist_id"),
        ("Order Details", "order_details"),
        ("HTTPServer", "http_server"),
        ("__x__", "x"),
    ],
)
def test_words_are_found_in_names_of_any_style(table, expected):
    assert snake_case(table) == expected


@pytest.mark.parametrize(
    ("column", "expected"),
    [
        ("class", "class_"),
        ("metadata", "metadata_"),
        ("list", "list_"),
        ("2fa", "column_2fa"),
        ("Größe", "größe"),
        ("€", "column"),
    ],
)
def test_an_attribute_is_a_name_that_a_model_may_have(column, expected):
    assert attribute_name(column) == expected


def test_a_class_is_named_after_one_row_and_by_its_schema_where_two_would_be_alike():
    assert class_name("order_details") == "OrderDetail"
    assert class_name("orders", {"Order"}, "sales") == "SalesOrder"
    assert class_name("none") == "None_"
    assert class_name("日本") == "Table日本"  # which an attribute may be called
    assert class_name("1a") == "Table1a"
    assert class_name("warnings", {"Warning_"}) == "Warning__2"


def test_a_name_that_is_taken_gets_a_number():
    assert free_name(["a", "b"], {"a"}) == "b"
    assert free_name(["a", "b"], {"a", "b", "b_2"}) == "b_3"


@given(st.text(min_size=1))
def test_whatever_a_column_is_called_its_attribute_can_be_written(name):
    attribute = attribute_name(name)

    assert attribute.isidentifier()
    assert not keyword.iskeyword(attribute)


@given(st.text(min_size=1))
def test_whatever_a_table_is_called_its_class_can_be_written(name):
    found = class_name(name)

    assert found.isidentifier()
    assert not keyword.iskeyword(found)
