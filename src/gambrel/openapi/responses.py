"""The responses of an operation: what it declares, and the problems that can really occur to it.

Called by `operations.py`. A problem is documented where the framework itself can answer with it;
what a handler raises of its own accord it declares.
"""

from collections.abc import Mapping, Sequence
from typing import Any, get_args, get_origin

from gambrel.core.http.status import phrase
from gambrel.openapi.content import Content
from gambrel.operations import Operation, ParamInfo, ResponseInfo

__all__ = ["build_responses"]

_REASONS = {
    400: "The request is malformed.",
    401: "Credentials are missing or not valid.",
    403: "The credentials do not allow this.",
    404: "Nothing is here.",
    406: "No representation suits the `Accept` header.",
    413: "The body is too large.",
    415: "The body's media type is not understood here.",
    422: "The input is not valid; `errors` lists every fault.",
}
# Converters that take any segment never turn a path into a 404.
_TAKE_ALL = frozenset({None, "str", "path"})


def build_responses(
    operation: Operation, content: Content, security: Sequence[Mapping[str, Sequence[str]]]
) -> dict[str, Any]:
    """Return the Responses Object; `security` is what holds for this operation."""
    declared = {status: _declared(r, content) for status, r in operation.responses.items()}
    shown = content.of(None, _pages(operation), "output")
    for status in _problems(operation, security):
        problem = content.problem(faults=status == 422) | shown
        declared.setdefault(status, {"description": _REASONS[status], "content": problem})
    if not declared:
        declared[200] = {"description": phrase(200)}
    default = declared.pop(0, None)
    named = {str(status): declared[status] for status in sorted(declared)}
    return named | ({"default": default} if default else {})


def _pages(operation: Operation) -> set[str]:
    """Return the media type of pages where a handler answers with them, at faults too."""
    if 0 not in operation.responses:
        return set()
    return {t for r in operation.responses.values() for t in r.media_types if t == "text/html"}


def _declared(response: ResponseInfo, content: Content) -> dict[str, Any]:
    status = response.status
    text = response.description or _REASONS.get(status) or phrase(status)
    built: dict[str, Any] = {"description": text}
    if response.headers:
        built["headers"] = {
            name: {"schema": content.schemas.of(annotation, "output")}
            for name, annotation in response.headers.items()
        }
    if status in {204, 205, 304}:
        return built
    if response.annotation is not None:
        built["content"] = content.of(
            response.annotation, response.media_types, "output", response.examples
        )
    elif status >= 400:
        built["content"] = content.problem(faults=status == 422)
    elif any(not kind.startswith("application/json") for kind in response.media_types):
        built["content"] = content.of(None, response.media_types, "output", response.examples)
    return built


def _problems(operation: Operation, security: Sequence[Mapping[str, Sequence[str]]]) -> list[int]:
    body = operation.body is not None
    in_url = any(param.location in {"path", "query"} for param in operation.params)
    guarded = bool(security) and all(security)
    can = {
        400: body or in_url,
        401: guarded,
        403: guarded and any(scopes for needs in security for scopes in needs.values()),
        404: any(param.converter not in _TAKE_ALL for param in operation.params),
        406: any(len(r.media_types) > 1 for s, r in operation.responses.items() if s < 300),
        413: body,
        415: body,
        422: body or any(_can_fail(param) for param in operation.params),
    }
    return [status for status, possible in can.items() if possible]


def _can_fail(param: ParamInfo) -> bool:
    """Say whether some text of a client does not fit the parameter, or a second one."""
    if param.location == "path":
        return param.annotation is not str
    is_single = param.location == "query" and not param.explode
    return param.required or is_single or not _takes_any_text(param.annotation)


def _takes_any_text(annotation: Any) -> bool:
    if annotation in (str, type(None), Any):
        return True
    parts = get_args(annotation)
    unconstrained = get_origin(annotation) is not None and not hasattr(annotation, "__metadata__")
    return unconstrained and bool(parts) and all(_takes_any_text(part) for part in parts)
