"""Readers: compiled functions from the segments of a path to a target and its parameters.

`paths` makes one per pattern and target at start-up; it runs on every request that gets as far, so
the common shapes have a closure of their own. A reader answers None where a segment is no match.
"""

from collections.abc import Callable
from typing import Any

from gambrel.core.routing.pattern import DOTS, Param, Pattern, Segment

Match = tuple[Any, dict[str, Any] | None]
"""What a path leads to (a route, a choice of routes, or a miss), and its parameters."""

Reader = Callable[[list[str]], Match | None]
SegmentReader = Callable[[str, dict[str, Any]], bool]


def compile_reader(pattern: Pattern, target: Any, *, empty_tail: bool = False) -> Reader:
    """Return the reader of `pattern` for paths whose literal segments are known to match.

    With `empty_tail` the last parameter may be empty, as below a mount.
    """
    fields = [(i, segment) for i, segment in enumerate(pattern.segments) if segment.kind]
    is_whole = all(len(segment.parts) == 1 for _, segment in fields)
    if is_whole and pattern.tail is None and not pattern.constants:
        places = [(i, segment.params[0]) for i, segment in fields]
        if len(places) == 1:
            return read_one(*places[0], target)
        if len(places) == 2 and not any(param.converter for _, param in places):
            return read_two(*places[0], *places[1], target)
    return read_any(pattern, fields, empty_tail, target)


def read_one(position: int, param: Param, target: Any) -> Reader:
    """Read one parameter."""
    name = param.name
    parse = param.converter.parse if param.converter else None

    def read(parts: list[str]) -> Match | None:
        text = parts[position]
        return None if text in DOTS else (target, {name: text})

    def read_converted(parts: list[str]) -> Match | None:
        text = parts[position]
        if text in DOTS:
            return None
        try:
            return target, {name: parse(text)}  # type: ignore[misc]  # chosen below
        except ValueError:
            return None

    return read_converted if parse else read


def read_two(first: int, one: Param, second: int, other: Param, target: Any) -> Reader:
    """Read two parameters as text."""
    one_name, other_name = one.name, other.name

    def read(parts: list[str]) -> Match | None:
        left = parts[first]
        right = parts[second]
        if left in DOTS or right in DOTS:
            return None
        return target, {one_name: left, other_name: right}

    return read


def read_any(
    pattern: Pattern, fields: list[tuple[int, Segment]], empty_tail: bool, target: Any
) -> Reader:
    """Read any mixture of parameters, mixed segments, a tail and constants."""
    size = len(pattern.segments)
    tail = size if pattern.tail is None else pattern.tail
    # Positions after a tail count from the end of the path.
    readers = [
        (i - size if i > tail else i, compile_segment(segment))
        for i, segment in fields
        if i != tail
    ]
    tail_name = pattern.segments[tail].params[0].name if tail < size else ""

    def read(parts: list[str]) -> Match | None:
        params: dict[str, Any] = dict(pattern.constants)
        for position, read_segment in readers:
            if not read_segment(parts[position], params):
                return None
        if tail_name:
            params[tail_name] = rest = "/".join(parts[tail : len(parts) - (size - 1 - tail)])
            if not (is_safe_tail(rest) if rest else empty_tail):
                return None
        return target, params

    return read


def first_of(one: Reader, other: Reader) -> Reader:
    """Return the reader that tries `other` where `one` is no match."""
    return lambda parts: one(parts) or other(parts)


def is_safe_tail(rest: str) -> bool:
    """Return whether no part of `rest` is empty or a dot segment, for either slash.

    One slash may end it. Checked after decoding, where `..%2F` or `..%5C` have become what they
    mean (CWE-22).
    """
    if not ("/." in rest or "//" in rest or "\\" in rest or rest.startswith(("/", "."))):
        return True  # so it is with nearly all of them
    *parts, last = rest.replace("\\", "/").split("/")
    return DOTS.isdisjoint(parts) and last not in {".", ".."}


def compile_segment(segment: Segment) -> SegmentReader:
    """Return the reader of one segment, which adds its parameters to a dict.

    The last occurrence of each separator splits, from the right and without going back, so the
    work is linear: `{name}.{ext}` reads "a.tar.gz" as "a.tar" and "gz".
    """
    plan: list[tuple[Param, str]] = []
    text_before = ""
    for part in segment.parts:
        if isinstance(part, Param):
            plan.insert(0, (part, text_before))
        text_before = part if isinstance(part, str) else ""
    ending, leftmost = text_before, plan[-1][0]

    def read(text: str, params: dict[str, Any]) -> bool:
        end = len(text) - len(ending)
        is_match = text.endswith(ending)
        for param, before in plan:
            cut = text.rfind(before, 0, end - 1) if param is not leftmost else 0
            if cut < 0 or not (is_match and text.startswith(before, cut)):
                return False
            try:
                params[param.name] = param.parse(text[cut + len(before) : end])
            except ValueError:
                return False
            end = cut
        return is_match

    return read


def match_segments(
    pattern: Pattern, parts: list[str], *, empty_tail: bool = False
) -> dict[str, Any] | None:
    """Compare parts with a whole pattern, literals included; for hosts and explanations."""
    size = len(pattern.segments)
    if len(parts) < size or (pattern.tail is None and len(parts) > size):
        return None
    for position, segment in enumerate(pattern.segments):
        after = pattern.tail is not None and position > pattern.tail
        if segment.kind == 0 and parts[position - size if after else position] != segment.literal:
            return None
    found = compile_reader(pattern, None, empty_tail=empty_tail)(parts)
    return None if found is None else found[1]
