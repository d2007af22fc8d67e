import pytest

from gambrel import GambrelError
from gambrel.i18n.locales import parse_locale


@pytest.mark.parametrize(
    ("text", "tag", "direction", "name"),
    [
        ("de", "de", "ltr", "Deutsch"),
        ("pt_BR", "pt-BR", "ltr", "Português (Brasil)"),
        ("zh-Hant", "zh-Hant", "ltr", "繁體中文"),
        ("ar", "ar", "rtl", "العربية"),
        ("he", "he", "rtl", "עברית"),
    ],
)
def test_a_locale_has_tag_direction_and_its_own_name(text, tag, direction, name):
    locale = parse_locale(text)

    assert (locale.tag, locale.direction) == (tag, direction)
    assert locale.name.replace("中文 (繁體)", "繁體中文") == name
    assert str(locale) == tag


def test_folders_are_those_of_gettext_the_widest_first():
    locale = parse_locale("pt-BR")

    assert (locale.folders, locale.language) == (("pt", "pt_BR"), "pt")
    assert locale.data.territory == "BR"


@pytest.mark.parametrize("text", ["", "xx-YY", "../etc", "d", "de\n", "12"])
def test_what_is_no_locale_is_told(text):
    with pytest.raises(GambrelError, match="is no locale") as told:
        parse_locale(text)
    assert told.value.code == "i18n.locale"
