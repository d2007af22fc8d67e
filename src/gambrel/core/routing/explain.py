"""Explanations: what routes there are, and why a path leads where it does.

For `gambrel routes`, `gambrel routes match URL` and the development page of a 404.
"""

from collections.abc import Iterable
from typing import NamedTuple

from gambrel.core.http.host import parse_host
from gambrel.core.routing.paths import decode_parts
from gambrel.core.routing.pattern import Param, Segment, literal
from gambrel.core.routing.readers import compile_segment_reader, match_segments
from gambrel.core.routing.route import ANY, Route, handler_name


class Row(NamedTuple):
    """One line of a route listing; `guards` are the predicates a request must meet."""

    methods: str
    path: str
    name: str
    handler: str
    where: str
    kind: str
    host: str
    version: str
    guards: str


class Step(NamedTuple):
    """One route that was looked at: whether it matches, and why not."""

    route: Route
    matched: bool
    why: str


def list_routes(routes: Iterable[Route]) -> list[Row]:
    """Return one row per route, in the order of declaration."""
    return [
        Row(
            " ".join(route.methods),
            route.pattern.text,
            route.name,
            handler_name(route.handler) if route.handler is not None else "",
            route.where,
            route.kind,
            route.host.text if route.host else "",
            route.options.version,
            ", ".join(repr(predicate) for predicate in route.options.when),
        )
        for route in routes
    ]


def explain(routes: Iterable[Route], method: str, raw_path: str, host: str | None) -> list[Step]:
    """Return a step for every route, in the order in which they are tried.

    Raises:
        BadRequest: the path or the host is malformed.
    """
    parts = decode_parts(raw_path)
    labels = parse_host(host).name.split(".") if host else []
    served = [route for route in routes if route.kind != "external"]
    steps = []
    for route in sorted(served, key=order):
        why = (
            explain_host(route, labels)
            or explain_path(route, parts)
            or explain_method(route, method)
        )
        when = ", ".join(map(repr, route.options.when))
        steps.append(Step(route, not why, why or (when and f"if {when}")))
    return steps


def order(route: Route) -> tuple[object, ...]:
    """Return the sort key of the order in which routes are tried."""
    host = route.host.precedence if route.host else ()
    return route.kind == "fallback", route.host is None, host, route.pattern.precedence


def explain_host(route: Route, labels: list[str]) -> str:
    """Return why the host is another, or `""`."""
    if route.host is None or match_segments(route.host, labels) is not None:
        return ""
    return f"the host is {'.'.join(labels) or 'not known'}, not {route.host.text}"


def explain_method(route: Route, method: str) -> str:
    """Return why the method is another, or `""`."""
    wanted = {*route.methods, *(["HEAD"] if "GET" in route.methods else [])}
    return (
        "" if wanted & {method, ANY} else f"the method is {method}, not {', '.join(route.methods)}"
    )


def explain_path(route: Route, parts: list[str]) -> str:
    """Return why the path does not match, or `""`."""
    pattern = route.pattern
    if match_segments(pattern, parts, empty_tail=route.has_empty_tail) is not None:
        return ""
    size = len(pattern.segments)
    if len(parts) < size or (pattern.tail is None and len(parts) > size):
        few = "at least " if pattern.tail is not None else ""
        return f"the path has {len(parts) - 1} segments, not {few}{size - 1}"
    for position, segment in enumerate(pattern.segments):
        if position == pattern.tail:
            break
        if parts[position] != literal(segment) and not reads(segment, parts[position]):
            return f"segment {position} is {parts[position]!r}, not {show(segment)}"
    return "what is left is not a path, or does not end as the pattern does"


def reads(segment: Segment, text: str) -> bool:
    """Return whether a segment with parameters takes `text`."""
    return literal(segment) is None and compile_segment_reader(segment)(text, {})


def show(segment: Segment) -> str:
    """Return a segment as it was written."""
    return "".join(
        f"{{{p.name}{p.spec and ':' + p.spec}}}" if isinstance(p, Param) else p for p in segment
    )
