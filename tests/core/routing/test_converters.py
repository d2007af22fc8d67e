import datetime
import uuid

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gambrel.core.routing.converters import BUILT_IN, any_of, expression_of, parse_int


def takes(converter, text):
    try:
        converter.parse(text)
    except ValueError:
        return False
    return True


@pytest.mark.parametrize(
    "text", ["", "-1", "+1", " 1", "1 ", "1_000", "0x7f", "1e3", "1.0", "١٢٣", "²", "1\n"]
)
def test_an_int_is_written_in_ascii_digits_only(text):
    assert not takes(BUILT_IN["int"], text)


def test_an_int_has_at_most_63_bits():
    assert parse_int(str(2**63 - 1)) == 2**63 - 1
    assert not takes(BUILT_IN["int"], str(2**63))
    assert not takes(BUILT_IN["int"], "9" * 5_000)


@pytest.mark.parametrize("text", ["nan", "inf", "-inf", "1e5", ".5", "1.", "--1", "1_0", "1\n"])
def test_a_float_is_a_plain_decimal(text):
    assert not takes(BUILT_IN["float"], text)


@given(st.floats(min_value=-1e12, max_value=1e12))
def test_a_float_that_is_formatted_is_parsed_again(number):
    converter = BUILT_IN["float"]

    text = converter.format(number)

    assert converter.parse(text) == pytest.approx(number, abs=1e-15)


@given(st.uuids())
def test_a_uuid_is_parsed_in_either_case(value):
    assert BUILT_IN["uuid"].parse(str(value)) == value
    assert BUILT_IN["uuid"].parse(str(value).upper()) == value


@pytest.mark.parametrize("wrap", ["{{{}}}", "urn:uuid:{}", "{}\n"])
def test_a_uuid_has_no_other_notation(wrap):
    assert not takes(BUILT_IN["uuid"], wrap.format(uuid.UUID(int=1)))


def test_a_date_is_a_full_iso_date():
    assert BUILT_IN["date"].parse("2026-11-22") == datetime.date(2026, 11, 22)
    assert not takes(BUILT_IN["date"], "20261122")
    assert not takes(BUILT_IN["date"], "2026-02-30")
    assert not takes(BUILT_IN["date"], "2026-W47-7")


def test_a_slug_has_ascii_letters_digits_and_hyphens():
    assert takes(BUILT_IN["slug"], "a-B_9")
    assert not takes(BUILT_IN["slug"], "é")
    assert not takes(BUILT_IN["slug"], "a b")


def test_any_takes_its_words_and_lists_them_in_the_schema():
    converter = any_of("a, b.c,")

    assert takes(converter, "b.c")
    assert not takes(converter, "bxc")
    assert not takes(converter, "")
    assert converter.schema["enum"] == ["a", "b.c"]


@pytest.mark.parametrize("text", ["[a-z]+", r"\d{4}", "a|b", "v[0-9]+-?[a-z]*", r"[^\]]x", r"a\.b"])
def test_a_simple_expression_is_taken(text):
    assert expression_of(text).schema["pattern"] == f"^(?:{text})$"


@pytest.mark.parametrize(
    "text",
    [
        "(a+)+",
        "(a|a)*",
        "a*a*a*a*b",
        r"(a)\1",
        "(?=a)a",
        "a/b",
        "[a-",
        "^a",
        "a$",
        "(?i)a",
        "",
        "a**",
    ],
)
def test_an_expression_that_could_take_long_is_refused(text):
    with pytest.raises(ValueError, match="without groups"):
        expression_of(text)


def test_an_expression_matches_the_whole_of_a_short_segment():
    converter = expression_of("[a-z]+")

    assert takes(converter, "abc")
    assert not takes(converter, "abc\n")
    assert not takes(converter, "abc1")
    assert not takes(converter, "a" * 129)
