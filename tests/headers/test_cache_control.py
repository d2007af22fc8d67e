from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gambrel.core.http.errors import BadRequest
from gambrel.headers.cache_control import MAX_SECONDS, CacheControl
from tests.core.http.complexity import steep

FLAGS = [name for name in CacheControl.__struct_fields__ if getattr(CacheControl(), name) is False]
TIMES = [name for name in CacheControl.__struct_fields__ if name not in FLAGS]


def test_directives_are_written_by_their_standard_names() -> None:
    cache = CacheControl(public=True, immutable=True, max_age=60, s_maxage=0, stale_if_error=5)

    assert str(cache) == "public, immutable, max-age=60, s-maxage=0, stale-if-error=5"


def test_nothing_said_is_nothing_written() -> None:
    assert str(CacheControl()) == ""


@given(
    st.sets(st.sampled_from([name for name in FLAGS if name != "public"])),
    st.dictionaries(st.sampled_from(TIMES), st.integers(0, MAX_SECONDS)),
)
def test_rendered_directives_parse_to_themselves(flags: set[str], times: dict[str, int]) -> None:
    given_: dict[str, Any] = {**dict.fromkeys(flags, True), **times}
    cache = CacheControl(**given_)

    assert CacheControl.parse(str(cache)) == cache


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ("", CacheControl()),
        ("Max-Age=60, PUBLIC", CacheControl(public=True, max_age=60)),
        ('max-age="60", community="UCI", x', CacheControl(max_age=60)),
        ('private="set-cookie", no-cache="a,b"', CacheControl(private=True, no_cache=True)),
        ("max-age=x", CacheControl(max_age=0)),
        ("max-age=-1", CacheControl(max_age=0)),
        ("max-age=1.5", CacheControl(max_age=0)),
        ("max-age", CacheControl(max_age=0)),
        ("max-age=6 0", CacheControl(max_age=0)),
        ("max-age=60, max-age=70", CacheControl(max_age=0)),
        ("max-age=99999999999", CacheControl(max_age=MAX_SECONDS)),
        ("max-age=" + "9" * 5_000, CacheControl(max_age=MAX_SECONDS)),
        ("max-stale", CacheControl(max_stale=MAX_SECONDS)),
        ("public, no-store", CacheControl(no_store=True)),
        ("public, private", CacheControl(private=True)),
    ],
)
def test_a_header_is_read_on_the_strict_side(header: str, expected: CacheControl) -> None:
    assert CacheControl.parse(header) == expected


@pytest.mark.parametrize(
    "directives",
    [{"public": True, "private": True}, {"public": True, "no_store": True}, {"max_age": -1},
     {"max_age": 1.5}, {"max_age": "60, public"}, {"max_age": True}, {"s_maxage": 2**40}],
)  # fmt: skip
def test_nonsense_cannot_be_built(directives: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"seconds|contradicts"):
        CacheControl(**directives)


def test_too_many_directives_are_refused() -> None:
    with pytest.raises(BadRequest):
        CacheControl.parse(",".join(["a"] * 33))


@given(st.text())
def test_any_header_is_read_or_refused(header: str) -> None:
    try:
        cache = CacheControl.parse(header)
    except BadRequest:
        return
    assert CacheControl.parse(str(cache)) == cache


def test_parsing_is_linear() -> None:
    assert steep(CacheControl.parse) == []
    assert steep(CacheControl.parse, "max-age=") == []
