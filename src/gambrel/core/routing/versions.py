"""Versions: where `version="1"` of a route or group stands in a request."""

from dataclasses import dataclass
from typing import Any, Literal

from gambrel.core.http.media import MediaType
from gambrel.core.http.negotiation import parse_preferences
from gambrel.core.routing.predicates import When, accept_of
from gambrel.core.routing.route import Given


@dataclass(frozen=True)
class Versioning:
    """How versions are told apart.

    "path" puts `prefix` and the version before the whole path (`/v1/users`), "header" compares the
    header `name`, "accept" a parameter of that name in `Accept`
    (`application/json; version=1`). `default` is the version of a request that names none.
    """

    scheme: Literal["path", "header", "accept"] = "path"
    prefix: str = "/v"
    name: str = "x-api-version"
    default: str = ""

    def apply(self, path: str, given: Given) -> tuple[str, Given]:
        """Return path and options of a route with its version built in."""
        version = given.get("version", "")
        if not version:
            return path, given
        if self.scheme == "path":
            return f"{self.prefix}{version}{path}", given
        wanted = When(_version, "version", (version, self), 406 if self.scheme == "accept" else 404)
        return path, {**given, "when": (*given.get("when", ()), wanted)}


def _version(request: Any, version: str, versioning: Versioning) -> bool:
    found = versioning.default
    if versioning.scheme == "header":
        found = request.headers.get(versioning.name, found)
    else:
        wishes = parse_preferences(accept_of(request))
        types = [MediaType.parse(wish.value) for wish in wishes if wish.quality]
        found = next(
            (t.parameters[versioning.name] for t in types if versioning.name in t.parameters), found
        )
    return bool(found == version)
