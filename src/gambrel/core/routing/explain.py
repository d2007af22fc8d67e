"""Explanations: why a path leads where it does, route by route.

For `gambrel routes match URL` and the development page of a 404.
"""

from collections.abc import Iterable
from typing import NamedTuple

from gambrel.core.http.host import parse_host
from gambrel.core.routing.paths import decode_parts
from gambrel.core.routing.readers import compile_segment, match_segments
from gambrel.core.routing.route import ANY, Route


class Step(NamedTuple):
    """One route that was looked at: whether it matches, and why not (or under what condition)."""

    route: Route
    matched: bool
    why: str


def explain(routes: Iterable[Route], method: str, raw_path: str, host: str | None) -> list[Step]:
    """Return a step for every route, in the order in which they are tried.

    Raises:
        BadRequest: the path or the host is malformed.
    """
    parts = decode_parts(raw_path)
    labels = parse_host(host).name.split(".") if host else []
    steps = []
    for route in sorted((route for route in routes if route.kind != "external"), key=order):
        why = explain_path(route, parts)
        if method not in route.methods and not (method == "HEAD" and "GET" in route.methods):
            why = why or f"the method is {method}, not {', '.join(route.methods)}"
        if ANY in route.methods:
            why = explain_path(route, parts)
        if route.host is not None and match_segments(route.host, labels) is None:
            why = f"the host is {'.'.join(labels) or 'not known'}, not {route.host.text}"
        when = " and ".join(map(repr, route.options.when))
        steps.append(Step(route, not why, why or (when and f"if {when}")))
    return steps


def order(route: Route) -> tuple[object, ...]:
    """Return the sort key of the order in which routes are tried."""
    host = route.host.precedence if route.host else ()
    return route.kind == "fallback", route.host is None, host, route.pattern.precedence


def explain_path(route: Route, parts: list[str]) -> str:
    """Return why the path does not match, or `""`."""
    pattern = route.pattern
    if match_segments(pattern, parts, empty_tail=route.has_empty_tail) is not None:
        return ""
    size = len(pattern.segments)
    if pattern.tail is None and len(parts) != size:
        return f"the path has {len(parts) - 1} segments, not {size - 1}"
    before_tail = pattern.segments[: pattern.tail]
    for position, (segment, text) in enumerate(zip(before_tail, parts, strict=False)):
        if text != segment.literal and not (segment.kind and compile_segment(segment)(text, {})):
            return f"segment {position} is {text!r}, not {segment}"
    return f"what follows is no path that ends as {pattern.text} does"
