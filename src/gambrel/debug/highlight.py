"""Python source as HTML with its tokens marked, for the error page. Pure text to text."""

import io
import keyword
import token
import tokenize
from functools import lru_cache
from html import escape

__all__ = ["Spans", "highlight_lines", "render_line"]

_STRINGS = {"STRING", "FSTRING_START", "FSTRING_MIDDLE", "FSTRING_END"}
_STRINGS |= {"TSTRING_START", "TSTRING_MIDDLE", "TSTRING_END"}
_CONSTANTS = frozenset({"None", "True", "False", "self", "cls"})

Spans = dict[int, list[tuple[int, int, str]]]


@lru_cache(maxsize=32)
def highlight_lines(source: str) -> Spans:
    """Return the marked spans of each line as `(start, end, class)`, in characters.

    Source that does not tokenise is marked as far as it does.
    """
    spans: Spans = {}
    try:
        for found in tokenize.generate_tokens(io.StringIO(source).readline):
            kind = _kind(found)
            if kind:
                _add(spans, found, kind)
    except (tokenize.TokenError, SyntaxError):
        pass
    return spans


def _kind(found: tokenize.TokenInfo) -> str:
    name = token.tok_name[found.type]
    if name == "NAME":
        if found.string in _CONSTANTS:
            return "c"
        return "k" if keyword.iskeyword(found.string) else ""
    if name in _STRINGS:
        return "s"
    return {"COMMENT": "m", "NUMBER": "n"}.get(name, "")


def _add(spans: Spans, found: tokenize.TokenInfo, kind: str) -> None:
    (first, start), (last, end) = found.start, found.end
    for line in range(first, last + 1):
        left = start if line == first else 0
        right = end if line == last else 1_000_000
        if right > left:
            spans.setdefault(line, []).append((left, right, kind))


def render_line(
    text: str, spans: list[tuple[int, int, str]], marked: tuple[int, int] | None = None
) -> str:
    """Return one line as HTML: spans as `<i class>`, the part that failed as `<mark>`."""
    classes = [""] * len(text)
    for start, end, kind in spans:
        classes[start : min(end, len(text))] = [kind] * (min(end, len(text)) - start)
    low, high = marked or (0, 0)
    parts = []
    position = 0
    while position < len(text):
        inside = low <= position < high
        stop = position + 1
        while (
            stop < len(text)
            and classes[stop] == classes[position]
            and (low <= stop < high) == inside
        ):
            stop += 1
        piece = escape(text[position:stop])
        if classes[position]:
            piece = f'<i class="{classes[position]}">{piece}</i>'
        parts.append(f"<mark>{piece}</mark>" if inside else piece)
        position = stop
    return "".join(parts)
