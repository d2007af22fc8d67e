"""`{x:re(...)}`: expressions that cannot be made slow by what a client sends.

`re` backtracks, so an expression is taken only where the work is bounded: one segment of limited
length, few repetitions, none inside another. Only `converters` calls this.
"""

import re

from gambrel.core.http.errors import GambrelError

LONGEST = 128
"""The longest segment, in characters, that is compared with an expression."""

_TOKEN = re.compile(r"\\.|\[\^?\]?(?:\\.|[^\]\\])*\]|\{\d*,?\d*\}[?+]?|[*+?][?+]?|\(\?:|.", re.S)
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
    closed = False  # whether the token before closed such a group
    for token in _TOKEN.findall(text):
        repeat = token in {"*", "+", "?"} or (token[0] in "*+?{" and len(token) > 1)
        if token == "/" or (token[0] == "\\" and token[1:].isdigit()):
            return "a '/' or a back-reference"
        if closed and repeat and token[0] != "?":
            return "a repetition or a choice inside a repetition"
        if token in {"(", "(?:"}:
            risky.append(False)
        risky[-1] |= repeat or token == "|"
        repeats += repeat and token[0] != "?" and not _FIXED.match(token)
        optional += repeat and token[0] == "?"
        closed = token == ")" and risky.pop()
        risky[-1] |= closed
    if repeats > 3 or optional > 6:
        return "more than 3 repetitions or 6 optional parts"
    return ""
