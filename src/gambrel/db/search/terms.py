"""What somebody types to find something: words, "phrases in quotes", and -words to leave out.

Whatever is typed has a meaning; only letters and digits are left of it, so that no sign of the
language of a database is.
"""

import re
from itertools import islice

from msgspec import Struct

__all__ = ["Term", "parse_terms"]

MOST = 10
IN_ROW = 16
"""Words next to each other: of a hundred thousand, PostgreSQL would think for a minute."""
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
    found: list[Term] = []
    for part in _PART.finditer(text.replace("\0", " ")):
        minus, phrase, word = part.groups(default="")
        words = tuple(one[0][:LONGEST] for one in islice(_WORD.finditer(phrase or word), IN_ROW))
        if words:
            found.append(Term(words, not phrase, minus == "-"))
        if len(found) == MOST:
            break
    return found
