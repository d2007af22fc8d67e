"""Media types and their schemas: the `content` of bodies and responses, and example values."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Annotated, Any, get_args, get_origin

import msgspec
from msgspec import Struct

from gambrel.openapi.components import Schemas
from gambrel.openapi.described import Mode, Schema
from gambrel.openapi.options import Example
from gambrel.operations import ParamInfo

__all__ = ["PROBLEM_TYPE", "Content", "examples_of", "is_structured", "param_schema", "to_plain"]

PROBLEM_TYPE = "application/problem+json"

# A path with a control character is malformed.
_IN_PATH = msgspec.Meta(pattern=r"^[^\x00-\x1f\x7f]+$")
_FORMS = frozenset({"application/x-www-form-urlencoded", "multipart/form-data"})
_STRUCTURED = frozenset(
    {"application/json", "application/msgpack", "application/x-msgpack", "application/vnd.msgpack"}
)
# `format` is what client generators know, `contentMediaType` what OpenAPI 3.1 asks for.
_BINARY: Schema = {
    "type": "string",
    "format": "binary",
    "contentMediaType": "application/octet-stream",
}


class Content(Struct, frozen=True):
    """Builds `content` objects; `items` allows `itemSchema` for streams (OpenAPI 3.2)."""

    schemas: Schemas
    items: bool = False

    def of(
        self, annotation: Any, media_types: Iterable[str], mode: Mode, examples: Any = ()
    ) -> dict[str, Any]:
        """Return one entry per media type."""
        shown = examples_of(examples)
        content: dict[str, Any] = {}
        for media_type in media_types:
            entry = self._entry(annotation, media_type, mode)
            content[media_type] = entry | ({"examples": shown} if shown else {})
        return content

    def form(self, fields: Sequence[ParamInfo]) -> Schema:
        """Return the schema of a form from its parts."""
        schema: Schema = {
            "type": "object",
            "properties": {part.alias: self._part(part) for part in fields},
        }
        required = [part.alias for part in fields if part.required]
        return schema | ({"required": required} if required else {})

    def problem(self, faults: bool = False) -> dict[str, Any]:
        """Return the content of a problem document."""
        name = "ValidationProblem" if faults else "Problem"
        return {PROBLEM_TYPE: {"schema": self.schemas.problem(name)}}  # type: ignore[arg-type]

    def _entry(self, annotation: Any, media_type: str, mode: Mode) -> dict[str, Any]:
        if media_type == "text/event-stream":
            return {"itemSchema": self._event(annotation, mode)} if self.items else {}
        if annotation is None:
            return {"schema": _raw(media_type)} if not is_structured(media_type) else {}
        if is_structured(media_type):
            return {"schema": self.schemas.of(annotation, mode)}
        return {"schema": _raw(media_type)}

    def _event(self, annotation: Any, mode: Mode) -> Schema:
        """Return the schema of one event (OpenAPI 3.2 §4.14.4) with data of type `annotation`."""
        data: Schema = {"type": "string"}
        if annotation not in (None, str):
            shown = self.schemas.of(annotation, mode)
            data |= {"contentMediaType": "application/json", "contentSchema": shown}
        texts: Schema = {name: {"type": "string"} for name in ("event", "id")}
        fields = {"data": data, **texts, "retry": {"type": "integer"}}
        return {"type": "object", "properties": fields}

    def _part(self, part: ParamInfo) -> Schema:
        described = {"description": part.description} if part.description else {}
        if part.location == "file":
            if _is_list(part.annotation):
                return {"type": "array", "items": dict(_BINARY)} | described
            return _BINARY | described
        return param_schema(self.schemas, part, **described)


def param_schema(schemas: Schemas, param: ParamInfo, **siblings: Any) -> Schema:
    """Return the schema of a parameter with its default, and `siblings` beside it."""
    if not param.required and param.default is not None:
        plain = to_plain(param.default)
        if plain is not None:
            siblings["default"] = plain
    annotation = param.annotation
    if param.location == "path":
        base, *notes = get_args(annotation) if get_origin(annotation) is Annotated else [annotation]
        annotation = Annotated[str, _IN_PATH, *notes] if base is str else annotation
        wire = {**param.schema, **siblings}
        if base is str and param.schema:
            return {**schemas.of(annotation, "input"), **wire}
        if wire.get("type") == "string" and schemas.of(annotation, "input").get("type") != "string":
            return wire  # what the converter takes as text, it makes that value of
    return schemas.of(annotation, "input", **siblings)


def examples_of(examples: Any) -> dict[str, Any]:
    """Return an `examples` map from values, `Example`s, or a mapping of either by name.

    Values that JSON cannot express are left out.
    """
    pairs: Iterable[tuple[str, Any]]
    if isinstance(examples, Mapping):
        pairs = examples.items()
    else:
        pairs = ((f"example{number}", item) for number, item in enumerate(examples or (), 1))
    shown: dict[str, Any] = {}
    for key, item in pairs:
        example = item if isinstance(item, Example) else Example(item)
        value = to_plain(example.value)
        if value is None and example.value is not None:
            continue
        notes = {"summary": example.summary, "description": example.description}
        shown[example.name or key] = {k: v for k, v in notes.items() if v} | {"value": value}
    return shown


def to_plain(value: Any) -> Any:
    """Return a value as JSON would carry it, or None where it cannot."""
    try:
        return msgspec.to_builtins(value, str_keys=True, enc_hook=_dump)
    except (TypeError, ValueError, msgspec.MsgspecError):
        return None


def is_structured(media_type: str) -> bool:
    """Say whether a body of this media type is described by the type that it carries."""
    return media_type in _STRUCTURED or media_type in _FORMS or media_type.endswith("+json")


def _is_list(annotation: Any) -> bool:
    if get_origin(annotation) in {list, tuple, set, frozenset}:
        return True
    return any(_is_list(part) for part in get_args(annotation))


def _raw(media_type: str) -> Schema:
    if media_type.startswith("text/"):
        return {"type": "string"}
    return _BINARY | {"contentMediaType": media_type} if "*" not in media_type else dict(_BINARY)


def _dump(value: Any) -> Any:
    """Encode what msgspec does not know but offers `model_dump`, as Pydantic models do."""
    dump = getattr(value, "model_dump", None)
    if dump is None:
        raise TypeError(f"{type(value).__name__} has no JSON form")
    return dump(mode="json")
