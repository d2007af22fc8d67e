"""Conditions of routes: `@app.get("/sales", when=when.accept("text/csv"))`.

`when=[...]` takes several, which must all hold; `not_` turns one around. Any function from a
request to a bool is one, too.
"""

from typing import Any

from gambrel.core.http.errors import BadRequest
from gambrel.core.http.fields.media import MediaType
from gambrel.core.http.fields.negotiation import best_match
from gambrel.core.http.host import HostPattern, parse_host
from gambrel.core.routing.predicates import Predicate, When, accept_of

__all__ = ["accept", "content_type", "header", "host", "not_", "param"]


def header(name: str, *values: str) -> When:
    """Want a header, and one of `values` in it if any are given."""
    return When(_has_header, "header", (name, *values), varies=name.lower())


def accept(*media_types: str) -> When:
    """Want a client that takes one of these types; the type it prefers wins. Else 406.

    `*/*` takes the first declared of the routes with such a condition.
    """
    return When(_accepts, "accept", media_types, 406, "accept")


def content_type(*media_ranges: str) -> When:
    """Want a body of one of these types: `"application/json"`, `"image/*"`. Else 415."""
    return When(_has_type, "content_type", tuple(map(MediaType.parse, media_ranges)), 415)


def param(name: str, *values: str) -> When:
    """Want a query parameter, with one of `values` if any are given."""
    return When(_has_param, "param", (name, *values))


def host(*patterns: str) -> When:
    """Want one of these hosts: `"example.com"`, `"*.example.com"`, `".example.com"`."""
    for pattern in patterns:
        HostPattern(pattern)
    return When(_has_host, "host", patterns)


def not_(predicate: Predicate) -> When:
    """Want what another predicate does not."""
    return When(_fails, "not_", (predicate,), varies=getattr(predicate, "varies", ""))


def _has_header(request: Any, name: str, *values: str) -> bool:
    found = request.headers.get_all(name)
    return bool(set(found).intersection(values) if values else found)


def _accepts(request: Any, *media_types: str) -> bool:
    return best_match(accept_of(request), media_types) is not None


def _has_type(request: Any, *media_ranges: MediaType) -> bool:
    try:
        found = MediaType.parse(request.headers.get("content-type", ""))
    except BadRequest:
        return False
    return any(found.matches(wanted) for wanted in media_ranges)


def _has_param(request: Any, name: str, *values: str) -> bool:
    found = request.query.get_all(name)
    return bool(set(found).intersection(values) if values else found)


def _has_host(request: Any, *patterns: str) -> bool:
    found = parse_host(request.host)
    return any(HostPattern(pattern).matches(found) for pattern in patterns)


def _fails(request: Any, predicate: Predicate) -> bool:
    return not predicate(request)
