"""Count the lines a parser runs on hostile text of growing size; no clock is involved (T-C18-1)."""

import sys
from collections.abc import Callable
from types import FrameType
from typing import Any

from gambrel.core.http.errors import HTTPError

PIECES = (
    *'";\\,=&+%:.-[ \t<a',
    *("0-0,", "0-1,", "a=", "a=b;", "a=b&", '"\\', 'a="', '"a",', 'W/"a",', "%41", "%ff", "%2e"),
    *("a;q=0.1,", "*/*,", "a/b;a=1,", "for=a,", "for=a;", "::", "1.", "../", "//", "é", "\x00"),
)
SIZES = ((250, 1_000), (1_000, 4_000), (16_000, 64_000))


def count_steps(parse: Callable[[str], object], text: str) -> int:
    """Return the number of lines of Python that `parse` runs; refusals are as good as answers."""
    steps = 0

    def trace(_frame: FrameType, event: str, _argument: Any) -> Any:
        nonlocal steps
        steps += event == "line"
        return trace

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        parse(text)
    except HTTPError:
        pass
    finally:
        sys.settrace(before)
    return steps


def steep(parse: Callable[[str], object], before: str = "", after: str = "") -> list[str]:
    """Return the pieces whose fourfold repetition costs clearly more than four times as much."""
    found = []
    for piece in PIECES:
        for small, large in SIZES:
            few = count_steps(parse, before + piece * (small // len(piece)) + after)
            many = count_steps(parse, before + piece * (large // len(piece)) + after)
            if many > 6 * few + 500:
                found.append(f"{piece!r}: {few} steps, then {many}")
    return found
