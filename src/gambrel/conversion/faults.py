"""Everything that is wrong with a value, found by walking it beside its type.

Called by `convert.py` only when the fast decoder has refused a value, so that it may take its
time. It walks shapes by kind; a shape of a recursive type is recursive too.
"""

import contextlib
from collections.abc import Iterable, Sequence
from typing import Any

import msgspec

from gambrel.conversion.adapters import STANDARD_CODECS, decode_hook, model_faults, validate_model
from gambrel.conversion.errors import Fault
from gambrel.conversion.shape import ABSENT, EXPECTED, Codecs, Field, Rule, Shape, read_shape

__all__ = ["MAX_FAULTS", "Path", "collect", "fault", "path_text"]

MAX_FAULTS = 100
# A key of the input is told back only so far: a hundred faults must not repeat a megabyte.
MAX_KEY = 64
Path = tuple[str | int, ...]


def collect(
    annotation: Any, value: Any, *, codecs: Codecs | None = None, location: str = "body"
) -> list[Fault]:
    """Return up to 100 faults of plain data (as JSON gives it) against a type; none if it fits.

    `annotation` may be a Shape that was read before.
    """
    codecs = {**STANDARD_CODECS, **(codecs or {})}
    shape = annotation if isinstance(annotation, Shape) else read_shape(annotation, codecs)
    walk = _Walk(location, decode_hook(codecs))
    if not walk.run(shape, value, ()):
        walk.visit_whole(shape, value, ())
    return walk.faults


def fault(location: str, path: Path, code: str, message: str) -> Fault:
    """Return a fault at a path of keys and indexes."""
    path = tuple(_short(part) for part in path)
    return Fault(location, path_text(path), message, code)


def path_text(path: Path) -> str:
    """Return a path as Python would write it: `items[0].qty`, `prices["a b"]`."""
    text = ""
    for part in path:
        if isinstance(part, int):
            text += f"[{part}]"
        elif part.replace("-", "_").isidentifier():
            text += f".{part}" if text else part
        else:
            text += '["' + part.replace("\\", "\\\\").replace('"', '\\"') + '"]'
    return text


def _short(part: str | int) -> str | int:
    if isinstance(part, str) and len(part) > MAX_KEY:
        return part[:MAX_KEY] + "…"
    return part


class _EnoughError(Exception):
    """So many faults that more would help nobody."""


class _Walk:
    """One walk over one value; finds are kept in `faults`."""

    def __init__(self, location: str, hook: Any) -> None:
        self.location = location
        self.hook = hook
        self.faults: list[Fault] = []

    def run(self, shape: Shape, value: Any, path: Path) -> list[Fault]:
        """Return the faults of `value`, or as many of them as are enough."""
        with contextlib.suppress(_EnoughError):
            self.visit(shape, value, path)
        return self.faults

    def visit(self, shape: Shape, value: Any, path: Path) -> None:
        """Add the faults of `value`."""
        if shape.kind in _VISITORS:
            _VISITORS[shape.kind](self, shape, value, path)
        elif shape.kind != "any":
            self.visit_scalar(shape, value, path)

    def add(self, path: Path, code: str, message: str) -> None:
        self.keep(fault(self.location, path, code, message))

    def keep(self, found: Fault) -> None:
        self.faults.append(found)
        if len(self.faults) >= MAX_FAULTS:
            raise _EnoughError

    def apply(self, rules: Iterable[Rule], value: Any, path: Path) -> None:
        """Add a fault for each rule that `value` breaks."""
        for rule in rules:
            if not rule.accepts(value):
                self.add(path, rule.code, rule.message)

    def convert(self, value: Any, annotation: Any) -> Any:
        return msgspec.convert(value, annotation, dec_hook=self.hook, str_keys=True)

    def visit_scalar(self, shape: Shape, value: Any, path: Path) -> None:
        if type(value) is shape.cls and shape.kind in _PLAIN and not shape.is_constrained:
            return
        try:
            converted = self.convert(value, shape.annotation)
        except msgspec.ValidationError:
            self.describe(shape, value, path)
        else:
            self.apply(shape.rules(native=False), converted, path)

    def describe(self, shape: Shape, value: Any, path: Path) -> None:
        """Add what is wrong with a scalar that msgspec refuses."""
        if shape.kind in {"enum", "literal"}:
            self.add(path, "enum", _choices(shape))
            return
        if shape.kind in {"none", "codec"}:
            code, message = ("type", "must be null") if shape.kind == "none" else _CODEC
            self.add(path, code, message)
            return
        try:
            converted = self.convert(value, shape.cls)
        except msgspec.ValidationError:
            in_words = isinstance(value, str) and shape.kind in _WRITTEN
            message = EXPECTED.get(shape.kind) or _any_of(shape)
            self.add(path, "format" if in_words else "type", message)
        else:
            self.apply(shape.rules(native=True), converted, path)

    def visit_list(self, shape: Shape, value: Any, path: Path) -> None:
        if not isinstance(value, list | tuple | set | frozenset):
            self.add(path, "type", "must be a list")
            return
        counted = value
        if shape.kind in {"set", "frozenset"}:
            counted = {msgspec.json.encode(member) for member in value}
        self.apply(shape.rules(native=True), counted, path)
        item = shape.items[0]
        plain = item.cls if item.kind in _PLAIN and not item.is_constrained else None
        for index, member in enumerate(value):
            # a long list of numbers is mostly right
            if type(member) is not plain:
                self.visit(item, member, (*path, index))

    def visit_tuple(self, shape: Shape, value: Any, path: Path) -> None:
        if not isinstance(value, list | tuple):
            self.add(path, "type", "must be a list")
        elif len(value) != len(shape.items):
            self.add(path, "length", f"must have exactly {len(shape.items)} items")
        else:
            for index, (item, member) in enumerate(zip(shape.items, value, strict=True)):
                self.visit(item, member, (*path, index))

    def visit_dict(self, shape: Shape, value: Any, path: Path) -> None:
        if not isinstance(value, dict):
            self.add(path, "type", "must be an object")
            return
        self.apply(shape.rules(native=True), value, path)
        of_key, of_value = shape.items
        for key, member in value.items():
            inner = (*path, key if isinstance(key, str) else str(key))
            self.visit_key(of_key, key, inner)
            self.visit(of_value, member, inner)

    def visit_key(self, shape: Shape, key: Any, path: Path) -> None:
        if shape.kind in {"any", "str"} and not shape.is_constrained:
            return
        before = len(self.faults)
        try:
            table = self.convert({key: None}, _table_of(shape.annotation))
        except (msgspec.ValidationError, TypeError):
            self.describe(shape, self._plain_key(shape, key), path)
        else:
            self.apply(shape.rules(native=False), next(iter(table)), path)
        for index in range(before, len(self.faults)):
            found = self.faults[index]
            self.faults[index] = msgspec.structs.replace(found, message=f"its key {found.message}")

    def _plain_key(self, shape: Shape, key: Any) -> Any:
        try:
            return next(iter(self.convert({key: None}, _table_of(shape.cls))))
        except (msgspec.ValidationError, TypeError):
            return key

    def visit_union(self, shape: Shape, value: Any, path: Path) -> None:
        if value is None and any(member.kind == "none" for member in shape.items):
            return
        members = [m for m in shape.items if m.kind not in ABSENT and _may_be(m, value)]
        tagged = [m for m in members if _tag(m)]
        if len(tagged) > 1 and isinstance(value, dict):
            members = self._by_tag(tagged, value, path)
            if not members:
                return
        if not members:
            self.add(path, "type", _any_of(shape))
            return
        attempts = []
        for member in members:
            attempt = _Walk(self.location, self.hook).run(member, value, path)
            if not attempt:
                return
            attempts.append(attempt)
        if len(attempts) > 1:
            self.add(path, "union", _any_of(shape))
            return
        for found in attempts[0]:
            self.keep(found)

    def _by_tag(self, members: list[Shape], value: Any, path: Path) -> list[Shape]:
        """Return the member whose tag the object carries; add a fault if there is none."""
        name = members[0].cls.__struct_config__.tag_field
        known = {member.cls.__struct_config__.tag: member for member in members}
        if name not in value:
            self.add((*path, name), "missing", "is required")
        elif not isinstance(value[name], str | int) or value[name] not in known:
            self.add((*path, name), "union", f"must be one of {_spell(known)}")
        else:
            return [known[value[name]]]
        return []

    def visit_object(self, shape: Shape, value: Any, path: Path) -> None:
        before = len(self.faults)
        if _is_array(shape):
            self._visit_positions(shape, value, path)
        elif not isinstance(value, dict):
            self.add(path, "type", "must be an object")
        else:
            self._visit_members(shape, value, path)
        if len(self.faults) == before and _has_own_checks(shape):
            self.visit_whole(shape, value, path)

    def _visit_members(self, shape: Shape, value: dict[Any, Any], path: Path) -> None:
        name, tag = _tag(shape) or ("", None)
        if name and name in value and value[name] != tag:
            self.add((*path, name), "enum", f"must be {tag!r}")
        for item in shape.fields:
            self._visit_member(item, value, path)
        if _forbids_unknown(shape):
            known = {item.key for item in shape.fields} | {name}
            for key in value:
                if key not in known:
                    self.add((*path, str(key)), "unknown_field", "is not a known field")

    def _visit_member(self, item: Field, value: dict[Any, Any], path: Path) -> None:
        if item.key in value:
            self.visit(item.shape, value[item.key], (*path, item.key))
        elif item.required:
            self.add((*path, item.key), "missing", "is required")

    def _visit_positions(self, shape: Shape, value: Any, path: Path) -> None:
        if not isinstance(value, list | tuple):
            self.add(path, "type", "must be a list")
            return
        shift = 1 if _tag(shape) else 0
        for index, item in enumerate(shape.fields, shift):
            if index < len(value):
                self.visit(item.shape, value[index], (*path, index))
            elif item.required:
                self.add((*path, index), "missing", "is required")

    def visit_pydantic(self, shape: Shape, value: Any, path: Path) -> None:
        try:
            validate_model(shape.cls, value)
        except ValueError as error:
            for inner, code, message in model_faults(error):
                self.add((*path, *inner), code, message)

    def visit_whole(self, shape: Shape, value: Any, path: Path) -> None:
        """Add the fault of a value whose members are all right: a check of its own class."""
        try:
            converted = self.convert(value, shape.annotation)
        except msgspec.ValidationError as error:
            self.add(path, "custom", str(error.__cause__ or "") or "is not valid")
        else:
            self.apply(shape.rules(native=False), converted, path)


_VISITORS: dict[str, Any] = {
    **dict.fromkeys(("list", "set", "frozenset", "vartuple"), _Walk.visit_list),
    "tuple": _Walk.visit_tuple,
    "dict": _Walk.visit_dict,
    "union": _Walk.visit_union,
    "object": _Walk.visit_object,
    "pydantic": _Walk.visit_pydantic,
}
_PLAIN = {"str", "int", "bool"}
_WRITTEN = {"uuid", "datetime", "date", "time", "timedelta", "decimal", "bytes"}
_CODEC = ("format", "has the wrong form")


def _spell(values: Iterable[Any]) -> str:
    return ", ".join(str(value) for value in values)


def _choices(shape: Shape) -> str:
    values: Sequence[Any] = shape.cls
    if shape.kind == "enum":
        values = [member.value for member in shape.cls]
    return f"must be one of {_spell(values)}"


def _any_of(shape: Shape) -> str:
    texts = dict.fromkeys(_expected(member) for member in shape.items if member.kind != "unset")
    return " or ".join(texts).replace(" or must be", " or")


def _expected(shape: Shape) -> str:
    if shape.kind in {"enum", "literal"}:
        return _choices(shape)
    return EXPECTED.get(shape.kind, "must be an object")


def _may_be(shape: Shape, value: Any) -> bool:
    """Whether a value has the JSON type that values of this shape have."""
    if shape.kind in _JSON_TYPES:
        wanted = _JSON_TYPES[shape.kind]
        return isinstance(value, wanted) and not (isinstance(value, bool) and bool not in wanted)
    if shape.kind in {"enum", "literal"}:
        values = [m.value for m in shape.cls] if shape.kind == "enum" else shape.cls
        return type(value) in {type(known) for known in values}
    if shape.kind == "object":
        return isinstance(value, list | tuple if _is_array(shape) else dict)
    return True


_ARRAY: tuple[type, ...] = (list, tuple, set, frozenset)
_JSON_TYPES: dict[str, tuple[type, ...]] = {
    **dict.fromkeys(("list", "set", "frozenset", "vartuple", "tuple"), _ARRAY),
    "dict": (dict,),
    "int": (int,),
    "float": (int, float),
    "str": (str,),
    "bool": (bool,),
}


def _tag(shape: Shape) -> tuple[str, Any] | None:
    """Return the name and value of a Struct's tag."""
    if shape.flavour != "struct" or shape.cls.__struct_config__.tag is None:
        return None
    return shape.cls.__struct_config__.tag_field, shape.cls.__struct_config__.tag


def _is_array(shape: Shape) -> bool:
    if shape.flavour == "namedtuple":
        return True
    return shape.flavour == "struct" and bool(shape.cls.__struct_config__.array_like)


def _forbids_unknown(shape: Shape) -> bool:
    return shape.flavour == "struct" and bool(shape.cls.__struct_config__.forbid_unknown_fields)


def _has_own_checks(shape: Shape) -> bool:
    has_checks = shape.flavour == "attrs" or hasattr(shape.cls, "__post_init__")
    return has_checks or bool(shape.predicates)


def _table_of(key: Any) -> Any:
    return dict[key, None]
