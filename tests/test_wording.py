import json

import msgspec
import pytest

from gambrel.conversion.convert import json_encoder
from gambrel.wording import (
    SPEAKER,
    LazyText,
    explain,
    fill,
    gettext,
    ngettext,
    npgettext,
    pgettext,
    read_local,
    say,
    translate,
    write_local,
)


class Shouting:
    """A language that says everything louder."""

    tag, direction = "x-loud", "ltr"

    @property
    def language(self):
        return self

    def translate(self, message, plural="", number=None, context=""):
        return (message if number in {None, 1} else plural).upper().replace("%(NAME)S", "%(name)s")

    def explain(self, message):
        return f"{message}!"

    def read(self, kind, text):
        return f"{kind}:{text}"

    write = read


@pytest.fixture
def loud():
    token = SPEAKER.set(Shouting())
    yield
    SPEAKER.reset(token)


def test_without_a_language_everything_is_as_it_was_written():
    assert gettext("Hello %(name)s", name="Ann") == "Hello Ann"
    assert [ngettext("%(num)s car", "%(num)s cars", n) for n in (0, 1, 2)] == [
        "0 cars",
        "1 car",
        "2 cars",
    ]
    assert pgettext("month", "May") == say("May") == explain("May") == translate("May") == "May"
    assert npgettext("hotel", "%(num)s star", "%(num)s stars", 2) == "2 stars"
    assert read_local("number", "1,5") == write_local("number", "1,5") == "1,5"


def test_with_one_it_is_said_there(loud):
    assert gettext("Hello %(name)s", name="Ann") == "HELLO Ann"
    assert say("Remove") == "REMOVE"
    assert explain("is required") == "is required!"
    assert (read_local("date", "x"), write_local("date", "x")) == ("date:x", "date:x")


def test_a_percent_sign_is_one_where_there_are_no_values():
    assert gettext("100 % sure") == "100 % sure"


@pytest.mark.parametrize("text", ["%(nmae)s", "%(name)d", "%(name", "%", "100 % x"])
def test_a_translation_with_other_values_is_not_used(text):
    assert fill(text, "Hello %(name)s", {"name": "Ann"}) == "Hello Ann"


def test_a_lazy_text_behaves_like_one_where_it_is_shown(loud):
    text = LazyText("Hello %(name)s", {"name": "Ann"})

    assert str(text) == f"{text}" == "HELLO Ann"
    assert f"{text:>10}" == " HELLO Ann"
    assert text + "!" == "HELLO Ann!"
    assert "- " + text == "- HELLO Ann"
    assert text == "HELLO Ann"
    assert text != 3
    assert text < "I"
    assert len(text) == 9
    assert LazyText("a", {}) % () == "A"
    assert repr(text) == "LazyText('Hello %(name)s')"
    assert len({text, LazyText("Hello %(name)s", {"name": "Ann"})}) == 1
    assert str(LazyText("a car", {}, plural="cars", number=2)) == "CARS"
    assert not LazyText("", {})


def test_a_lazy_text_is_a_text_in_json(loud):
    class Label(msgspec.Struct):
        text: LazyText

    assert json_encoder()({"a": [LazyText("x", {})]}) == b'{"a":["X"]}'
    assert json_encoder(Label)(Label(LazyText("x", {}))) == b'{"text":"X"}'


def test_nothing_takes_a_lazy_text_for_a_text_before_its_language_is_known():
    text = LazyText("x", {})

    with pytest.raises(TypeError):
        ", ".join([text])  # type: ignore[list-item]
    with pytest.raises(TypeError):
        json.dumps({"a": text})
    with pytest.raises(TypeError):
        msgspec.json.encode(text)
