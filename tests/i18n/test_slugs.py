import pytest
from hypothesis import given
from hypothesis import strategies as st

from gambrel.i18n import slugify, transliterate


@pytest.mark.parametrize(
    ("text", "slug", "german"),
    [
        ("Größe & Straße", "grosse-strasse", "groesse-strasse"),
        ("  Crème brûlée! ", "creme-brulee", "creme-brulee"),
        ("Łódź_2026", "lodz-2026", "lodz-2026"),
        ("مرحبا بالعالم", "مرحبا-بالعالم", "مرحبا-بالعالم"),
        ("हिन्दी", "हिन्दी", "हिन्दी"),
        ("\ufb01ne \u2460", "fine-1", "fine-1"),
        ("--- ", "", ""),
        ("../../etc", "etc", "etc"),
    ],
)
def test_a_slug_has_letters_digits_and_dashes(text, slug, german):
    assert (slugify(text), slugify(text, "de")) == (slug, german)


def test_the_language_of_now_says_how(languages):
    with languages.use("de"):
        assert transliterate("Äpfel") == "Aepfel"
    assert transliterate("Äpfel") == "Apfel"
    assert transliterate("Ålborg", "da") == "Aalborg"


@given(st.text())
def test_whatever_it_is_made_of_it_is_a_part_of_a_path_and_stays_what_it_is(text):
    slug = slugify(text)

    assert not set(slug) & set("/\\?#%&<>\"' .:;\n\0")
    assert slugify(slug) == slug
