"""Versions: where `version="1"` of a route or group stands in a request."""

from dataclasses import dataclass
from typing import Any, Literal

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
        return path, {**given, "when": (*given.get("when", ()), VersionIs(version, self))}


@dataclass(frozen=True)
class VersionIs:
    """The predicate of a version in a header."""

    version: str
    versioning: Versioning
    status: int = 404

    def score(self, request: Any) -> float:
        """Return 1 for a request that names this version, or none and it is the default."""
        found = self.versioning.default
        if self.versioning.scheme == "header":
            found = request.headers.get(self.versioning.name, found)
        else:
            for part in request.headers.get("accept", "").split(";")[1:]:
                key, _, value = part.split(",")[0].partition("=")
                if key.strip() == self.versioning.name:
                    found = value.strip().strip('"')
        return float(found == self.version)
