"""Predicates: `when=` chooses between routes of one path and method.

A predicate is any callable from a request to a bool. One with a `status` says what to answer when
it is the reason that no route suits; without, that is 404. Only requests to such routes pay. Those
for everyday use are in `gambrel.when`; here is what tells versions apart.
"""

from collections.abc import Callable
from typing import Any

from msgspec import Struct

from gambrel.core.http.fields.media import MediaType
from gambrel.core.http.fields.negotiation import parse_preferences

Predicate = Callable[[Any], bool]


class When(Struct, frozen=True):
    """A predicate of ours: a test, its name, and what it was given.

    Equal ones make two routes conflict. `status` is answered where it alone does not hold. An
    answer varies by the request header that the test reads, `varies`.
    """

    test: Callable[..., bool]
    name: str
    values: tuple[Any, ...]
    status: int = 404
    varies: str = ""

    def __call__(self, request: Any) -> bool:
        """Return whether `request` suits."""
        return self.test(request, *self.values)

    def __repr__(self) -> str:
        return f"{self.name}({', '.join(map(repr, self.values))})"


def version(name: str, versioning: Any) -> When:
    """Want a version of a `Versioning` by header or media type. Else 404, or 406."""
    varies = versioning.name.lower() if versioning.scheme == "header" else "accept"
    return When(_has_version, "version", (name, versioning), versioning.status, varies)


def accept_of(request: Any) -> str:
    """Return the `Accept` header as one list."""
    return ", ".join(request.headers.get_all("accept"))


def _has_version(request: Any, version: str, versioning: Any) -> bool:
    if versioning.scheme == "header":
        return bool(request.headers.get(versioning.name, versioning.default) == version)
    wishes = [wish for wish in parse_preferences(accept_of(request)) if wish.quality]
    found = [MediaType.parse(wish.value).parameters.get(versioning.name) for wish in wishes]
    return version in (list(filter(None, found)) or [versioning.default])
