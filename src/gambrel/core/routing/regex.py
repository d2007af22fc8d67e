"""`{x:re(...)}`: expressions that cannot be made slow by what a client sends.

`re` backtracks, so an expression is taken only where the work is bounded: one segment of limited
length, few repetitions, none inside another. Only `converters` calls this.
"""

import re

from gambrel.core.http.errors import GambrelError

LONGEST = 128
"""The longest segment, in characters, that is compared with an expression."""

_PIECE = re.compile(
    r"\\.|\[\^?\]?(?:\\.|[^\]\\])*\]|\{\d*,?\d*\}[?+]?|[*+?][?+]?|\(\?:|.",
    re.DOTALL,
)
_FIXED = re.compile(r"\{\d+\}")


def compile_segment(text: str) -> re.Pattern[str]:
    """Compile `text` to match one whole segment.

    Raises:
        GambrelError: it is malformed, holds "/", or could take long on some input.
    """
    try:
        re.compile(text)
    except re.error as error:
        raise problem(text, str(error)) from None
    fault = find_risk(text)
    if fault:
        raise problem(text, fault)
    return re.compile(rf"(?=.{{1,{LONGEST}}}\Z)(?:{text})", re.ASCII | re.DOTALL)


def problem(text: str, fault: str) -> GambrelError:
    """Return the error for an expression that is not taken."""
    return GambrelError(
        "routing.regex",
        f"re({text}): {fault}",
        hint="match loosely here, and check the value in the handler or in a custom converter",
    )


def find_risk(text: str) -> str:
    """Return why `text` could be slow, or `""`."""
    if text.count("(?") != text.count("(?:"):
        return "look-around, flags or a named group"
    repeats = optional = 0
    risky = [False]  # per open group: whether it holds a repetition or a choice
    closed = False  # whether the piece before closed such a group
    for piece in _PIECE.findall(text):
        repeat = piece in {"*", "+", "?"} or (piece[0] in "*+?{" and len(piece) > 1)
        if piece == "/" or (piece[0] == "\\" and piece[1:].isdigit()):
            return "a '/' or a back-reference"
        if closed and repeat and piece[0] != "?":
            return "a repetition or a choice inside a repetition"
        if piece in {"(", "(?:"}:
            risky.append(False)
        risky[-1] |= repeat or piece == "|"
        repeats += repeat and piece[0] != "?" and not _FIXED.match(piece)
        optional += repeat and piece[0] == "?"
        closed = piece == ")" and risky.pop()
        risky[-1] |= closed
    if repeats > 3 or optional > 6:
        return "more than 3 repetitions or 6 optional parts"
    return ""
