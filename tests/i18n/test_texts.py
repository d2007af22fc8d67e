from datetime import UTC

import pytest

from gambrel import GambrelError
from gambrel.i18n import (
    get_locale,
    get_timezone,
    gettext,
    lazy_gettext,
    lazy_ngettext,
    lazy_pgettext,
    locale,
    npgettext,
    pgettext,
)


def test_contexts_tell_messages_apart(languages):
    with languages.use("de"):
        assert (pgettext("month", "May"), gettext("May")) == ("Mai", "Darf")
        assert npgettext("hotel", "%(num)s star", "%(num)s stars", 3) == "3 Sterne"


def test_lazy_texts_are_said_when_they_are_shown(languages):
    texts = [
        lazy_gettext("Hello %(name)s!", name="Ann"),
        lazy_pgettext("month", "May"),
        lazy_ngettext("%(num)s guest", "%(num)s guests", 2),
    ]

    assert [str(text) for text in texts] == ["Hello Ann!", "May", "2 guests"]
    with languages.use("de"):
        assert [str(text) for text in texts] == ["Hallo Ann!", "Mai", "2 Gäste"]


def test_the_locale_of_now_is_known_where_there_is_one(languages):
    assert (get_locale(), get_timezone()) == (None, None)
    with languages.use("de"), locale("ar", "Europe/Berlin") as inner:
        assert (get_locale(), str(get_timezone())) == (inner, "Europe/Berlin")
    with languages.use("de"):
        assert get_timezone() is UTC


def test_where_nobody_knows_the_languages_one_is_told_whom_to_ask():
    with pytest.raises(GambrelError, match="ask for `languages: Languages`") as told, locale("de"):
        pass
    assert told.value.code == "i18n.nobody"
