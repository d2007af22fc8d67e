"""Extractors: for each parameter one small function `Request -> value`, made at start-up.

They are the reference for the generated endpoints (`generate.py`) and find every fault of a
request when the fast path has failed. Bodies are read before they run.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from functools import partial
from operator import attrgetter
from typing import Any, get_origin

from msgspec import defstruct, field, json

from gambrel.conversion.errors import ConversionError
from gambrel.core.binding.markers import Body, File
from gambrel.core.binding.signature import (
    REQUIRED,
    Parameter,
    is_struct_type,
    strip_annotated,
    without_none,
)
from gambrel.core.http.bodies.forms import Upload
from gambrel.core.http.errors import BadRequest, HTTPError, UnsupportedMediaType
from gambrel.core.http.headers import Headers, ResponseHeaders
from gambrel.core.http.query import QueryParams
from gambrel.core.http.request import Request, State
from gambrel.core.http.response import Response

__all__ = ["Extractor", "build_extractor", "join_bodies"]

Extractor = Callable[[Request], Any]
_COLLECTIONS = (list, set, frozenset, tuple)
MSGPACK_TYPES = ("application/msgpack", "application/x-msgpack", "application/vnd.msgpack")
WHOLE_TYPES = ("application/json", "application/msgpack")
FORM_TYPES = ("application/x-www-form-urlencoded", "multipart/form-data")


def absent(parameter: Parameter) -> Callable[[], Any]:
    """Return what stands for a parameter that is not there: its default, or an error.

    A list or dict is copied, so that no request sees what another has put in.
    """
    default = parameter.default
    if isinstance(default, list | dict | set | bytearray):
        return default.copy

    def give() -> Any:
        if parameter.is_required:
            raise ConversionError("missing", "is required")
        return default

    return give


def build_extractor(parameter: Parameter) -> Extractor:
    """Return the function that takes `parameter` out of a request."""
    builders: dict[str, Callable[[Parameter], Extractor]] = {
        "path": from_path,
        "query": partial(from_mapping, read=attrgetter("query_fields")),
        "header": from_header,
        "cookie": partial(from_mapping, read=attrgetter("cookies")),
        "form": partial(from_mapping, read=attrgetter("form_fields")),
        "file": from_file,
        "body": from_body,
        "framework": from_framework,
    }
    return builders[parameter.source](parameter)


def is_collection(annotation: Any) -> bool:
    """Whether a type takes several texts: list, set, frozenset, tuple of scalars."""
    plain = without_none(strip_annotated(annotation))
    return plain in _COLLECTIONS or get_origin(plain) in _COLLECTIONS


def from_mapping(
    parameter: Parameter, read: Callable[[Request], Mapping[str, str | list[str]]]
) -> Extractor:
    """Return an extractor over a mapping of texts: a struct, a collection or one scalar."""
    alias, otherwise = parameter.alias, absent(parameter)
    if is_struct_type(without_none(strip_annotated(parameter.annotation))):
        from gambrel.conversion.objects import object_converter  # noqa: PLC0415 - start-up: parameters

        convert_object = object_converter(
            parameter.annotation, location=parameter.source, form=parameter.source == "form"
        )
        return lambda request: convert_object(read(request))
    from gambrel.conversion.text import (  # noqa: PLC0415 - start-up: parameters
        text_converter,
        texts_converter,
    )

    if is_collection(parameter.annotation):
        convert_many = texts_converter(parameter.annotation)

        def extract_many(request: Request) -> Any:
            values = read(request).get(alias)
            if values is None:
                return otherwise()
            return convert_many([values] if isinstance(values, str) else values)

        return extract_many
    convert = text_converter(parameter.annotation)

    def extract_one(request: Request) -> Any:
        value = read(request).get(alias)
        if value is None:
            return otherwise()
        if not isinstance(value, str):
            raise ConversionError("duplicate", "is given more than once")
        return convert(value)

    return extract_one


def from_path(parameter: Parameter) -> Extractor:
    """A path parameter; what a converter of the pattern has made of it is only checked."""
    from gambrel.conversion import text  # noqa: PLC0415 - start-up: parameters

    alias, kind, otherwise = parameter.alias, parameter.annotation, absent(parameter)
    convert, check = text.text_converter(kind), text.value_checker(kind)

    def extract(request: Request) -> Any:
        params = request.params
        if params is None or alias not in params:
            return otherwise()
        value = params[alias]
        return convert(value) if isinstance(value, str) else check(value)

    return extract


def from_header(parameter: Parameter) -> Extractor:
    """A header field; a collection takes a list with commas (RFC 9110 §5.6.1), in any lines."""
    plain, alias = without_none(strip_annotated(parameter.annotation)), parameter.alias
    if is_struct_type(plain):
        from gambrel.conversion import adapters, shape  # noqa: PLC0415 - start-up: parameters

        fields = shape.read_shape(plain, adapters.STANDARD_CODECS).fields
        many = [field.key for field in fields if is_collection(field.shape.annotation)]
        return from_mapping(parameter, lambda request: _by_field_name(request.headers, many))
    listed = is_collection(plain)

    def read(request: Request) -> Mapping[str, str | list[str]]:
        value = _listed(request.headers, alias) if listed else request.headers.first(alias)
        return {} if value is None else {alias: value}

    return from_mapping(parameter, read)


def _listed(headers: Headers, name: str) -> list[str] | None:
    lines = headers.get_all(name)
    items = [item.strip() for line in lines for item in line.split(",")]
    return [item for item in items if item] if lines else None


def _by_field_name(headers: Headers, many: list[str]) -> dict[str, Any]:
    fields: dict[str, Any] = {name.replace("-", "_"): value for name, value in headers.items()}
    lists = {name: _listed(headers, name.replace("_", "-")) for name in many if name in fields}
    return fields | lists


def from_file(parameter: Parameter) -> Extractor:
    """Uploaded files of a form that was read before."""
    many = get_origin(without_none(strip_annotated(parameter.annotation))) is list
    marker = parameter.marker if isinstance(parameter.marker, File) else File()
    otherwise = absent(parameter)

    def extract(request: Request) -> Any:
        uploads = [v for v in request.form_data.get_all(parameter.alias) if isinstance(v, Upload)]
        if not uploads:
            return otherwise()
        for upload in uploads:
            if marker.max_size is not None and upload.size > marker.max_size:
                raise ConversionError("size", f"must have at most {marker.max_size} bytes")
            if marker.content_types and upload.content_type not in marker.content_types:
                raise ConversionError("type", f"must be {' or '.join(marker.content_types)}")
            if marker.content_types and not upload.is_as_claimed:
                raise ConversionError("type", f"is no {upload.content_type}")
        if many:
            return uploads
        if len(uploads) > 1:
            raise ConversionError("duplicate", "is given more than once")
        return uploads[0]

    return extract


def from_body(parameter: Parameter, parts: Collection[str] = ()) -> Extractor:
    """The whole body, by its media type: JSON, msgpack or what the app has a parser for.

    Never a form: browsers send those from any page, without asking, and with cookies. Unless
    the handler asks for one; its `parts` that hold JSON are the members of one object then.
    """
    annotation, otherwise = parameter.annotation, absent(parameter)
    marker = parameter.marker if isinstance(parameter.marker, Body) else Body()
    if strip_annotated(annotation) is bytes:
        return whole_body(marker.media_type)
    from gambrel.conversion.convert import (  # noqa: PLC0415 - start-up: bodies
        json_decoder,
        msgpack_decoder,
    )

    decode_json, decode_msgpack = json_decoder(annotation), msgpack_decoder(annotation)
    if parts:
        return lambda request: decode_json(request.form_data.to_json(parts))

    def extract(request: Request) -> Any:
        media_type = request.headers.media_type
        if marker.media_type not in {None, media_type}:
            raise unsupported(str(marker.media_type))
        body = whole(request, *WHOLE_TYPES)
        if not body and not parameter.is_required:
            return otherwise()
        if media_type == "application/json" or media_type.endswith("+json"):
            return decode_json(body)
        if media_type in MSGPACK_TYPES:
            return decode_msgpack(body)
        parsers = getattr(request.app, "body_parsers", {})
        if media_type in parsers:
            return decode_json(parsed(parsers[media_type], media_type, body))
        raise unsupported(*WHOLE_TYPES, *parsers)

    return extract


def parsed(parse: Callable[[bytes], Any], media_type: str, body: bytes) -> bytes:
    """Return as JSON what an app's own parser makes of a body. Raises BadRequest."""
    try:
        return json.encode(parse(body))
    except HTTPError:
        raise
    except Exception as error:  # it was given nothing but the body
        raise BadRequest(f"The body is no {media_type}.") from error


def whole(request: Request, *taken: str) -> bytes:
    """Return the body in one piece. Raises UnsupportedMediaType where it cannot be had so."""
    request.refuse_coding()
    if not request.is_buffered:  # a multipart form, taken apart as it came
        raise unsupported(*taken)
    return request.buffered


def whole_body(media_type: str | None) -> Extractor:
    """The body as it is."""

    def extract(request: Request) -> bytes:
        if media_type not in {None, request.headers.media_type}:
            raise unsupported(str(media_type))
        return whole(request, media_type or "application/octet-stream")

    return extract


def unsupported(*taken: str) -> UnsupportedMediaType:
    """The error of a body in a form that is not taken (RFC 9110 §15.5.16)."""
    types = ", ".join(taken)
    return UnsupportedMediaType(f"Send the body as {types}.", headers={"accept": types})


def join_bodies(parameters: Sequence[Parameter], *, in_form: bool) -> dict[str, Extractor]:
    """Return extractors for several body parameters, by alias: members of one object.

    With a form around them they are parts of it, each of them JSON.
    """
    named = {p.alias: f"body_{index}" for index, p in enumerate(parameters)}
    fields = [
        (
            named[p.alias],
            p.annotation,
            *(() if p.is_required else (field(default_factory=absent(p)),)),
        )
        for p in parameters
    ]
    joined: Any = defstruct(
        "Body", fields, rename={new: old for old, new in named.items()}, kw_only=True
    )
    is_required = any(p.is_required for p in parameters)
    default = REQUIRED if is_required else joined()
    body = Parameter("body", joined, "body", "body", default)
    whole = from_body(body, named if in_form else ())

    def member(name: str) -> Extractor:
        def extract(request: Request) -> Any:
            cache = request.__dict__
            if "_joined" not in cache:
                cache["_joined"] = whole(request)
            return getattr(cache["_joined"], name)

        return extract

    return {alias: member(name) for alias, name in named.items()}


_FRAMEWORK: dict[type, Extractor] = {
    Request: lambda request: request,
    Headers: lambda request: request.headers,
    QueryParams: lambda request: request.query,
    State: lambda request: request.state,
    Response: lambda request: request.draft,
    ResponseHeaders: lambda request: request.draft.headers,
}


def from_framework(parameter: Parameter) -> Extractor:
    """The request, a part of it, or the draft of its response."""
    return _FRAMEWORK[without_none(strip_annotated(parameter.annotation))]
