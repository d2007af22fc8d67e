"""Whether all values of one JSON Schema are values of another; for `compare.py`.

It errs on the safe side: where schemas differ in a way it cannot judge (another pattern, another
format), values may not fit. What the keywords mean is that of JSON Schema 2020-12.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

__all__ = ["Misfits", "resolve"]

Plain = Mapping[str, Any]
Found = Iterator[tuple[str, str]]

_LOWER = ("minimum", "exclusiveMinimum", "minLength", "minItems", "minProperties")
_UPPER = ("maximum", "exclusiveMaximum", "maxLength", "maxItems", "maxProperties")
_SAME = ("pattern", "format", "multipleOf", "uniqueItems", "contentEncoding", "contentMediaType")
_EITHER = ("anyOf", "oneOf")
_INFINITE = float("inf")
_KINDS = {str: "string", bool: "boolean", int: "integer", float: "number", type(None): "null"}


def resolve(document: Plain, node: Any) -> dict[str, Any]:
    """Return what `node` stands for, after the references inside its document.

    Raises ValueError for one that leads nowhere, in a circle, or out of the document.
    """
    seen: list[str] = []
    while isinstance(node, Mapping) and "$ref" in node:
        if node["$ref"] in seen:
            raise ValueError(f"{node['$ref']} stands for itself")
        seen.append(node["$ref"])
        node = follow(document, node)
    return dict(node) if isinstance(node, Mapping) else {} if node is not False else {"not": {}}


def follow(document: Plain, node: Plain) -> Any:
    """Return what the reference of `node` leads to, with the other members of `node` over it."""
    rest = {key: value for key, value in node.items() if key != "$ref"}
    found: Any = document
    try:
        for part in node["$ref"].removeprefix("#").split("/")[1:]:
            found = found[part.replace("~1", "/").replace("~0", "~")]
    except (KeyError, TypeError):
        raise ValueError(f"there is no {node['$ref']} in the document") from None
    return {**found, **rest} if isinstance(found, Mapping) else found


class Misfits:
    """Compares schemas of two documents; where clients send the value, the old one must fit.

    Where they receive it (`are_sent` is false), the new one must.
    """

    def __init__(self, old: Plain, new: Plain, *, are_sent: bool) -> None:
        self.documents = (old, new) if are_sent else (new, old)
        self.are_sent = are_sent
        self.known: dict[str, Sequence[tuple[str, str]]] = {}

    def of(self, old: Any, new: Any, place: str) -> Found:
        """Yield the places where a client would stumble, and what has become of them."""
        inner, outer = (old, new) if self.are_sent else (new, old)
        self.known.clear()
        for path, what in self.misfits(inner, outer, ""):
            yield f"{place} {path.removeprefix('.')}".rstrip(), what

    def misfits(self, inner: Any, outer: Any, path: str) -> Found:
        """Yield where a value of `inner` may be none of `outer`.

        Of a pair that was compared before, one misfit is told again. A type that holds itself
        fits as long as nothing else tells that it does not.
        """
        key = f"{inner} {outer}"
        found = self.known.get(key)
        if found is None:
            before = dict(self.known)
            self.known[key] = ()
            found = self.compared(inner, outer)
            if found:  # what fits only if this does is open again
                unfit = {pair: told for pair, told in self.known.items() if told}
                self.known = {**before, **unfit, key: found[:1]}
        for within, what in found:
            yield path + within, what

    def compared(self, inner: Any, outer: Any) -> Sequence[tuple[str, str]]:
        """Return where values of `inner` may be none of `outer`, each alternative by itself."""
        found: list[tuple[str, str]] = []
        takers = members(self.documents[1], outer)
        for member in members(self.documents[0], inner):
            alike = [
                one for one in takers if one.get("type") in (None, member.get("type"))
            ] or takers
            tried = [list(self.narrowed(member, one)) for one in alike]
            if all(tried):
                found = [*found, *min(tried, key=len)]
        return found

    def narrowed(self, inner: Plain, outer: Plain) -> Found:
        """Yield the misfits of two schemas without alternatives."""
        kinds = inner.get("type"), outer.get("type")
        if kinds[1] not in (None, kinds[0]) and kinds != ("integer", "number"):
            if kinds[0] == "null":
                yield "", "may not be null now" if self.are_sent else "may be null now"
                return
            yield "", self.told(kinds[0] or "anything", kinds[1])
            return
        values = allowed(inner), allowed(outer)
        if values[1] is not None and (
            values[0] is None or any(v not in values[1] for v in values[0])
        ):
            yield "", self.told(spell(values[0]), spell(values[1]))
        if values[0] is None:
            yield from self.limits(inner, outer)
        yield from self.fields(inner, outer)
        firsts = inner.get("prefixItems", ()), outer.get("prefixItems", ())
        for index, pair in enumerate(zip(*firsts, strict=False)):
            yield from self.misfits(*pair, f"[{index}]")
        if "items" in outer and (kinds[0] == "array" or "items" in inner):
            yield from self.misfits(inner.get("items"), outer["items"], "[]")

    def limits(self, inner: Plain, outer: Plain) -> Found:
        """Yield the limits of `outer` that `inner` does not keep."""
        for key in (*_LOWER, *_UPPER):
            sign = 1 if key in _LOWER else -1
            held, limit = inner.get(key, -sign * _INFINITE), outer.get(key, -sign * _INFINITE)
            if sign * held < sign * limit:
                yield "", f"{key} {self.told(inner.get(key, 'open'), outer[key])}"
        for key in _SAME:
            if key in outer and outer[key] != inner.get(key):
                yield "", f"{key} {self.told(inner.get(key, 'open'), outer[key])}"

    def fields(self, inner: Plain, outer: Plain) -> Found:
        """Yield the misfits of the members of objects."""
        ours, theirs = inner.get("properties", {}), outer.get("properties", {})
        for name in ours if self.are_sent else theirs:
            if name not in (theirs if self.are_sent else ours):
                yield f".{name}", "is gone"
            else:
                yield from self.misfits(ours[name], theirs[name], f".{name}")
        for name in outer.get("required", ()):
            if name not in inner.get("required", ()) and (self.are_sent or name in ours):
                yield (
                    f".{name}",
                    "is required now" if self.are_sent else "may be missing now",
                )
        others = inner.get("additionalProperties", True), outer.get("additionalProperties", True)
        if self.are_sent and others[1] is False and others[0] is not False:
            yield "", "takes no further members now"
        elif isinstance(others[1], Mapping) and others[0] is not False:
            yield from self.misfits(*others, ".*")

    def told(self, inner: Any, outer: Any) -> str:
        """Return what was and what is."""
        was, now = (inner, outer) if self.are_sent else (outer, inner)
        return f"was {was}, is {now}"


def members(document: Plain, schema: Any) -> list[dict[str, Any]]:
    """Return the alternatives of a schema (`anyOf`, several types, `nullable`), each by itself."""
    refuse_circle(document, schema)
    plain = merged(document, schema)
    for key in _EITHER:
        if key in plain:
            rest = {name: value for name, value in plain.items() if name != key}
            return [m for one in plain[key] for m in members(document, {"allOf": [rest, one]})]
    kinds = plain.get("type") or kinds_of(allowed(plain) or ())
    kinds = [*kinds] if isinstance(kinds, list) else [kinds]
    if plain.pop("nullable", False):
        kinds.append("null")
    return [{**plain, "type": kind} if kind else plain for kind in kinds]


def refuse_circle(document: Plain, schema: Any, above: tuple[str, ...] = ()) -> None:
    """Raise ValueError for a schema that is one of its own alternatives, or of its `allOf`."""
    if not isinstance(schema, Mapping):
        return
    if "$ref" in schema:
        if schema["$ref"] in above:
            raise ValueError(f"{schema['$ref']} stands for itself")
        refuse_circle(document, follow(document, schema), (*above, schema["$ref"]))
        return
    for key in ("allOf", *_EITHER):
        for part in schema.get(key, ()):
            refuse_circle(document, part, above)


def merged(document: Plain, schema: Any) -> dict[str, Any]:
    """Return a schema after its reference, with all of its `allOf` in one."""
    plain = resolve(document, schema)
    for part in plain.pop("allOf", ()):
        other = merged(document, part)
        both = {key: meet(key, plain[key], other[key]) for key in plain.keys() & other.keys()}
        plain = {**plain, **other, **both}
    return plain


def meet(key: str, one: Any, other: Any) -> Any:
    """Return the value of a keyword that asks for what two values of it ask for."""
    return other if one == other or key not in _MEET else _MEET[key](one, other)


def common_members(one: Plain, other: Plain) -> dict[str, Any]:
    """Return the members of an object that has those of both."""
    shared = {name: {"allOf": [one[name], other[name]]} for name in one.keys() & other.keys()}
    return {**one, **other, **shared}


def common_schema(one: Any, other: Any) -> Any:
    """Return the schema of what fits both."""
    return False if False in (one, other) else {"allOf": [one, other]}


def common_types(one: str | list[str], other: str | list[str]) -> list[str]:
    """Return the types that two values of `type` allow; each integer is a number."""
    ours, theirs = ([kinds] if isinstance(kinds, str) else kinds for kinds in (one, other))
    both = [kind for kind in ours if kind in theirs]
    if "number" not in both and "number" in {*ours, *theirs} and "integer" in {*ours, *theirs}:
        both.append("integer")
    return both or [*theirs]


_MEET: Mapping[str, Callable[[Any, Any], Any]] = {
    **dict.fromkeys(_LOWER, max),
    **dict.fromkeys(_UPPER, min),
    **dict.fromkeys(_SAME, lambda one, other: " and ".join(sorted([str(one), str(other)]))),
    **dict.fromkeys(_EITHER, lambda one, other: [common_schema(a, b) for a in one for b in other]),
    "uniqueItems": max,
    "type": common_types,
    "enum": lambda one, other: [value for value in one if value in other],
    "required": lambda one, other: [*one, *other],
    "properties": common_members,
    "items": common_schema,
    "additionalProperties": common_schema,
}


def allowed(schema: Plain) -> list[Any] | None:
    """Return the only values of a schema, if it names them."""
    return [schema["const"]] if "const" in schema else schema.get("enum")


def kinds_of(values: Iterable[Any]) -> list[str] | None:
    """Return the types of some values; None where one is no scalar, or there is none."""
    kinds = dict.fromkeys(_KINDS.get(type(value)) for value in values)
    return [*kinds] if kinds and None not in kinds else None  # type: ignore[list-item]


def spell(values: list[Any] | None) -> str:
    """Return values as a person would list them."""
    return "open" if values is None else "one of " + ", ".join(map(str, values))
