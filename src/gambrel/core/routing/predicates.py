"""Predicates: `when=accept("text/html")` chooses between routes of one path and method.

A predicate is any callable from a request to a bool. One with a `status` says what to answer when
it is the reason that no route suits; without, that is 404. Only requests to such routes pay.
"""

from collections.abc import Callable
from typing import Any

from msgspec import Struct

from gambrel.core.http.errors import BadRequest
from gambrel.core.http.fields.media import MediaType
from gambrel.core.http.fields.negotiation import best_match, parse_preferences
from gambrel.core.http.host import HostPattern, parse_host

Predicate = Callable[[Any], bool]


class When(Struct, frozen=True):
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
    return When(_has_header, "header", (name, *values))


def accept(*media_types: str) -> When:
    """Want a client that takes one of these types; the type it prefers wins. Else 406."""
    return When(_accepts, "accept", media_types, 406)


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


def version(name: str, versioning: Any) -> When:
    """Want a version of a `Versioning` by header or media type. Else 404, or 406."""
    return When(_has_version, "version", (name, versioning), versioning.status)


def not_(predicate: Predicate) -> When:
    """Want what another predicate does not."""
    return When(_fails, "not_", (predicate,))


def accept_of(request: Any) -> str:
    """Return the `Accept` header as one list."""
    return ", ".join(request.headers.get_all("accept"))


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


def _has_version(request: Any, version: str, versioning: Any) -> bool:
    if versioning.scheme == "header":
        return bool(request.headers.get(versioning.name, versioning.default) == version)
    wishes = [wish for wish in parse_preferences(accept_of(request)) if wish.quality]
    found = [MediaType.parse(wish.value).parameters.get(versioning.name) for wish in wishes]
    return version in (list(filter(None, found)) or [versioning.default])
