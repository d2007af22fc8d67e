import pytest
from hypothesis import given
from hypothesis import strategies as st

from gambrel.core.http.errors import RangeNotSatisfiable
from gambrel.files.ranges import ByteRange, parse_range
from tests.core.http.complexity import steep


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ("bytes=0-99", [(0, 100)]),
        ("bytes=0-", [(0, 100)]),
        ("bytes=10-19", [(10, 20)]),
        ("bytes=99-", [(99, 100)]),
        ("bytes=50-1000000", [(50, 100)]),
        ("bytes=-10", [(90, 100)]),
        ("bytes=-1000", [(0, 100)]),
        ("Bytes= 0-1 , 5-6", [(0, 2), (5, 7)]),
        ("bytes=5-6,0-1", [(0, 2), (5, 7)]),
        ("bytes=0-9,5-14,15-19", [(0, 20)]),
        ("bytes=0-1,200-300", [(0, 2)]),
        ("bytes=0-0,-1", [(0, 1), (99, 100)]),
    ],
)
def test_ranges_are_cut_sorted_and_merged(header: str, expected: list[tuple[int, int]]) -> None:
    assert parse_range(header, 100) == [ByteRange(*pair) for pair in expected]


@pytest.mark.parametrize(
    "header",
    [
        "",
        "bytes",
        "bytes=",
        "bytes=-",
        "bytes=a-b",
        "bytes=0",
        "bytes=5-4",
        "bytes=0-1,",
        "bytes=0-1,x",
        "items=0-1",
        "bytes=0-1-2",
        "bytes=--1",
        "bytes=+0-1",
        "bytes=0 -1",
        "bytes=\u0660-\u0661",
        "bytes=0x0-1",
        "bytes=" + "0-0," * 8 + "0-0",
        "bytes=" + "0" * 2_000 + "-1",
        "bytes=1-" + "9" * 30,
    ],
)
def test_a_header_that_is_malformed_or_greedy_is_ignored(header: str) -> None:
    assert parse_range(header, 100) is None


def test_eight_ranges_are_the_limit() -> None:
    wide = ",".join(f"{start}-{start}" for start in range(0, 80, 10))

    assert len(parse_range(f"bytes={wide}", 100) or []) == 8
    assert parse_range(f"bytes={wide},90-90", 100) is None
    assert parse_range("bytes=0-0,2-2", 100, limit=1) is None


@pytest.mark.parametrize(
    ("header", "size"),
    [
        ("bytes=100-", 100),
        ("bytes=100-200", 100),
        ("bytes=-0", 100),
        ("bytes=0-", 0),
        ("bytes=-5", 0),
    ],
)
def test_a_range_outside_the_content_is_refused_with_its_size(header: str, size: int) -> None:
    with pytest.raises(RangeNotSatisfiable) as caught:
        parse_range(header, size)

    assert caught.value.headers == {"content-range": f"bytes */{size}"}


def test_a_range_knows_its_header_and_length() -> None:
    span = ByteRange(10, 20)

    assert (span.content_range(100), span.length) == ("bytes 10-19/100", 10)


@given(
    st.text() | st.text("0123456789-, ", max_size=40).map(lambda text: "bytes=" + text),
    st.integers(0, 1000),
)
def test_any_ranges_lie_within_and_apart(header: str, size: int) -> None:
    try:
        spans = parse_range(header, size)
    except RangeNotSatisfiable:
        return
    if spans is not None:
        edges = [edge for span in spans for edge in span]
        assert edges == sorted(set(edges))
        assert edges[0] >= 0
        assert edges[-1] <= size


def test_parsing_is_linear() -> None:
    assert steep(lambda header: parse_range(header, 100), "bytes=") == []
