"""Versions side by side: how the routes of `version="1"` and `version="2"` are told apart.

A router is compiled with one `Versioning`, and its groups hand it down.
"""

from collections.abc import Callable
from typing import Any, Literal

from msgspec import Struct


class Versioning(Struct, frozen=True):
    """How the versions of routes and groups (`version="1"`) are told apart.

    "path" puts `prefix` and the version before the whole path (`/v1/users`), "header" compares the
    header `name`, "accept" the parameter `name` of a type in `Accept`
    (`application/json; version=1`). `default` is the version of a request that names none.
    """

    scheme: Literal["path", "header", "accept"] = "path"
    prefix: str = "/v"
    name: str = "x-api-version"
    default: str = ""

    @property
    def status(self) -> int:
        """What is answered where no route has the version that is asked for."""
        return 406 if self.scheme == "accept" else 404

    def path(self, version: str, path: str) -> str:
        """Return the path of a version."""
        return f"{self.prefix}{version}{path}" if version and self.scheme == "path" else path

    def predicate(self, version: str) -> Callable[[Any], bool]:
        """Return the predicate for a version that is not part of the path."""
        from gambrel.core.routing import predicates  # noqa: PLC0415 - start-up: versions

        return predicates.version(version, self)
