"""Where in a text is what was asked for: a piece of it as HTML, with the words marked.

It is made here and not by the database, which on each would say something else, and not escape it.
"""

import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence

from gambrel.db.search.terms import Term, parse_terms
from gambrel.markup import Markup, element, join

__all__ = ["headline"]

LOOKED_AT = 100_000
"""Characters of a text in which words are looked for."""
_WORD = re.compile(r"[^\W_]+")
Span = tuple[int, int]


def headline(text: str | None, asked: str, *, length: int = 200) -> Markup:
    """Return the part of a text with most of what was asked, in about so many characters.

    Words that are found stand in `<mark>`; case and accents do not matter. Where nothing is found
    it is the beginning of the text.
    """
    text = (text or "")[:LOOKED_AT]
    words = [(found.span(), folded(found[0])) for found in _WORD.finditer(text)]
    wanted = [term for term in parse_terms(asked) if not term.is_excluded]
    spans = sorted({span for term in wanted for span in matches(words, term)})
    begin, end = piece(spans, len(text), length)
    begin = next((start for (start, stop), _ in words if stop > begin), begin) if begin else 0
    if end < len(text):
        end = next((stop for (start, stop), _ in reversed(words) if stop <= end), end)
    return join(
        [
            "… " if begin else "",
            *marked(text, begin, end, spans),
            " …" if end < len(text.rstrip()) else "",
        ]
    )


def folded(word: str) -> str:
    """Return a word without case and accents."""
    parts = unicodedata.normalize("NFKD", word.casefold())
    return "".join(one for one in parts if not unicodedata.combining(one))


def matches(words: Sequence[tuple[Span, str]], term: Term) -> Iterator[Span]:
    """Yield where the words of a term stand next to each other."""
    wanted = [folded(one) for one in term.words]
    for index in range(len(words) - len(wanted) + 1):
        found = words[index : index + len(wanted)]
        *first, (_, last) = found
        is_last = last.startswith(wanted[-1]) if term.is_open else last == wanted[-1]
        if is_last and [word for _, word in first] == wanted[:-1]:
            yield found[0][0][0], found[-1][0][1]


def piece(spans: Sequence[Span], size: int, length: int) -> Span:
    """Return where the piece begins and ends that has most of the spans."""
    best, first = (0, 0), 0
    for last, (_, stop) in enumerate(spans):
        while stop - spans[first][0] > length and first < last:
            first += 1
        best = max(best, (last - first + 1, -first))
    if not best[0]:
        return 0, min(size, length)
    inner = spans[-best[1]][0], spans[-best[1] + best[0] - 1][1]
    begin = max(0, inner[0] - max(0, length - (inner[1] - inner[0])) // 2)
    end = max(min(size, begin + length), inner[1])
    return max(0, min(begin, inner[0], end - length)), end


def marked(text: str, begin: int, end: int, spans: Iterable[Span]) -> Iterator[str]:
    """Yield a text from one place to another with its spans marked."""
    at = begin
    for start, stop in spans:
        if at <= start and stop <= end:
            yield text[at:start]
            yield element("mark", text[start:stop])
            at = stop
    yield text[at:end]
