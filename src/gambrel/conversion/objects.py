"""Whole objects from texts: query strings, headers, cookies and HTML forms.

Names nest as `items[0].qty`, `items.0.qty` or `address[city]`. What HTML sends is understood: an
empty input of a number or an optional field is an absent one. Every fault is collected.
"""

import re
from collections.abc import Callable, Mapping
from typing import Any

from gambrel.conversion.adapters import STANDARD_CODECS, model_faults
from gambrel.conversion.errors import Fault, InvalidError
from gambrel.conversion.faults import MAX_FAULTS, Path, fault
from gambrel.conversion.shape import ABSENT, Codecs, Field, Shape, read_shape, unsupported
from gambrel.conversion.text import ConversionError, collection_converter, scalar_converter

__all__ = ["object_converter"]

Texts = Mapping[str, Any]
Read = Callable[[Any, Path, list[Fault]], Any]

MAX_PARTS = 16
_PARTS = re.compile(r"[^.\[\]]+")
_BAD: Any = object()
_ABSENT: Any = object()
_LISTS = {"list", "set", "frozenset", "vartuple", "tuple"}


def object_converter(
    annotation: Any, *, location: str = "query", form: bool = False, codecs: Codecs | None = None
) -> Callable[[Texts], Any]:
    """Return the function that makes an object from texts by name, one or a list of each.

    Of `T | None`, an object without any of its fields is None. With `form`, a missing checkbox (a
    required `bool`) is False. Values that are not texts, such as uploads, are passed on; of a list,
    to the codec of their type. The function raises InvalidError with all faults.

    Raises:
        GambrelError: The annotation is not a class with fields, or a field cannot be text.
    """
    whole = read_shape(annotation, {**STANDARD_CODECS, **(codecs or {})})
    shape, is_optional = _without_none(whole), any(item.kind == "none" for item in whole.items)
    if shape.kind == "pydantic":
        return _model_converter(shape.cls, location)
    if shape.kind != "object":
        raise unsupported(annotation, "use a Struct, dataclass, attrs class, TypedDict or model")
    compiler = _Compiler(location, form=form)
    read = compiler.compile(shape)
    keys = {item.key for item in shape.fields}
    nests = any(_nests(item.shape) for item in shape.fields)

    def convert(texts: Texts) -> Any:
        faults: list[Fault] = []
        tree = _nested(texts, keys) if nests else texts
        if is_optional and keys.isdisjoint(tree):
            return None
        value = read(tree, (), faults)
        if faults:
            raise InvalidError(faults[:MAX_FAULTS])
        return value

    return convert


def _without_none(shape: Shape) -> Shape:
    members = [item for item in shape.items if item.kind not in ABSENT]
    return members[0] if shape.kind == "union" and len(members) == 1 else shape


def _nests(shape: Shape) -> bool:
    shape = _without_none(shape)
    return shape.kind in {"object", "dict", "pydantic", *_LISTS}


def _nested(texts: Texts, keys: set[str]) -> dict[str, Any]:
    """Return texts by name as a tree; a name that is itself a field's key is not taken apart."""
    tree: dict[str, Any] = {}
    for name, text in texts.items():
        parts = [name] if name in keys else _PARTS.findall(name)[: MAX_PARTS + 1]
        if not parts or len(parts) > MAX_PARTS:
            parts = [name]
        node = tree
        for part in parts[:-1]:
            inner = node.setdefault(part, {})
            # a name used both as a value and as a parent: the first wins
            node = inner if isinstance(inner, dict) else {}
        node.setdefault(parts[-1], text)
    return tree


def _in_order(raw: Any) -> Any:
    """Return what was sent under numbers (`items.0`) as a list, anything else as it is."""
    if isinstance(raw, dict) and all(key.isdigit() and len(key) <= 9 for key in raw):
        return [raw[key] for key in sorted(raw, key=int)]
    return raw


class _Compiler:
    """Compiles one type into readers; objects are looked up late, as they may be recursive."""

    def __init__(self, location: str, *, form: bool) -> None:
        self.location = location
        self.form = form
        self.objects: dict[int, Read] = {}

    def compile(self, shape: Shape) -> Read:
        shape = _without_none(shape)
        if shape.kind == "object":
            return self._object(shape)
        if shape.kind in _LISTS:
            return self._list(shape)
        if shape.kind == "dict":
            return self._dict(shape)
        return self._scalar(shape)

    def _scalar(self, shape: Shape) -> Read:
        convert, is_local_time = scalar_converter(shape), self.form and shape.kind == "time"

        def read(raw: Any, path: Path, faults: list[Fault]) -> Any:
            if isinstance(raw, list) and len(raw) == 1:
                raw = raw[0]
            if not isinstance(raw, str):
                if isinstance(raw, list | dict):
                    return self._refuse(faults, path, "duplicate", "must be given once")
                return raw
            if is_local_time and len(raw) == 5:
                raw += ":00"  # what <input type="time"> sends
            try:
                return convert(raw)
            except ConversionError as error:
                return self._refuse(faults, path, error.code, error.message)

        return read

    def _refuse(self, faults: list[Fault], path: Path, code: str, message: str) -> Any:
        faults.append(fault(self.location, path, code, message))
        return _BAD

    def _list(self, shape: Shape) -> Read:
        if not any(_nests(item) for item in shape.items):
            return self._texts(shape)
        if shape.kind == "tuple":
            raise unsupported(shape.annotation, "use a list, or a class with named fields")
        read_item = self.compile(shape.items[0])
        rules = shape.rules(native=True)

        def read(raw: Any, path: Path, faults: list[Fault]) -> Any:
            raw = _in_order(raw)
            if not isinstance(raw, list):
                return self._refuse(faults, path, "type", "must be a list")
            values = [read_item(item, (*path, i), faults) for i, item in enumerate(raw)]
            for rule in rules:
                if not rule.accepts(values):
                    return self._refuse(faults, path, rule.code, rule.message)
            return values

        return read

    def _texts(self, shape: Shape) -> Read:
        """Return the reader of a collection of scalars; empty inputs are left out of numbers."""
        convert = collection_converter(shape)
        keeps_empty = any(item.kind in {"str", "any"} for item in shape.items)
        kinds = (str, *(item.cls for item in shape.items if item.kind == "codec"))

        def read(raw: Any, path: Path, faults: list[Fault]) -> Any:
            raw = _in_order(raw)
            texts = raw if isinstance(raw, list) else [raw]
            if not all(isinstance(text, kinds) for text in texts):
                return self._refuse(faults, path, "type", "must be a list of texts")
            try:
                return convert(texts if keeps_empty else [text for text in texts if text])
            except ConversionError as error:
                inner = path if error.index is None else (*path, error.index)
                return self._refuse(faults, inner, error.code, error.message)

        return read

    def _dict(self, shape: Shape) -> Read:
        convert_key, read_value = scalar_converter(shape.items[0]), self.compile(shape.items[1])

        def read(raw: Any, path: Path, faults: list[Fault]) -> Any:
            if not isinstance(raw, dict):
                return self._refuse(faults, path, "type", "must be an object")
            found = {}
            for key, member in raw.items():
                try:
                    found[convert_key(key)] = read_value(member, (*path, key), faults)
                except ConversionError as error:
                    self._refuse(faults, (*path, key), error.code, f"its key {error.message}")
            return found

        return read

    def _object(self, shape: Shape) -> Read:
        key = id(shape.fields)
        if key in self.objects:
            return lambda raw, path, faults: self.objects[key](raw, path, faults)
        self.objects[key] = _BAD
        readers = [(item, self._member(item)) for item in shape.fields]
        known = {item.key for item in shape.fields}
        config = getattr(shape.cls, "__struct_config__", None)
        closed = config is not None and config.forbid_unknown_fields

        def read(raw: Any, path: Path, faults: list[Fault]) -> Any:
            if not isinstance(raw, Mapping):
                return self._refuse(faults, path, "type", "must be an object")
            before = len(faults)
            values = {item.name: read(raw, path, faults) for item, read in readers}
            for name in raw.keys() - known if closed else ():
                self._refuse(faults, (*path, name), "unknown_field", "is not a known field")
            if len(faults) > before:
                return _BAD
            try:
                return shape.make({n: v for n, v in values.items() if v is not _ABSENT})
            except (ValueError, TypeError) as error:
                return self._refuse(faults, path, "custom", str(error) or "is not valid")

        self.objects[key] = read
        return read

    def _member(self, item: Field) -> Read:
        """Return the reader of a field, which decides what an absent or empty one means."""
        kinds = {i.kind for i in item.shape.items} if item.shape.kind == "union" else set()
        is_optional = bool(kinds & ABSENT)
        is_text = _without_none(item.shape).kind in {"str", "any", *_LISTS} and not is_optional
        absent: Any = None if "none" in kinds else _ABSENT
        is_checkbox = self.form and item.shape.kind == "bool"
        read = self.compile(item.shape)

        def read_member(raw: Any, path: Path, faults: list[Fault]) -> Any:
            value = raw.get(item.key, _ABSENT)
            if value in ("", [""]) and not is_text:
                if is_optional and item.key in raw:
                    return absent
                value = _ABSENT
            if value is not _ABSENT:
                return read(value, (*path, item.key), faults)
            if not item.required:
                return _ABSENT
            if is_checkbox:
                return False
            return self._refuse(faults, (*path, item.key), "missing", "is required")

        return read_member


def _model_converter(model: Any, location: str) -> Callable[[Texts], Any]:
    """Return the converter of a Pydantic model, which converts texts itself."""
    names = {info.alias or name: info for name, info in model.model_fields.items()}
    many = {name for name, info in names.items() if _takes_many(info.annotation)}

    def convert(texts: Texts) -> Any:
        plain = dict(texts)
        for name in many & plain.keys():
            plain[name] = plain[name] if isinstance(plain[name], list) else [plain[name]]
        try:
            return model.__pydantic_validator__.validate_python(plain)
        except ValueError as error:
            found = [fault(location, *problem) for problem in model_faults(error)]
            raise InvalidError(found[:MAX_FAULTS]) from None

    return convert


def _takes_many(annotation: Any) -> bool:
    return _without_none(read_shape(annotation, STANDARD_CODECS)).kind in _LISTS
