from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gambrel.core.http.errors import BadRequest
from gambrel.core.http.fields.cookies import SetCookie, parse_cookies
from tests.core.http.complexity import steep

NAME = st.text("abcXYZ019!#$%&'*+-.^_`|~", min_size=1, max_size=20)
VALUE = st.text([chr(code) for code in range(0x21, 0x7F) if chr(code) not in '",;\\'], max_size=40)
BREAKING = ["\r", "\n", "\0", "\x0b", "\x0c", "\x1c", "\x1d", "\x1e", "\x7f", "\x85", "\u2028", ";",
            "\ud800"]  # fmt: skip


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ("", {}),
        ("a=1", {"a": "1"}),
        ("a=1; b=2;c=3 ;", {"a": "1", "b": "2", "c": "3"}),
        ("a=1; a=2", {"a": "1"}),
        ('a="x y"; b=""; c="', {"a": "x y", "b": "", "c": '"'}),
        ("a=b=c; d=", {"a": "b=c", "d": ""}),
        ("nameless; =empty; a=1", {"a": "1"}),
        ("=__Host-session=evil; a=1", {"a": "1"}),
        ("a b=1; (x)=2; c=3", {"c": "3"}),
        ("a=x\x00y; b=\x1b[0m; c=ok", {"c": "ok"}),
        ("a=caf\xc3\xa9", {"a": "caf\xc3\xa9"}),
        ("\x85__Host-a=1; \xa0b=2; \x0bc=3", {}),
        ("$Version=1; a=%20", {"$Version": "1", "a": "%20"}),
    ],
)
def test_a_cookie_header_is_read_pair_by_pair(header: str, expected: dict[str, str]) -> None:
    assert parse_cookies(header) == expected


def test_sixty_four_cookies_are_the_limit() -> None:
    assert len(parse_cookies("; ".join(f"c{n}=1" for n in range(64)))) == 64
    with pytest.raises(BadRequest, match="64"):
        parse_cookies("; ".join(f"c{n}=1" for n in range(65)))


@given(st.text())
def test_any_header_is_read_or_refused(header: str) -> None:
    try:
        cookies = parse_cookies(header)
    except BadRequest:
        return
    assert all(name and "=" not in name and ";" not in value for name, value in cookies.items())


def test_parsing_is_linear() -> None:
    assert steep(parse_cookies) == []
    assert steep(parse_cookies, "a=") == []


@given(NAME, VALUE)
def test_a_set_cookie_comes_back(name: str, value: str) -> None:
    if name.lower().startswith("__"):
        name = "x" + name

    line = str(SetCookie(name, value))

    assert parse_cookies(line.partition(";")[0]) == {name: value}


def test_the_defaults_are_safe() -> None:
    assert str(SetCookie("a", "b")) == "a=b; Path=/; Secure; HttpOnly; SameSite=Lax"


def test_every_attribute_is_written() -> None:
    cookie = SetCookie(
        "a",
        "b",
        max_age=timedelta(hours=1),
        expires=datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC),
        path="/x",
        domain="example.com",
        same_site="none",
        partitioned=True,
        priority="high",
    )

    assert str(cookie) == (
        "a=b; Max-Age=3600; Expires=Fri, 02 Jan 2026 03:04:05 GMT; Domain=example.com; Path=/x; "
        "Secure; HttpOnly; SameSite=None; Partitioned; Priority=High"
    )


def test_protections_can_be_switched_off_by_name() -> None:
    cookie = SetCookie("a", "b", secure=False, http_only=False, same_site=None, max_age=0)

    assert str(cookie) == "a=b; Max-Age=0; Path=/"


@pytest.mark.parametrize("character", [*BREAKING, ",", '"', "\\", " ", "é"])
def test_a_value_that_cookies_cannot_carry_is_refused(character: str) -> None:
    with pytest.raises(ValueError, match="encode it first"):
        SetCookie("a", f"b{character}c")


@pytest.mark.parametrize("character", [*BREAKING, "=", " ", ",", "é"])
def test_a_name_that_is_no_token_is_refused(character: str) -> None:
    with pytest.raises(ValueError, match="token"):
        SetCookie(f"a{character}", "b")


@pytest.mark.parametrize("attribute", ["path", "domain", "same_site", "priority"])
@pytest.mark.parametrize("character", BREAKING)
def test_no_attribute_takes_injected_text(attribute: str, character: str) -> None:  # T-C04-1
    start = "/" if attribute == "path" else "lax" if attribute == "same_site" else "a"

    with pytest.raises(ValueError, match=attribute):
        SetCookie("a", "b", **{attribute: f"{start}{character}"})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("attribute", "value"),
    [
        ("max_age", "1; Domain=evil"),
        ("max_age", True),
        ("max_age", 1.5),
        ("expires", "never; Secure"),
        ("expires", datetime(2026, 1, 2)),  # noqa: DTZ001
        ("path", ""),
        ("path", "x"),
        ("path", 7),
        ("domain", ""),
        ("domain", "."),
        ("domain", "a b"),
        ("domain", "a_b"),
        ("same_site", "Lax"),
        ("priority", "urgent"),
    ],
)
def test_an_attribute_of_the_wrong_kind_is_refused(attribute: str, value: Any) -> None:
    with pytest.raises(ValueError, match=attribute):
        SetCookie("a", "b", **{attribute: value})


@pytest.mark.parametrize("name", ["SameSite", "Max_Age", "DOMAIN", "httponly"])
def test_an_attribute_in_other_letters_does_not_exist(name: str) -> None:  # GHSA-wwv5
    with pytest.raises(TypeError):
        SetCookie("a", "b", **{name: "x"})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("name", "attributes"),
    [
        ("__Host-a", {"secure": False}),
        ("__Secure-a", {"secure": False}),
        ("__HOST-a", {"path": "/x"}),
        ("__host-a", {"domain": "a.b"}),
        ("__sEcUrE-a", {"secure": False}),
        ("a", {"same_site": "none", "secure": False}),
        ("a", {"partitioned": True, "secure": False}),
    ],
)
def test_a_promise_that_browsers_would_not_believe_is_refused(
    name: str, attributes: dict[str, Any]
) -> None:
    with pytest.raises(ValueError, match="demands"):
        SetCookie(name, "b", **attributes)


def test_a_cookie_is_at_most_four_kilobytes() -> None:
    SetCookie("a", "b" * 4_095)
    with pytest.raises(ValueError, match="4096"):
        SetCookie("a", "b" * 4_096)
