import pytest

from gambrel.core.http.headers import ResponseHeaders
from gambrel.headers import add_vary, merge_vary


@pytest.mark.parametrize(
    ("current", "names", "expected"),
    [
        ("", ["Accept"], "accept"),
        ("accept", ["ACCEPT", "cookie"], "accept, cookie"),
        ("Accept ,Cookie,", [], "accept, cookie"),
        ("accept", ["*"], "*"),
        ("*", ["accept"], "*"),
        ("", [], ""),
    ],
)
def test_vary_names_each_header_once(current: str, names: list[str], expected: str) -> None:
    assert merge_vary(current, *names) == expected


@pytest.mark.parametrize("name", ["a b", "a\r\nb", "é", "a:"])
def test_vary_takes_header_names_only(name: str) -> None:
    with pytest.raises(ValueError, match="header name"):
        merge_vary("", name)


def test_adding_to_vary_joins_its_lines() -> None:
    headers = ResponseHeaders([("vary", "accept"), ("vary", "cookie")])

    add_vary(headers, "Origin", "accept")

    assert headers.pairs() == [("vary", "accept, cookie, origin")]
