"""What somebody types to find something: words, "phrases in quotes", and -words to leave out.

Whatever is typed has a meaning; only letters and digits are left of it, so that no sign of the
language of a database is.
"""

import re

from msgspec import Struct

__all__ = ["Term", "parse_terms"]

MOST = 10
LONGEST = 64
_PART = re.compile(r'(?<!\S)(-?)(?:"([^"]*)"?|(\S+))')
_WORD = re.compile(r"[^\W_]+")


class Term(Struct, frozen=True):
    """Words that stand next to each other; the last may be the beginning of one, if `is_open`."""

    words: tuple[str, ...]
    is_open: bool = True
    is_excluded: bool = False


def parse_terms(text: str) -> list[Term]:
    """Return what is asked for; none where there is no letter and no digit."""
    found = []
    for minus, phrase, word in _PART.findall(text.replace("\0", " ")):
        words = tuple(one[:LONGEST] for one in _WORD.findall(phrase or word))
        if words:
            found.append(Term(words, not phrase, minus == "-"))
    return found[:MOST]
