"""Extractors: for each parameter one small function `Request -> value`, made at start-up.

They are the reference for the generated endpoints (`generate.py`) and find every fault of a
request when the fast path has failed. Bodies are read before they run.
"""

from collections.abc import Callable, Mapping
from typing import Any, get_origin

import msgspec

from gambrel.conversion.convert import json_decoder, msgpack_decoder
from gambrel.conversion.objects import object_converter
from gambrel.conversion.text import ConversionError, text_converter, texts_converter
from gambrel.core.binding.markers import Body, File
from gambrel.core.binding.signature import Parameter, is_struct_type, strip_annotated, without_none
from gambrel.core.http.bodies.forms import Upload
from gambrel.core.http.errors import GambrelError, UnsupportedMediaType
from gambrel.core.http.headers import Headers
from gambrel.core.http.request import Request, State
from gambrel.core.http.response import Response

__all__ = ["Extractor", "build_extractor", "join_bodies", "missing"]

Extractor = Callable[[Request], Any]
_COLLECTIONS = (list, set, frozenset, tuple)
MSGPACK_TYPES = ("application/msgpack", "application/x-msgpack", "application/vnd.msgpack")
FORM_TYPES = ("application/x-www-form-urlencoded", "multipart/form-data")


def missing() -> ConversionError:
    """The fault of a required parameter that is not there."""
    return ConversionError("missing", "is required")


def build_extractor(parameter: Parameter) -> Extractor:
    """Return the function that takes `parameter` out of a request."""
    builders: dict[str, Callable[[Parameter], Extractor]] = {
        "path": from_path,
        "query": from_query,
        "header": from_header,
        "cookie": from_cookie,
        "form": from_form,
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
    alias, default, required = parameter.alias, parameter.default, parameter.is_required
    if is_struct_type(without_none(strip_annotated(parameter.annotation))):
        convert_object = object_converter(
            parameter.annotation, location=parameter.source, form=parameter.source == "form"
        )
        return lambda request: convert_object(read(request))
    if is_collection(parameter.annotation):
        convert_many = texts_converter(parameter.annotation)

        def extract_many(request: Request) -> Any:
            values = read(request).get(alias)
            if values is None:
                if required:
                    raise missing()
                return default
            return convert_many([values] if isinstance(values, str) else values)

        return extract_many
    convert = text_converter(parameter.annotation)

    def extract_one(request: Request) -> Any:
        value = read(request).get(alias)
        if value is None:
            if required:
                raise missing()
            return default
        if not isinstance(value, str):
            raise ConversionError("duplicate", "is given more than once")
        return convert(value)

    return extract_one


def from_path(parameter: Parameter) -> Extractor:
    """A path parameter; what a converter of the pattern has made of it is passed on."""
    alias, convert = parameter.alias, text_converter(parameter.annotation)

    def extract(request: Request) -> Any:
        params = request.params
        if params is None or alias not in params:
            if parameter.is_required:
                raise missing()
            return parameter.default
        value = params[alias]
        return convert(value) if isinstance(value, str) else value

    return extract


def from_query(parameter: Parameter) -> Extractor:
    """A query parameter."""
    return from_mapping(parameter, lambda request: request.query_fields)


def from_header(parameter: Parameter) -> Extractor:
    """A header field; a collection takes one value per line."""

    def read(request: Request) -> Mapping[str, str | list[str]]:
        if is_collection(parameter.annotation):
            values = request.headers.get_all(parameter.alias)
            return {parameter.alias: values} if values else {}
        value = request.headers.first(parameter.alias)
        return {} if value is None else {parameter.alias: value}

    if is_struct_type(without_none(strip_annotated(parameter.annotation))):
        return from_mapping(parameter, lambda request: _by_field_name(request.headers))
    return from_mapping(parameter, read)


def _by_field_name(headers: Headers) -> dict[str, str | list[str]]:
    return {name.replace("-", "_"): value for name, value in headers.items()}


def from_cookie(parameter: Parameter) -> Extractor:
    """A cookie."""
    return from_mapping(parameter, lambda request: request.cookies)


def from_form(parameter: Parameter) -> Extractor:
    """A field of a form that was read before."""
    return from_mapping(parameter, lambda request: request.form_fields)


def from_file(parameter: Parameter) -> Extractor:
    """Uploaded files of a form that was read before."""
    many = get_origin(without_none(strip_annotated(parameter.annotation))) is list
    marker = parameter.marker if isinstance(parameter.marker, File) else File()

    def extract(request: Request) -> Any:
        uploads = [v for v in request.form_data.get_all(parameter.alias) if isinstance(v, Upload)]
        if not uploads:
            if parameter.is_required:
                raise missing()
            return parameter.default
        for upload in uploads:
            if marker.max_size is not None and upload.size > marker.max_size:
                raise ConversionError("size", f"must have at most {marker.max_size} bytes")
            if marker.content_types and upload.content_type not in marker.content_types:
                raise ConversionError("type", f"must be {' or '.join(marker.content_types)}")
        if many:
            return uploads
        if len(uploads) > 1:
            raise ConversionError("duplicate", "is given more than once")
        return uploads[0]

    return extract


def from_body(parameter: Parameter) -> Extractor:
    """The whole body, by its media type: JSON, msgpack, or a form for struct types."""
    annotation, default = parameter.annotation, parameter.default
    marker = parameter.marker if isinstance(parameter.marker, Body) else Body()
    if annotation is bytes:
        return lambda request: request.buffered
    decode_json, decode_msgpack = json_decoder(annotation), msgpack_decoder(annotation)
    plain = without_none(strip_annotated(annotation))
    convert_form = form_converter(annotation) if is_struct_type(plain) else None

    def extract(request: Request) -> Any:
        media_type, body = request.headers.media_type, request.buffered
        if not media_type and not body and not parameter.is_required:
            return default
        if marker.media_type is not None and media_type != marker.media_type:
            raise UnsupportedMediaType(f"Send the body as {marker.media_type}.")
        if media_type == "application/json" or media_type.endswith("+json"):
            return decode_json(body)
        if media_type in MSGPACK_TYPES:
            return decode_msgpack(body)
        if convert_form is not None and media_type in FORM_TYPES:
            return convert_form(request.form_fields)
        raise UnsupportedMediaType("Send the body as application/json.")

    return extract


def form_converter(annotation: Any) -> Callable[[Mapping[str, Any]], Any] | None:
    """Return how a struct is read from a form, or None where a form cannot express it."""
    try:
        return object_converter(annotation, location="form", form=True)
    except GambrelError:
        return None


def join_bodies(parameters: list[Parameter]) -> dict[str, Extractor]:
    """Return extractors for several body parameters: members of one object, keyed by name."""
    fields = [
        (p.name, p.annotation) if p.is_required else (p.name, p.annotation, p.default)
        for p in parameters
    ]
    joined: Any = msgspec.defstruct(
        "Body", fields, rename={p.name: p.alias for p in parameters}, kw_only=True
    )
    whole = from_body(Parameter("body", joined, "body", "body"))

    def member(name: str) -> Extractor:
        def extract(request: Request) -> Any:
            cache = request.__dict__
            if "_joined" not in cache:
                cache["_joined"] = whole(request)
            return getattr(cache["_joined"], name)

        return extract

    return {p.name: member(p.name) for p in parameters}


def from_framework(parameter: Parameter) -> Extractor:
    """The request, its headers or state, or the draft of its response."""
    kind = without_none(strip_annotated(parameter.annotation))
    if issubclass(kind, Request):
        return lambda request: request
    if issubclass(kind, Headers):
        return lambda request: request.headers
    if issubclass(kind, State):
        return lambda request: request.state
    if issubclass(kind, Response):
        return lambda request: request.draft
    raise TypeError(kind)
