"""`Paths` against a matcher that tries one pattern after another."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gambrel.core.http.errors import BadRequest
from gambrel.core.routing.converters import BUILT_IN
from gambrel.core.routing.paths import Entry, Paths, decode_parts
from gambrel.core.routing.pattern import Pattern
from gambrel.core.routing.readers import match_segments

SEGMENTS = ["a", "b", "7", "{}", "{:int}", "{:slug}", "{}.{}", "a{}", "{:path}"]
MISSED = ("missed", None)


def named(segments):
    """Return a pattern whose parameters are named in order; a second tail is a plain parameter."""
    text = "".join(f"/{segment}" for segment in segments)
    head, tail, rest = text.partition("{:path}")
    text = head + tail + rest.replace("{:path}", "{}")
    for number in range(text.count("{")):
        text = text.replace("{}", f"{{p{number}}}", 1) if "{}" in text else text
    for number in range(text.count("{:")):
        text = text.replace("{:", f"{{q{number}:", 1)
    return Pattern(text, BUILT_IN)


PATTERNS = st.lists(st.sampled_from(SEGMENTS), min_size=1, max_size=4).map(named)
PATHS = st.lists(
    st.sampled_from(["a", "b", "7", "a.b", "", "..", "%61", "%2F", "a%2F7"]), max_size=5
)


def compile_paths(patterns):
    entries = [Entry(pattern, {"GET": pattern.text}) for pattern in patterns]
    return Paths(entries, lambda *_: MISSED)


def match_naively(patterns, raw_path):
    """Try every pattern in order: literals first from the left, then narrower converters."""
    parts = decode_parts(raw_path)

    def order(pattern):
        kinds = list(pattern.kinds)
        if pattern.tail is not None:
            kinds[pattern.tail : pattern.tail + 1] = [2] * (len(parts) - len(kinds) + 1)
        return (kinds, pattern.precedence)

    for pattern in sorted(patterns, key=order):
        params = match_segments(pattern, parts)
        if params is not None:
            return pattern.text, params or None
    return MISSED


@given(st.lists(PATTERNS, max_size=8, unique_by=lambda pattern: pattern.identity), PATHS)
def test_matching_equals_trying_every_pattern_in_order(patterns, segments):
    raw_path = "/" + "/".join(segments)

    assert compile_paths(patterns).match("GET", raw_path) == match_naively(patterns, raw_path)


@given(st.lists(PATTERNS, max_size=8, unique_by=lambda pattern: pattern.identity), PATHS)
def test_the_order_of_declaration_of_different_patterns_is_irrelevant(patterns, segments):
    raw_path = "/" + "/".join(segments)
    distinct = {
        pattern.precedence[1].__repr__() + str(pattern.kinds): pattern for pattern in patterns
    }
    patterns = list(distinct.values())

    one = compile_paths(patterns).match("GET", raw_path)

    assert compile_paths(patterns[::-1]).match("GET", raw_path) == one


def test_a_literal_goes_before_a_parameter_and_the_leftmost_first():
    paths = compile_paths([Pattern(text, BUILT_IN) for text in ["/{x}/b", "/a/{y}", "/a/b"]])

    assert paths.match("GET", "/a/b")[0] == "/a/b"
    assert paths.match("GET", "/a/c")[0] == "/a/{y}"
    assert paths.match("GET", "/c/b")[0] == "/{x}/b"


def test_a_literal_prefix_before_a_tail_goes_before_parameters():
    paths = compile_paths([Pattern(t, BUILT_IN) for t in ["/{org}/{repo}", "/static/{file:path}"]])

    assert paths.match("GET", "/static/app.css") == ("/static/{file:path}", {"file": "app.css"})


def test_a_literal_beyond_ascii_matches_in_any_spelling():
    paths = compile_paths([Pattern("/café", BUILT_IN)])

    for spelling in ("/café", "/caf%C3%A9", "/caf%c3%a9", "/%63af%C3%A9"):
        assert paths.match("GET", spelling) == ("/café", None)


def test_an_encoded_slash_never_splits_and_never_joins():
    paths = compile_paths([Pattern("/a/b", BUILT_IN), Pattern("/{x}", BUILT_IN)])

    assert paths.match("GET", "/a%2Fb") == ("/{x}", {"x": "a/b"})


@pytest.mark.parametrize(
    "raw_path", ["", "a", "/%", "/%4", "/%zz", "/%ff", "/%00", "/a%0a", "/%7f", "http://x/"]
)
def test_a_malformed_path_is_refused(raw_path):
    with pytest.raises(BadRequest):
        decode_parts(raw_path)

    assert compile_paths([Pattern("/{x:path}", BUILT_IN)]).match("GET", raw_path) == MISSED


def test_a_path_is_decoded_once():
    assert decode_parts("/%2561") == ["", "%61"]
