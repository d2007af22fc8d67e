import pytest
from hypothesis import given
from hypothesis import strategies as st

from gambrel.core.http.headers import Headers, ResponseHeaders

BLOCK = b"\r\nHost: example.com\r\nAccept: a\r\nX-One:  1 \r\naccept: b\r\nX_Two: 2\r\n"
NAMES = st.text("abcdefghijklmnopqrstuvwxyz-", min_size=1, max_size=12)
VALUES = st.text(st.characters(min_codepoint=0x21, max_codepoint=0x7E), max_size=12)


def block_headers(block: bytes = BLOCK) -> Headers:
    return Headers.from_block(block, block.lower())


def test_names_are_case_insensitive() -> None:
    headers = Headers([("Content-Type", "text/html")])

    assert headers["content-type"] == headers["CONTENT-TYPE"] == "text/html"
    assert "Content-type" in headers


def test_lines_of_one_name_are_joined_and_kept_apart() -> None:
    headers = block_headers()

    assert headers["accept"] == "a, b"
    assert headers.get_all("Accept") == ["a", "b"]


def test_cookies_are_joined_as_cookies() -> None:
    assert Headers([("cookie", "a=1"), ("cookie", "b=2")])["cookie"] == "a=1; b=2"


def test_names_with_underscores_are_dropped() -> None:
    assert "x_two" not in block_headers()
    assert "x_two" not in Headers([("X_Two", "2")])


def test_a_value_has_no_white_space_around_it() -> None:
    assert block_headers().first("x-one") == "1"


def test_first_of_a_repeated_name_is_the_combined_value() -> None:
    assert block_headers().first("accept") == "a, b"
    assert block_headers().first("missing") is None


@given(st.lists(st.tuples(NAMES, VALUES), max_size=8))
def test_a_block_reads_as_its_pairs(pairs: list[tuple[str, str]]) -> None:
    block = b"\r\n" + b"".join(f"{name}: {value}\r\n".encode() for name, value in pairs)
    lazy, eager = block_headers(block), Headers(pairs)

    for name in {*dict(pairs), "missing"}:
        assert block_headers(block).first(name) == eager.get(name)
        assert lazy.get_all(name) == eager.get_all(name)
    assert lazy.pairs() == eager.pairs()


@pytest.mark.parametrize(
    ("accept", "wanted"),
    [
        (None, True),
        ("*/*", True),
        ("text/html, */*;q=0.8", True),
        ("application/json", True),
        ("text/html", False),
        ("application/msgpack", False),
        ("application/json;q=0, */*", False),
        ("*/*, Application/JSON ; q=0.0", False),
        ("text/html,application/xml;q=0.9,*/*;q=0.8", True),
        ("application/jsonx", False),
        ("text/html;profile=application/json", False),
        ("application/json;charset=utf-8", False),
        ("", False),
    ],
)
def test_plain_json_is_taken_without_weighing_where_nothing_else_is_asked(
    accept: str | None, wanted: bool
) -> None:
    assert Headers([] if accept is None else [("accept", accept)]).takes_json is wanted


def test_the_media_type_has_no_parameters() -> None:
    assert Headers([("content-type", "Text/HTML; charset=utf-8")]).media_type == "text/html"
    assert Headers().media_type == ""


def test_setting_replaces_every_line_and_add_appends_one() -> None:
    headers = ResponseHeaders([("vary", "a"), ("vary", "b"), ("x", "1")])

    headers.add("x", "2")
    headers["Vary"] = "c"

    assert headers.pairs() == [("vary", "c"), ("x", "1"), ("x", "2")]


def test_deleting_removes_every_line() -> None:
    headers = ResponseHeaders([("a", "1"), ("a", "2"), ("b", "3")])

    del headers["A"]

    assert list(headers) == ["b"]
    with pytest.raises(KeyError):
        del headers["a"]


@pytest.mark.parametrize("value", ["a\r\nset-cookie: b", "a\nb", "a\x00", "\x7f", "€"])
def test_a_value_cannot_split_a_response(value: str) -> None:
    with pytest.raises(ValueError, match="header 'x'"):
        ResponseHeaders()["x"] = value


@pytest.mark.parametrize("name", ["", "a b", "a:", "ä", "a\r\n"])
def test_a_name_is_a_token(name: str) -> None:
    with pytest.raises(ValueError, match="not a header name"):
        ResponseHeaders().add(name, "v")


def test_a_value_that_is_no_text_is_told_by_its_name():
    with pytest.raises(TypeError, match="header 'x-count' takes a str, and got int"):
        ResponseHeaders()["x-count"] = 5  # type: ignore[assignment]  # the mistake itself
