"""Describe routes: a `Route` and its plan become `Operation`s, for documents and listings."""

import inspect
from collections.abc import Iterable
from typing import Any, cast, get_origin

import msgspec

from gambrel.conversion.adapters import STANDARD_CODECS
from gambrel.conversion.shape import read_shape
from gambrel.core.binding.extract import FORM_TYPES, WHOLE_TYPES, is_collection
from gambrel.core.binding.markers import Body, Marker
from gambrel.core.binding.plan import Plan, is_member
from gambrel.core.binding.result import OFFERS, Result, is_raw, members_of, sender_of
from gambrel.core.binding.signature import (
    REQUIRED,
    Parameter,
    is_struct_type,
    strip_annotated,
    unalias,
    without_none,
)
from gambrel.core.http.response import Response
from gambrel.core.http.responses.streams import JSONLines
from gambrel.core.http.status import phrase
from gambrel.core.routing.pattern import Param
from gambrel.core.routing.route import Route
from gambrel.operations import BodyInfo, Operation, ParamInfo, ParamLocation, ResponseInfo

__all__ = ["describe_route"]


def describe_route(route: Route, plan: Plan, parsers: Iterable[str] = ()) -> list[Operation]:
    """Return one operation per method of a route; `parsers` read further media types.

    What reads more of a request than its signature tells has a `__describe__(operation)` that adds
    it: a name that no class of an app has by chance.
    """
    options = route.options
    title, _, rest = (inspect.getdoc(route.handler) or "").partition("\n\n")
    parameters = all_parameters(plan)
    converters = {param.name: param for param in route.pattern.params if param.converter}
    params = [
        info
        for p in parameters
        if p.source in {"path", "query", "header", "cookie"}
        for info in describe_parameter(p, converters)
    ]
    params += undeclared_path(route, params)
    message = None if plan.message is None else BodyInfo(plan.message)
    operations = [
        Operation(
            method=method,
            path=str(route.pattern),
            name=route.name,
            operation_id=options.operation_id or None,
            summary=options.summary or " ".join(title.split()),
            description=options.description or rest,
            tags=tuple(options.tags),
            deprecated=options.deprecated,
            hidden=options.hidden,
            version=options.version or None,
            host=str(route.host) if route.host is not None else None,
            params=params,
            body=message or describe_body(parameters, (*WHOLE_TYPES, *parsers)),
            responses=describe_responses(plan, options),
            security=[{way: []} if isinstance(way, str) else way for way in options.security],
            where=route.where,
            extra=dict(options.extra),
        )
        for method in route.methods
    ]
    for node in plan.graph.nodes:
        describe: Any = getattr(node.signature.origin, "__describe__", None)
        for operation in operations if describe else ():
            describe(operation)
    return operations


def all_parameters(plan: Plan) -> list[Parameter]:
    """Return the parameters of a handler and of its dependencies, each name once per place."""
    found: dict[tuple[str, str], Parameter] = {}
    taken = [p for p, _ in plan.inputs if not getattr(p.marker, "hidden", False)]
    for parameter in sorted(taken, key=lambda each: each not in plan.parameters):
        found.setdefault((parameter.source, parameter.alias), parameter)
    return list(found.values())


def describe_parameter(parameter: Parameter, converters: dict[str, Param]) -> list[ParamInfo]:
    """Return what is to be known of a parameter; a struct is described field by field."""
    plain = without_none(strip_annotated(parameter.annotation))
    marker = parameter.marker if isinstance(parameter.marker, Marker) else Marker()
    location, param = cast("ParamLocation", parameter.source), converters.get(parameter.alias)
    if is_struct_type(plain):
        return describe_fields(plain, location, parameter.is_required)
    return [
        ParamInfo(
            name=parameter.name,
            alias=parameter.alias,
            location=location,
            annotation=parameter.annotation,
            required=parameter.is_required or parameter.source == "path",
            default=None if parameter.is_required else parameter.default,
            description=marker.description,
            examples=marker.examples,
            deprecated=marker.deprecated,
            explode=is_collection(parameter.annotation),
            converter=getattr(param, "spec", None),
            schema=param.converter.schema if param and param.converter else {},
            content_types=getattr(marker, "content_types", ()),
        )
    ]


def describe_fields(struct: Any, location: ParamLocation, is_required: bool) -> list[ParamInfo]:
    """Return the fields of a struct that is read from texts, one by one; it may be absent whole."""
    return [
        ParamInfo(
            name=item.name,
            alias=item.key.replace("_", "-") if location == "header" else item.key,
            location=location,
            annotation=item.shape.annotation,
            required=item.required and is_required,
            default=None if item.default is msgspec.NODEFAULT else item.default,
            explode=is_collection(item.shape.annotation),
        )
        for item in read_shape(struct, STANDARD_CODECS).fields
    ]


def undeclared_path(route: Route, params: list[ParamInfo]) -> list[ParamInfo]:
    """Return the path parameters that the handler does not take."""
    known = {param.alias for param in params if param.location == "path"}
    return [
        ParamInfo(
            name=p.name, alias=p.name, location="path", annotation=str, converter=p.spec or None
        )
        for p in route.pattern.params
        if p.name not in known
    ]


def describe_body(parameters: list[Parameter], taken: tuple[str, ...]) -> BodyInfo | None:
    """Return the body of an operation, or None; `taken` are the types of one in one piece."""
    fields = [p for p in parameters if p.source in {"form", "file"}]
    bodies = [p for p in parameters if is_member(p)]
    bodies = bodies or [p for p in parameters if p.source == "body"]
    if fields or len(bodies) > 1:
        infos = [info for p in fields for info in describe_parameter(p, {})]
        infos += [
            ParamInfo(p.name, p.alias, "body", p.annotation, p.is_required, p.default)
            for p in bodies
        ]
        if fields:
            is_text = all(info.location == "form" for info in infos)
            taken = FORM_TYPES if is_text else FORM_TYPES[1:]
        return BodyInfo(None, taken, any(i.required for i in infos), fields=infos)
    if not bodies:
        return None
    body = bodies[0]
    marker = body.marker if isinstance(body.marker, Body) else Body()
    types = (marker.media_type,) if marker.media_type else taken
    return BodyInfo(body.annotation, types, body.is_required, marker.description, marker.examples)


def describe_responses(plan: Plan, options: Any) -> dict[int, ResponseInfo]:
    """Return the declared responses: that of the return type, and the route's own.

    Who returns a `Response` made by hand chooses its status, and declares it or not.
    """
    result, status = plan.result, plan.result.status
    annotation, media = content_of(result)
    responses = {status: ResponseInfo(status, phrase(status), annotation, media)}
    if result.plain is Response:
        for kind in members_of(unalias(result.returns)):
            for key, text in getattr(kind, "becomes", {}).items():
                responses[key] = ResponseInfo(key, text, None, media)
        if not options.responses:
            responses = responses if media else {}
            responses[0] = ResponseInfo(0, "Whatever the handler answers with.", None, ())
    for key, given in options.responses.items():
        known = responses.get(int(key)) or ResponseInfo(int(key), phrase(int(key)))
        said = {"description": given} if isinstance(given, str) else {"annotation": given}
        is_whole = isinstance(given, ResponseInfo)
        responses[int(key)] = given if is_whole else msgspec.structs.replace(known, **said)
    return responses


def content_of(result: Result) -> tuple[Any, tuple[str, ...]]:
    """Return what a handler sends besides errors: the type, None if that is not said, and as what.

    A response made by hand tells no more than the media type of its class.
    """
    plain, item = result.plain, result.item
    if not result.is_declared or result.is_empty:
        return None, ("application/json",)
    if plain is str:
        return str, ("text/plain",)
    if plain is bytes:
        return bytes, ("application/octet-stream",)
    if plain is Response:
        kinds = (getattr(kind, "media_type", None) for kind in members_of(unalias(result.returns)))
        return None, tuple(dict.fromkeys(filter(None, kinds)))
    if sender_of(item) is not None:
        return None, (str(sender_of(item).media_type),)
    if item is not REQUIRED and (item is Any or is_raw(item)):
        return None, ("application/octet-stream" if item is bytes else "text/plain",)
    if item is REQUIRED or get_origin(plain) is Iterable:  # which mostly is a list
        return result.declared, OFFERS
    return item, (str(JSONLines.media_type),)
