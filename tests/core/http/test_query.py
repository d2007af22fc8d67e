from datetime import date
from typing import Any, Literal
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gambrel.core.http.errors import BadRequest, Unprocessable
from gambrel.core.http.query import QueryParams, build_query, parse_query, parse_query_dict
from tests.core.http.complexity import steep

TEXT = st.text(st.characters(exclude_categories=["Cs"]))
FIELDS = st.lists(st.tuples(TEXT, TEXT), max_size=20)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", []),
        ("a=1&b=2", [("a", "1"), ("b", "2")]),
        ("a", [("a", "")]),
        ("a=", [("a", "")]),
        ("=a", [("", "a")]),
        ("a=b=c", [("a", "b=c")]),
        ("&&a=1&", [("a", "1")]),
        ("=a&&b=1&", [("", "a"), ("b", "1")]),
        ("a=1;b=2", [("a", "1;b=2")]),
        ("a+b=c+d", [("a b", "c d")]),
        ("a=%2B%26%3D%20", [("a", "+&= ")]),
        ("caf%C3%A9=%e2%82%ac", [("café", "€")]),
        ("a=100%&b=%zz&c=%4", [("a", "100%"), ("b", "%zz"), ("c", "%4")]),
        ("a=%2541", [("a", "%41")]),
    ],
)
def test_fields_are_read_by_the_url_standard(text: str, expected: list[tuple[str, str]]) -> None:
    assert parse_query(text) == expected
    assert list(parse_query_dict(text).items()) == expected


def test_a_repeated_name_has_the_list_of_its_values() -> None:
    assert parse_query_dict("a=1&b=2&a=3&a=") == {"a": ["1", "3", ""], "b": "2"}
    assert parse_query_dict("a=%31&b=2&a=3&a=") == {"a": ["1", "3", ""], "b": "2"}


@pytest.mark.parametrize("text", ["a=%ff", "%c0%af=1", "a=%ed%a0%80", "a=%e2%82"])
def test_escapes_that_are_not_utf8_are_refused(text: str) -> None:
    for parse in (parse_query, parse_query_dict):
        with pytest.raises(BadRequest, match="UTF-8"):
            parse(text)


@pytest.mark.parametrize("field", ["a=1", "", "%41=+"])
def test_a_thousand_fields_are_the_limit(field: str) -> None:
    for parse in (parse_query, parse_query_dict):
        parse("&".join([field] * 1_000))
        with pytest.raises(BadRequest, match="1000"):
            parse("&".join([field] * 1_001))


@given(FIELDS)
def test_built_fields_parse_to_themselves(fields: list[tuple[str, str]]) -> None:
    assert parse_query(build_query(fields)) == fields


@given(st.text() | st.text("a=&%+;4f", max_size=40) | st.text("a=&", max_size=12))
def test_any_text_parses_or_is_a_bad_request(text: str) -> None:
    try:
        pairs = parse_query(text)
    except BadRequest:
        with pytest.raises(BadRequest):
            parse_query_dict(text)
        return
    expected: dict[str, list[str]] = {}
    for name, value in pairs:
        expected.setdefault(name, []).append(value)
    found = parse_query_dict(text)
    assert {k: v if isinstance(v, list) else [v] for k, v in found.items()} == expected


def test_parsing_is_linear() -> None:
    assert steep(parse_query) == []
    assert steep(parse_query_dict) == []


def test_building_repeats_lists_and_leaves_none_out() -> None:
    fields = {"a": [1, 2], "b": None, "c": True, "d": "x y"}

    assert build_query(fields) == "a=1&a=2&c=true&d=x+y"


def test_params_are_a_mapping_of_first_values() -> None:
    params = QueryParams("a=1&b=2&a=3")

    assert dict(params) == {"a": "1", "b": "2"}
    assert params["a"] == "1"
    assert params.get_all("a") == ["1", "3"]
    assert params.pairs() == (("a", "1"), ("b", "2"), ("a", "3"))
    assert str(params) == "a=1&b=2&a=3"
    assert len(params) == 2
    assert "c" not in params


def test_params_are_values() -> None:
    assert QueryParams("a=1") == QueryParams([("a", "1")])
    assert hash(QueryParams("a=1")) == hash(QueryParams([("a", "1")]))
    assert QueryParams("a=1") != QueryParams("a=2")
    assert QueryParams("a=1") != {"a": "1"}
    assert repr(QueryParams("a=+")) == "QueryParams('a=+')"


def test_replacing_keeps_the_other_fields() -> None:
    params = QueryParams("q=x&page=2&tag=a&tag=b")

    assert str(params.replace(page=3)) == "q=x&tag=a&tag=b&page=3"
    assert str(params.replace(tag=None, page=None)) == "q=x"


@pytest.mark.parametrize(
    ("text", "wanted", "expected"),
    [
        ("42", int, 42),
        ("-1", int, -1),
        ("0", int, 0),
        ("1.5", float, 1.5),
        ("1e3", float, 1000.0),
        ("true", bool, True),
        ("0", bool, False),
        ("2026-01-02", date, date(2026, 1, 2)),
        (
            "12345678-1234-5678-1234-567812345678",
            UUID,
            UUID(int=0x12345678123456781234567812345678),
        ),
        ("x", str, "x"),
        ("asc", Literal["asc", "desc"], "asc"),
    ],
)
def test_a_typed_get_converts(text: str, wanted: Any, expected: object) -> None:
    assert QueryParams([("x", text)]).get("x", type=wanted) == expected


@pytest.mark.parametrize("wanted", [int, float])
@pytest.mark.parametrize(
    "text",
    ["", " 1", "1 ", "+1", "1_000", "١٢٣", "0x10", "nan", "inf", "-", "1,0", "--1", "9" * 100, "²"],
)
def test_a_number_has_one_spelling(text: str, wanted: Any) -> None:  # T-C33-3
    with pytest.raises(Unprocessable):
        QueryParams([("x", text)]).get("x", type=wanted)


@pytest.mark.parametrize("text", ["1e3", "1.0", "010", "-0", "00"])
def test_an_integer_is_only_digits(text: str) -> None:
    with pytest.raises(Unprocessable) as caught:
        QueryParams([("x", text)]).get("x", type=int)

    fault = caught.value.faults[0]
    assert (fault.location, fault.path, fault.code, fault.pointer) == ("query", "x", "type", "/x")


def test_an_infinite_number_is_refused() -> None:
    with pytest.raises(Unprocessable):
        QueryParams("x=1e999").get("x", type=float)


def test_a_typed_get_refuses_a_repeated_name() -> None:  # T-C33-2
    with pytest.raises(Unprocessable) as caught:
        QueryParams("x=1&x=2").get("x", type=int)

    assert caught.value.faults[0].code == "duplicate"


def test_a_missing_name_gives_the_default() -> None:
    params = QueryParams("")

    assert params.get("x") is None
    assert params.get("x", "d") == "d"
    assert params.get("x", 1, type=int) == 1


@given(st.integers(-(10**18), 10**18))
def test_every_integer_comes_back(number: int) -> None:
    assert QueryParams({"x": str(number)}.items()).get("x", type=int) == number
