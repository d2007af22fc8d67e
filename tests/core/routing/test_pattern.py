import pytest
from hypothesis import given
from hypothesis import strategies as st

from gambrel.core.http.errors import GambrelError
from gambrel.core.routing.converters import BUILT_IN, Converter
from gambrel.core.routing.pattern import Param, Pattern


def make(text, **options):
    return Pattern(text, BUILT_IN, **options)


def test_the_text_of_a_pattern_is_its_template_without_converters():
    pattern = make("/users/{id:int}/{kind:any(a,b)}/{x:re([a-z]{2,3})}/{name}.{ext}")

    assert str(pattern) == "/users/{id}/{kind}/{x}/{name}.{ext}"
    assert [param.spec for param in pattern.params] == ["int", "any(a,b)", "re([a-z]{2,3})", "", ""]


def test_a_tail_knows_its_position():
    assert make("/wiki/{page:path}/edit").tail == 2
    assert make("/wiki/{page}").tail is None


def test_a_parameter_never_takes_a_dot_segment():
    for text in ("", ".", ".."):
        with pytest.raises(ValueError, match=r"^\.*$"):
            Param("x").parse(text)


def test_converters_of_the_router_are_known():
    hexadecimal = Converter(lambda text: int(text, 16), hex)

    pattern = Pattern("/{n:hex}", {**BUILT_IN, "hex": hexadecimal})

    assert pattern.params[0].parse("ff") == 255


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("users", "no leading slash"),
        ("/{id", "unmatched brace"),
        ("/id}", "unmatched brace"),
        ("/{}", "no parameter"),
        ("/{1d}", "no parameter"),
        ("/{_x}", "no parameter"),
        ("/{a b}", "no parameter"),
        ("/{id:integer}", "unknown converter"),
        ("/{id:int(3)}", "unknown converter"),
        ("/{id:any}", "unknown converter"),
        ("/{id:re((a+)+)}", "no safe converter"),
        ("/{id}/{id}", "a parameter twice"),
        ("/{a}{b}", "nothing between"),
        ("/{a:path}/{b:path}", "second path"),
        ("/x{a:path}", "mixed with text"),
        ("/a//b", "empty or dot segment"),
        ("//a", "empty or dot segment"),
        ("/a/./b", "empty or dot segment"),
        ("/a/..", "empty or dot segment"),
        ("/a?b", "one of"),
        ("/<int:id>/<name>", 'write "/{id:int}/{name}"'),
        ("/a<b", "write {name}"),
        ("/a%20b", "one of"),
        ("/a#b", "one of"),
        ("/a\\b", "one of"),
    ],
)
def test_a_bad_pattern_says_what_is_wrong_and_where(text, reason):
    with pytest.raises(GambrelError, match=reason) as caught:
        make(text, where="app.py:3")

    assert caught.value.where == "app.py:3"
    assert caught.value.hint


def test_a_constant_cannot_share_its_name_with_a_parameter():
    with pytest.raises(GambrelError, match="a parameter twice"):
        make("/{lang}", constants={"lang": "en"})


def test_patterns_that_cannot_be_told_apart_are_equal_by_identity():
    assert make("/{a}/x").identity == make("/{b:str}/x").identity
    assert make("/{a:int}").identity != make("/{a}").identity
    assert make("/{a}").identity != make("/a").identity


@pytest.mark.parametrize(
    ("text", "other"),
    [("/a", "/a/"), ("/a/", "/a"), ("/{x}", "/{x}/"), ("/a/{x:path}", "/a"), ("/", None)],
)
def test_a_pattern_has_another_with_or_without_the_slash(text, other):
    found = make(text).other_slash()

    assert (None if found is None else str(found)) == other


@given(st.text())
def test_any_text_is_a_pattern_or_a_gambrel_error(text):
    try:
        pattern = make(text)
    except GambrelError:
        return
    assert "".join(str(segment) for segment in pattern.segments).count("{") == text.count("{")
