"""Predicates: `when=accept("text/html")` chooses between routes of one path and method.

A predicate is any callable from a request to a bool. One with a `status` says what to answer when
it is the reason that no route suits; without, that is 404. Only requests to such routes pay.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from gambrel.core.http.errors import BadRequest
from gambrel.core.http.host import HostPattern, parse_host
from gambrel.core.http.media import MediaType
from gambrel.core.http.negotiation import best_match

Predicate = Callable[[Any], bool]


@dataclass(frozen=True)
class When:
    """One of the built-in predicates: a test, its name, and what it was given.

    Equal ones make two routes conflict. `status` is answered where it alone does not hold.
    """

    test: Callable[..., bool]
    name: str
    values: tuple[Any, ...]
    status: int = 404

    def __call__(self, request: Any) -> bool:
        """Return whether `request` suits."""
        return self.test(request, *self.values)

    def __repr__(self) -> str:
        return f"{self.name}({', '.join(map(repr, self.values))})"


def header(name: str, *values: str) -> When:
    """Want a header, and one of `values` in it if any are given."""
    return When(_header, "header", (name, *values))


def accept(*media_types: str) -> When:
    """Want a client that takes one of these types; the type it prefers wins. Else 406."""
    return When(_accept, "accept", media_types, 406)


def content_type(*media_ranges: str) -> When:
    """Want a body of one of these types: `"application/json"`, `"image/*"`. Else 415."""
    for media_range in media_ranges:
        MediaType.parse(media_range)
    return When(_content_type, "content_type", media_ranges, 415)


def param(name: str, *values: str) -> When:
    """Want a query parameter, with one of `values` if any are given."""
    return When(_param, "param", (name, *values))


def host(*patterns: str) -> When:
    """Want one of these hosts: `"example.com"`, `"*.example.com"`, `".example.com"`."""
    return When(_host, "host", tuple(HostPattern(pattern).text for pattern in patterns))


def not_(predicate: Predicate) -> When:
    """Want what another predicate does not."""
    return When(_not, "not_", (predicate,))


def _header(request: Any, name: str, *values: str) -> bool:
    found = request.headers.get_all(name)
    return any(value in found for value in values) if values else bool(found)


def _accept(request: Any, *media_types: str) -> bool:
    return best_match(accept_of(request), media_types) is not None


def accept_of(request: Any) -> str:
    """Return the `Accept` header as one list."""
    return ", ".join(request.headers.get_all("accept"))


def _content_type(request: Any, *media_ranges: str) -> bool:
    try:
        found = MediaType.parse(request.headers.get("content-type", ""))
    except BadRequest:
        return False
    return any(found.matches(MediaType.parse(wanted)) for wanted in media_ranges)


def _param(request: Any, name: str, *values: str) -> bool:
    found = request.query.get_all(name)
    return any(value in found for value in values) if values else bool(found)


def _host(request: Any, *patterns: str) -> bool:
    found = parse_host(request.host)
    return any(HostPattern(pattern).matches(found) for pattern in patterns)


def _not(request: Any, predicate: Predicate) -> bool:
    return not predicate(request)
