import ast

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import text

from gambrel.db.inspection.layout import (
    MUTABLE,
    call,
    mapping,
    quoted,
    requoted,
    sql_text,
    tuple_of,
)


def test_a_call_takes_one_line_two_or_one_for_each_argument():
    assert call("f", ["a", "b"], 20) == ["    f(a, b)"]
    assert call("f_that_is_long", ["a", "b"], 20) == [
        "    f_that_is_long(",
        "        a, b",
        "    )",
    ]
    assert call("f", ["a" * 9, "b" * 9], 20) == [
        "    f(",
        f"        {'a' * 9},",
        f"        {'b' * 9},",
        "    )",
    ]


def test_a_mapping_takes_one_line_three_or_one_for_each_item():
    assert mapping("m", "k", ['"a"'], 40) == [f'    m = {{"k": ["a"]}}{MUTABLE}']
    assert mapping("m", "k", ['"a"'], 19) == [
        f"    m = {{{MUTABLE}",
        '        "k": ["a"],',
        "    }",
    ]
    assert mapping("m", "k", ['"a"', '"b"'], 19) == [
        f"    m = {{{MUTABLE}",
        '        "k": [',
        '            "a",',
        '            "b",',
        "        ],",
        "    }",
    ]


@given(st.lists(st.text()))
def test_texts_in_an_expression_stay_what_they_are(texts):
    assert ast.literal_eval(requoted(repr(texts))) == texts


def test_a_tuple_takes_one_line_or_one_for_each_item():
    assert tuple_of("t", [["        a"]], 20) == ["    t = (a,)"]
    assert tuple_of("t", [["        a" * 3], ["        b"]], 20) == [
        "    t = (",
        f"{'        a' * 3},",
        "        b,",
        "    )",
    ]


@given(st.text())
def test_a_text_that_is_written_is_read_again(value):
    assert ast.literal_eval(quoted(value)) == value


@pytest.mark.parametrize("sql", ["'a :b'", "x::text", "'12:30'", ":x", "a:b"])
def test_sql_keeps_its_colons(sql):
    assert str(text(ast.literal_eval(sql_text(sql)))) == sql
