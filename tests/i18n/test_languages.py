import pytest

from gambrel import GambrelError
from gambrel.i18n import gettext
from gambrel.i18n.catalogs import Folder
from gambrel.i18n.languages import open_languages
from gambrel.i18n.locales import parse_locale
from gambrel.i18n.zones import UTC, zone_of
from gambrel.wording import SPEAKER


def test_each_language_has_its_forms_for_numbers(languages):
    one, many = "%(num)s guest", "%(num)s guests"

    said = [languages.by_tag["ar"].translate(one, many, n) for n in (0, 1, 2, 3, 11, 100)]
    assert said == ["لا ضيوف", "ضيف واحد", "ضيفان", "%(num)s ضيوف", "%(num)s ضيفًا", "%(num)s ضيف"]
    german = languages.by_tag["de"]
    assert [german.translate(one, many, n) for n in (1, 2, 1.5)] == [
        "%(num)s Gast",
        "%(num)s Gäste",
        "%(num)s Gast",
    ]
    english = languages.by_tag["en"]
    assert [english.translate(one, many, n) for n in (0, 1, 2)] == [many, one, many]


def test_what_nobody_has_translated_is_as_it_was(languages):
    german = languages.by_tag["de"]

    assert german.translate("Unknown") == "Unknown"
    assert german.translate("May", context="permission") == "May"


def test_tags_are_found_however_they_are_written_and_by_their_first_part(languages):
    assert languages.find("DE") is languages.by_tag["de"]
    assert languages.find("de-AT") is None
    assert languages.nearest("de_AT") is languages.by_tag["de"]
    assert languages.nearest("fr") is None
    assert ("ar" in languages, "fr" in languages, len(languages)) == (True, False, 3)
    assert [locale.tag for locale in languages] == ["en", "de", "ar"]


@pytest.mark.parametrize(
    ("header", "tag"),
    [("", None), ("de-CH", "de"), ("fr, ar;q=0.5, de;q=0.4", "ar"), ("fr", None), ("*", "en")],
)
def test_a_header_prefers_a_language_or_none(languages, header, tag):
    found = languages.accepted(header)

    assert (found and found.tag) == tag


def test_use_speaks_a_language_for_a_time_and_says_so_to_nobody_else(languages):
    with languages.use("de-AT", "Europe/Berlin") as locale:
        assert (gettext("Late"), locale.tag) == ("Spät", "de")
        with languages.use("ar"):
            speaker = SPEAKER.get()
            assert gettext("Late") == "متأخر"
            assert speaker.zone is zone_of("Europe/Berlin")
        assert gettext("Late") == "Spät"
    assert gettext("Late") == "Late"
    assert SPEAKER.get() is None


def test_use_ends_though_what_is_inside_fails(languages):
    with pytest.raises(ZeroDivisionError), languages.use("de"):
        raise ZeroDivisionError
    assert SPEAKER.get() is None


def test_a_language_that_the_app_does_not_have_is_told(languages):
    with pytest.raises(GambrelError, match="has no language 'fr'"), languages.use("fr"):
        pass


def test_a_missing_folder_and_a_missing_catalog_are_told_with_their_place(folder, tmp_path):
    with pytest.raises(GambrelError) as told:
        open_languages([parse_locale("de")], [Folder(tmp_path / "none", "app")], "en", UTC)
    assert (told.value.code, str(tmp_path / "none") in told.value.what) == ("i18n.no-folder", True)
    assert "gambrel i18n init de;" in told.value.hint

    with pytest.raises(GambrelError) as told:
        open_languages([parse_locale("fr")], [Folder(folder, "app")], "en", UTC)
    assert told.value.code == "i18n.no-catalog"
    assert str(folder / "fr" / "LC_MESSAGES" / "messages.po") in told.value.where
    assert told.value.hint == "gambrel i18n init fr"


def test_without_folders_there_are_our_own_texts(languages):
    alone = open_languages([parse_locale("de")], [], "en", UTC)

    assert alone.by_tag["de"].translate("Remove", context="gambrel") == "Entfernen"
