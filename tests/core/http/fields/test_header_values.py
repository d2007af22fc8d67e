import pytest
from hypothesis import given
from hypothesis import strategies as st

from gambrel.core.http.errors import BadRequest
from gambrel.core.http.fields.header_values import (
    content_disposition,
    parse_parameters,
    quote_string,
    render_parameters,
    split_outside_quotes,
    unquote_string,
)
from tests.core.http.complexity import steep

LATIN = st.text([chr(code) for code in (*range(0x20, 0x7F), *range(0xA0, 0x100))])
BREAKING = ["\r", "\n", "\0", "\x0b", "\x1c", "\x7f", "\u2028", "\ud800"]


@given(LATIN.filter(bool))
def test_quoted_text_comes_back(text: str) -> None:
    assert unquote_string(quote_string(text)) == text
    assert unquote_string(quote_string(text, always=True)) == text


@pytest.mark.parametrize("character", BREAKING)
def test_text_that_headers_cannot_carry_is_not_quoted(character: str) -> None:  # T-C04-1
    with pytest.raises(ValueError, match="carry"):
        quote_string(f"a{character}b")


@given(st.lists(LATIN, min_size=1))
def test_quoted_parts_are_split_apart_again(parts: list[str]) -> None:
    quoted = [quote_string(part, always=True) for part in parts]

    assert split_outside_quotes(" , ".join(quoted), ",") == quoted


def test_splitting_trims_blanks_and_keeps_empty_parts() -> None:
    assert split_outside_quotes(" a ,\t,b", ",") == ["a", "", "b"]
    assert split_outside_quotes('a="\\",";b', ";") == ['a="\\","', "b"]


@pytest.mark.parametrize("text", ['"a', 'a"\\"', "a" * 9_000])
def test_a_quoted_string_without_end_is_refused(text: str) -> None:
    with pytest.raises(BadRequest):
        split_outside_quotes(text, ",")


@pytest.mark.parametrize("text", ["a b", '"a', 'a"', '"a"b"', '"a\\"', '"', "é"])
def test_what_is_neither_token_nor_quoted_is_refused(text: str) -> None:
    with pytest.raises(BadRequest):
        unquote_string(text)


def test_parameters_come_back() -> None:
    parameters = {"a": "1", "b": 'x"y\\z; w', "c": "é"}

    assert parse_parameters(split_outside_quotes(render_parameters(parameters), ";")) == parameters


@pytest.mark.parametrize("parts", [["a"], ["a="], ["=a"], ["a=1", "A=2"], ["a b=1"], ["a= 1"]])
def test_malformed_parameters_are_refused(parts: list[str]) -> None:
    with pytest.raises(BadRequest):
        parse_parameters(parts)


def test_a_parameter_needs_a_name() -> None:
    with pytest.raises(ValueError, match="parameter name"):
        render_parameters({"a b": "1"})


def test_splitting_and_unquoting_are_linear() -> None:  # T-C18-1
    assert steep(lambda text: split_outside_quotes(text, ",")) == []
    assert steep(unquote_string, '"', '"') == []
    assert steep(lambda text: parse_parameters(split_outside_quotes(text, ";"))) == []


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("", "attachment"),
        ("a.txt", 'attachment; filename="a.txt"'),
        ("my file.txt", 'attachment; filename="my file.txt"'),
        ("café.txt", "attachment; filename=\"caf_.txt\"; filename*=UTF-8''caf%C3%A9.txt"),
        ('a"b%.txt', "attachment; filename=\"a_b_.txt\"; filename*=UTF-8''a%22b%25.txt"),
        ("a;b.txt", 'attachment; filename="a;b.txt"'),
        ("€'.txt", "attachment; filename=\"_'.txt\"; filename*=UTF-8''%E2%82%AC%27.txt"),
    ],
)
def test_a_file_name_is_sent_plainly_and_exactly(name: str, expected: str) -> None:
    assert content_disposition("attachment", name) == expected


@pytest.mark.parametrize("name", ["a/b", "a\\b", "a\u202egpj.exe", *(f"a{c}b" for c in BREAKING)])
def test_a_file_name_is_one_name(name: str) -> None:
    with pytest.raises(ValueError, match="file name"):
        content_disposition("inline", name)


def test_a_disposition_is_one_of_two() -> None:
    with pytest.raises(ValueError, match="disposition"):
        content_disposition("form-data; x", "a")  # type: ignore[arg-type]


def test_the_measure_of_steps_finds_a_quadratic_parser() -> None:
    def parse(text: str) -> None:
        for start in range(0, min(len(text), 1_000), 20):
            for _ in text[start:1_000:20]:
                pass

    assert len(steep(parse)) > 30
