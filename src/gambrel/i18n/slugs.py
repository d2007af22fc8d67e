"""Texts as parts of URLs, and letters in plain ones."""

import re
import unicodedata

from gambrel.wording import SPEAKER

__all__ = ["slugify", "transliterate"]

_PLAIN = ("AE", "ae", "OE", "oe", "O", "o", "Th", "th", "ss", "SS", "D", "d", "D", "d", "L", "l")
_LETTERS = str.maketrans(dict(zip("ÆæŒœØøÞþßẞĐđÐðŁł", _PLAIN, strict=True)))
"""Letters that are no others with a mark."""
_OF_LANGUAGES = {
    "de": str.maketrans({"Ä": "Ae", "ä": "ae", "Ö": "Oe", "ö": "oe", "Ü": "Ue", "ü": "ue"}),
    "da": str.maketrans({"Å": "Aa", "å": "aa", "Ø": "Oe", "ø": "oe"}),
    "nb": str.maketrans({"Å": "Aa", "å": "aa", "Ø": "Oe", "ø": "oe"}),
}


def transliterate(text: str, language: str = "") -> str:
    """Return a text with plain Latin letters: `Größe` is `Groesse` in German, elsewhere `Grosse`.

    The language is that of now unless it is given. Letters of other scripts stay as they are.
    """
    speaker = SPEAKER.get()
    tag = language or (speaker.language.tag if speaker else "")
    text = unicodedata.normalize("NFKC", text).translate(_OF_LANGUAGES.get(tag[:2], {}))
    parts = unicodedata.normalize("NFKD", text.translate(_LETTERS))
    latin = "".join(
        one
        for at, one in enumerate(parts)
        if not (unicodedata.combining(one) and is_latin_before(parts, at))
    )
    return unicodedata.normalize("NFC", latin)


def is_latin_before(text: str, at: int) -> bool:
    """Whether a mark stands on a Latin letter."""
    while at and unicodedata.combining(text[at]):
        at -= 1
    return text[at].isascii()


def slugify(text: str, language: str = "") -> str:
    """Return a text as a part of a URL: small letters and digits, joined by dashes.

    Letters are those of `transliterate`; scripts without any keep theirs.
    """
    plain = transliterate(text, language).lower()
    kept = "".join(one if is_kept(one) else "-" for one in plain)
    return re.sub("-+", "-", kept).strip("-")


def is_kept(letter: str) -> bool:
    """Whether a letter, a digit, or a mark on one may stand in a URL."""
    return letter.isalnum() or unicodedata.category(letter).startswith("M")
