import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gambrel.core.routing.converters import BUILT_IN
from gambrel.core.routing.pattern import Pattern
from gambrel.core.routing.readers import compile_reader, is_safe_tail, match_segments


def read(text, path, **options):
    pattern = Pattern(text, BUILT_IN, constants=options.pop("constants", None))
    return match_segments(pattern, path.split("/"), **options)


@pytest.mark.parametrize(
    ("text", "path", "params"),
    [
        ("/{a}", "/x", {"a": "x"}),
        ("/{a:int}", "/7", {"a": 7}),
        ("/{a:int}", "/x", None),
        ("/{a}/{b}", "/x/y", {"a": "x", "b": "y"}),
        ("/{a}/{b:int}", "/x/7", {"a": "x", "b": 7}),
        ("/{a}/{b:int}", "/x/y", None),
        ("/{a}.{b}", "/a.tar.gz", {"a": "a.tar", "b": "gz"}),
        ("/{a}.{b}", "/a.b.", {"a": "a", "b": "b."}),
        ("/{a}.{b}", "/.b", None),
        ("/{a}-{b}-{c}", "/x--y", None),
        ("/v{n:int}", "/v12", {"n": 12}),
        ("/v{n:int}", "/v", None),
        ("/v{n:int}", "/12", None),
        ("/{a}x", "/x", None),
        ("/x{a}x", "/x", None),
        ("/{a:path}", "/x/y/", {"a": "x/y/"}),
        ("/{a:path}", "/", None),
        ("/w/{a:path}/edit", "/w/x/y/edit", {"a": "x/y"}),
        ("/w/{a:path}/edit", "/w/edit", None),
        ("/w/{a:path}/{b:int}", "/w/x/y/7", {"a": "x/y", "b": 7}),
    ],
)
def test_a_path_is_read_by_its_pattern(text, path, params):
    assert read(text, path) == params


@pytest.mark.parametrize("text", ["/{a}", "/{a:slug}", "/{a}/{b}", "/{a}/{b:int}"])
@pytest.mark.parametrize("segment", ["", ".", ".."])
def test_an_empty_or_dot_segment_is_no_value(text, segment):
    assert read(text, f"/{segment}" + "/7" * (text.count("{") - 1)) is None


@pytest.mark.parametrize(
    "rest", ["..", "../x", "x/..", "x/../y", "x//y", "/x", "./x", "x/.", "..\\x", "x\\..\\y", "\\x"]
)
def test_a_tail_that_could_climb_is_refused(rest):
    assert not is_safe_tail(rest)


def test_a_tail_may_be_empty_below_a_mount():
    assert read("/m/{path:path}", "/m/", empty_tail=True) == {"path": ""}
    assert read("/m/{path:path}", "/m/..", empty_tail=True) is None


def test_constants_are_among_the_parameters_and_never_shared():
    pattern = Pattern("/de/ueber", BUILT_IN, constants={"lang": "de"})
    reader = compile_reader(pattern, "target")

    first, second = reader(["", "de", "ueber"]), reader(["", "de", "ueber"])

    assert first == second == ("target", {"lang": "de"})
    assert first[1] is not second[1]


@given(st.text("ab.-", max_size=8))
def test_mixed_segments_split_as_a_greedy_expression_does(text):
    expected = re.fullmatch(r"(.+)\.(.+)-(.+)", text)
    values = expected and expected.groups()
    if values and not {".", ".."}.isdisjoint(values):
        values = None

    found = read("/{a}.{b}-{c}", f"/{text}")

    assert (found and tuple(found[name] for name in "abc")) == values
