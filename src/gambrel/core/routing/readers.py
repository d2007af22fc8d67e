"""Readers: compiled functions from the segments of a path to a target and its parameters.

`paths` makes one per pattern and target at start-up; it runs on every request that gets as far, so
the common shapes have a closure of their own. A reader answers None where a segment is no match.
"""

from collections.abc import Callable
from typing import Any

from gambrel.core.routing.pattern import DOTS, Param, Pattern, Segment, is_tail, literal

Match = tuple[Any, dict[str, Any] | None]
"""What a path leads to (a route, a choice of routes, or a miss), and its parameters."""

Reader = Callable[[list[str]], Match | None]
SegmentReader = Callable[[str, dict[str, Any]], bool]


def compile_reader(pattern: Pattern, target: Any, *, empty_tail: bool = False) -> Reader:
    """Return the reader of `pattern` for paths whose literal segments are known to match.

    With `empty_tail` the last parameter may be empty, as below a mount.
    """
    fields = [
        (position, segment)
        for position, segment in enumerate(pattern.segments)
        if literal(segment) is None
    ]
    if pattern.tail is None and not pattern.constants:
        plain = [(i, s[0].name) for i, s in fields if is_plain(s) and isinstance(s[0], Param)]
        if len(plain) == len(fields) == 1:
            return read_one(*plain[0], target)
        if len(plain) == len(fields) == 2:
            return read_two(*plain[0], *plain[1], target)
        if len(fields) == 1 and len(fields[0][1]) == 1 and isinstance(fields[0][1][0], Param):
            return read_converted(fields[0][0], fields[0][1][0], target)
    return read_any(pattern, fields, empty_tail, target)


def is_plain(segment: Segment) -> bool:
    """Return whether the segment is one parameter that stays text."""
    first = segment[0]
    return len(segment) == 1 and isinstance(first, Param) and first.converter is None


def read_one(position: int, name: str, target: Any) -> Reader:
    """Read one parameter as text."""

    def read(parts: list[str]) -> Match | None:
        text = parts[position]
        return None if text in DOTS else (target, {name: text})

    return read


def read_two(first: int, first_name: str, second: int, second_name: str, target: Any) -> Reader:
    """Read two parameters as text."""

    def read(parts: list[str]) -> Match | None:
        left = parts[first]
        right = parts[second]
        if left in DOTS or right in DOTS:
            return None
        return target, {first_name: left, second_name: right}

    return read


def read_converted(position: int, param: Param, target: Any) -> Reader:
    """Read one parameter through its converter."""
    assert param.converter is not None
    name, parse = param.name, param.converter.parse

    def read(parts: list[str]) -> Match | None:
        text = parts[position]
        if text in DOTS:
            return None
        try:
            return target, {name: parse(text)}
        except ValueError:
            return None

    return read


def read_any(
    pattern: Pattern, fields: list[tuple[int, Segment]], empty_tail: bool, target: Any
) -> Reader:
    """Read any mixture of parameters, mixed segments, a tail and constants."""
    constants, size, tail = pattern.constants, len(pattern.segments), pattern.tail
    after = 0 if tail is None else size - 1 - tail
    readers = [
        # Positions after a tail count from the end of the path.
        (i - size if tail is not None and i > tail else i, compile_segment_reader(segment))
        for i, segment in fields
        if not is_tail(segment)
    ]
    tail_name = next((str(p.name) for p in pattern.params if is_tail((p,))), "")

    def read(parts: list[str]) -> Match | None:
        params: dict[str, Any] = dict(constants)
        for position, read_segment in readers:
            if not read_segment(parts[position], params):
                return None
        if tail is not None:
            rest = "/".join(parts[tail : len(parts) - after])
            if not (is_safe_tail(rest) if rest else empty_tail):
                return None
            params[tail_name] = rest
        return target, params

    return read


def first_of(one: Reader, other: Reader) -> Reader:
    """Return the reader that tries `other` where `one` is no match."""

    def read(parts: list[str]) -> Match | None:
        return one(parts) or other(parts)

    return read


def is_safe_tail(rest: str) -> bool:
    """Return whether no part of `rest` is empty or a dot segment, for either slash.

    One slash may end it. Checked after decoding, where `..%2F` or `..%5C` have become what they
    mean (CWE-22).
    """
    parts = rest.replace("\\", "/").split("/")
    return DOTS.isdisjoint(parts[:-1]) and parts[-1] not in {".", ".."}


def compile_segment_reader(segment: Segment) -> SegmentReader:
    """Return the reader of one segment, which adds its parameters to a dict."""
    first = segment[0]
    if len(segment) > 1 or isinstance(first, str):
        return compile_mixed(segment)

    def read(text: str, params: dict[str, Any]) -> bool:
        try:
            params[first.name] = first.parse(text)
        except ValueError:
            return False
        return True

    return read


def compile_mixed(segment: Segment) -> SegmentReader:
    """Return the reader of a mixed segment.

    The last occurrence of each separator splits, from the right and without going back, so the
    work is linear: `{name}.{ext}` reads "a.tar.gz" as "a.tar" and "gz".
    """
    head = segment[0] if isinstance(segment[0], str) else ""
    last = segment[-1] if isinstance(segment[-1], str) else ""
    inner = segment[bool(head) : len(segment) - bool(last)]
    params = [part for part in inner if isinstance(part, Param)][::-1]
    separators = [part for part in inner if isinstance(part, str)][::-1]

    def read(text: str, values: dict[str, Any]) -> bool:
        start, end = len(head), len(text) - len(last)
        if not (end > start and text.startswith(head) and text.endswith(last)):
            return False
        for param, separator in zip(params, [*separators, ""], strict=True):
            cut = text.rfind(separator, start + 1, end - 1) if separator else start
            if cut < 0:
                return False
            try:
                values[param.name] = param.parse(text[cut + len(separator) : end])
            except ValueError:
                return False
            end = cut
        return True

    return read


def match_segments(
    pattern: Pattern, parts: list[str], *, empty_tail: bool = False
) -> dict[str, Any] | None:
    """Compare parts with a whole pattern, literals included; for hosts and explanations."""
    if pattern.tail is None and len(parts) != len(pattern.segments):
        return None
    if len(parts) < len(pattern.segments):
        return None
    after = pattern.tail if pattern.tail is not None else len(parts)
    for position, segment in enumerate(pattern.segments):
        text = literal(segment)
        place = position - len(pattern.segments) if position > after else position
        if text is not None and parts[place] != text:
            return None
    found = compile_reader(pattern, None, empty_tail=empty_tail)(parts)
    return None if found is None else found[1]
