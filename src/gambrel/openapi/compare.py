"""Compare two OpenAPI documents: what of the first would a client miss in the second?

`gambrel openapi --against` calls `breaking_changes`. Both are plain data, so either may be written
by hand; whatever was added and breaks nobody is not told.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from msgspec import Struct

from gambrel.openapi.contain import Misfits, resolve

__all__ = ["Change", "breaking_changes"]

Plain = Mapping[str, Any]
_METHODS = ("get", "put", "post", "delete", "options", "head", "patch", "trace", "query")
_BRACED = re.compile(r"\{[^{}]*\}")


class Change(Struct, frozen=True):
    """What breaks a client: the operation, the place in it (may be empty), and what has become."""

    operation: str
    place: str
    what: str

    def __str__(self) -> str:
        return ": ".join(filter(None, (self.operation, self.place, self.what)))


def breaking_changes(old: Plain, new: Plain) -> list[Change]:
    """Return what a client written for `old` would stumble over in `new`, in order of `old`.

    What it sends must still be taken, and what it gets must still be as it was told. Names of
    path parameters do not matter.
    """
    known = {(method, _BRACED.sub("{}", path)): item for method, path, item in _operations(new)}
    found = []
    for method, path, before in _operations(old):
        name = f"{method.upper()} {path}"
        after = known.get((method, _BRACED.sub("{}", path)))
        if after is None:
            found.append(Change(name, "", "is gone"))
        else:
            changes = dict.fromkeys(_Pair(old, new, before, after))
            found += [Change(name, place, what) for place, what in changes]
    return found


def _operations(document: Plain) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Yield method, path and operation, each with all of its parameters by place."""
    for path, given in document.get("paths", {}).items():
        item = resolve(document, given)
        names = re.findall(r"\{([^{}]*)\}", path)
        for method in _METHODS:
            if method in item:
                operation = item[method]
                params = [*item.get("parameters", ()), *operation.get("parameters", ())]
                resolved = [resolve(document, param) for param in params]
                placed = {_place(param, names): param for param in resolved}
                yield method, path, {**operation, "parameters": placed}


def _place(param: Plain, names: list[str]) -> str:
    """Return how a parameter is known: by name, and in the path by its position."""
    if param["in"] == "path" and param["name"] in names:
        return f"path parameter {names.index(param['name']) + 1}"
    name = param["name"].lower() if param["in"] == "header" else param["name"]
    return f"{param['in']} {name}"


class _Pair:
    """One operation as it was and as it is; iterate it for places and what has become of them."""

    def __init__(self, old: Plain, new: Plain, before: Plain, after: Plain) -> None:
        self.old, self.new = old, new
        self.before, self.after = before, after
        self.sent = Misfits(old, new, are_sent=True)
        self.received = Misfits(old, new, are_sent=False)

    def __iter__(self) -> Iterator[tuple[str, str]]:
        yield from self.parameters()
        yield from self.body()
        yield from self.responses()
        yield from self.security()

    def parameters(self) -> Iterator[tuple[str, str]]:
        before, after = self.before["parameters"], self.after["parameters"]
        for place, param in before.items():
            if place not in after:
                yield place, "is gone"
            else:
                yield from self.sent.of(param.get("schema"), after[place].get("schema"), place)
        for place, param in after.items():
            if param.get("required") and not before.get(place, {}).get("required"):
                yield place, "is required now"

    def body(self) -> Iterator[tuple[str, str]]:
        before = resolve(self.old, self.before.get("requestBody", {}))
        after = resolve(self.new, self.after.get("requestBody", {}))
        if after.get("required") and not before.get("required"):
            yield "body", "is required now"
        for media, entry in before.get("content", {}).items():
            if media not in after.get("content", {}):
                yield "body", f"is not taken as {media} any more"
            else:
                now = after["content"][media].get("schema")
                yield from self.sent.of(entry.get("schema"), now, "body")

    def responses(self) -> Iterator[tuple[str, str]]:
        for status, given in self.before.get("responses", {}).items():
            response = resolve(self.old, given)
            now = self.after.get("responses", {}).get(status)
            if now is not None:
                yield from self.response(status, response, resolve(self.new, now))
            elif status.startswith("2"):
                yield status, "is not answered any more"

    def response(self, status: str, before: Plain, after: Plain) -> Iterator[tuple[str, str]]:
        for media, entry in before.get("content", {}).items():
            if media not in after.get("content", {}):
                yield status, f"does not come as {media} any more"
            else:
                now = after["content"][media].get("schema")
                yield from self.received.of(entry.get("schema"), now, status)
        kept = {name.lower() for name in after.get("headers", {})}
        for name in before.get("headers", {}):
            if name.lower() not in kept:
                yield status, f"has no header {name} any more"

    def security(self) -> Iterator[tuple[str, str]]:
        had = self.before.get("security", self.old.get("security")) or [{}]
        asked = self.after.get("security", self.new.get("security")) or [{}]
        if any(not any(_satisfies(held, need) for need in asked) for held in had):
            yield "security", f"asks for {' or '.join(map(_spell, asked))} now"


def _satisfies(held: Mapping[str, list[str]], need: Mapping[str, list[str]]) -> bool:
    """Whether who shows `held` has shown all of `need`."""
    return all(name in held and {*scopes} <= {*held[name]} for name, scopes in need.items())


def _spell(need: Mapping[str, list[str]]) -> str:
    """Return a security requirement as a person would say it."""
    names = [f"{name} ({', '.join(scopes)})" if scopes else name for name, scopes in need.items()]
    return " and ".join(names) or "nothing"
