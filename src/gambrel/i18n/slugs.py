"""Texts as parts of URLs, and letters in plain ones."""

import re
import unicodedata
from collections.abc import Iterator

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
    return unicodedata.normalize("NFC", "".join(without_marks(parts)))


def without_marks(text: str) -> Iterator[str]:
    """Yield the letters of a text, without the marks on Latin ones."""
    is_latin = False
    for letter in text:
        if not unicodedata.combining(letter):
            is_latin = letter.isascii()
        elif is_latin:
            continue
        yield letter


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
