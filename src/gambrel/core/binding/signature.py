"""Read a function's signature: which parameter comes from where.

Called once per handler and dependency at start-up. A parameter that cannot be understood is an
error that names the function, its file and line, and what to write instead.
"""

import dataclasses
import inspect
import sys
import types
import typing
from collections.abc import Callable, Collection
from typing import Annotated, Any, get_args, get_origin

import msgspec
from msgspec import Struct

from gambrel.conversion.errors import GambrelError
from gambrel.core.binding.markers import (
    Body,
    Cookie,
    Depends,
    File,
    Form,
    Header,
    Marker,
    Path,
    Query,
)
from gambrel.core.http.bodies.forms import Upload
from gambrel.core.http.headers import Headers
from gambrel.core.http.request import Request, State
from gambrel.core.http.response import Response

__all__ = ["Parameter", "Signature", "location_of", "read_signature"]

FRAMEWORK_TYPES: tuple[type, ...] = (Request, Response, Headers, State)
REQUIRED = inspect.Parameter.empty


class Parameter(Struct, frozen=True):
    """One parameter: its source (`path`, `query`, …, `framework`, `provider`, `depends`)."""

    name: str
    annotation: Any
    source: str
    alias: str
    default: Any = REQUIRED
    marker: Marker | Depends | None = None
    keyword_only: bool = False

    @property
    def is_required(self) -> bool:
        """Whether the request must supply it."""
        return self.default is REQUIRED


class Signature(Struct, frozen=True):
    """A callable as binding sees it."""

    call: Callable[..., Any]
    name: str
    where: str
    parameters: tuple[Parameter, ...]
    returns: Any
    is_async: bool
    is_generator: bool


def location_of(call: Callable[..., Any]) -> str:
    """Return `file.py:12` of a function or class, for messages."""
    target: Any = inspect.unwrap(call)
    code = getattr(getattr(target, "__func__", target), "__code__", None)
    if code is not None:
        return f"{code.co_filename}:{code.co_firstlineno}"
    try:
        return f"{inspect.getsourcefile(target)}:{inspect.getsourcelines(target)[1]}"
    except (OSError, TypeError):
        return getattr(target, "__module__", repr(target))


def read_signature(
    call: Callable[..., Any],
    path_names: Collection[str] = (),
    is_provided: Callable[[Any], bool] = lambda _annotation: False,
) -> Signature:
    """Return the signature of `call`.

    `path_names` are the parameters of the route's pattern, `is_provided` tells which types have
    a provider. Raises GambrelError for annotations that cannot be resolved or bound.
    """
    where = location_of(call)
    name = getattr(call, "__qualname__", type(call).__qualname__)
    hints = resolve_hints(call, name, where)
    parameters = []
    for item in inspect.signature(call).parameters.values():
        if item.kind in {item.VAR_POSITIONAL, item.VAR_KEYWORD}:
            raise GambrelError(
                "binding.variadic",
                f"{name} takes {item}, which no request can fill",
                where,
                "name each parameter, or take the whole `request: Request`",
            )
        annotation = hints.get(item.name, item.annotation)
        parameters.append(classify(item, annotation, path_names, is_provided, f"{name} ({where})"))
    target = inspect.unwrap(call)
    target = target if inspect.isroutine(target) else getattr(target, "__call__", target)  # noqa: B004
    missing = set(path_names) - {p.alias for p in parameters if p.source == "path"}
    del missing  # a handler may leave a path parameter unread; request.params has it
    return Signature(
        call=call,
        name=name,
        where=where,
        parameters=tuple(parameters),
        returns=hints.get("return", REQUIRED),
        is_async=inspect.iscoroutinefunction(target) or inspect.isasyncgenfunction(target),
        is_generator=inspect.isgeneratorfunction(target) or inspect.isasyncgenfunction(target),
    )


def resolve_hints(call: Callable[..., Any], name: str, where: str) -> dict[str, Any]:
    """Return the evaluated annotations of `call`; of a class, those of its `__init__`."""
    target: Any = call
    if inspect.isclass(call):
        target = call.__init__
    elif not inspect.isroutine(inspect.unwrap(call)):
        target = type(call).__call__
    try:
        return typing.get_type_hints(inspect.unwrap(target), include_extras=True)
    except (NameError, TypeError, AttributeError) as error:
        module = sys.modules.get(getattr(target, "__module__", ""), None)
        raise GambrelError(
            "binding.annotation",
            f"an annotation of {name} cannot be evaluated: {error}",
            where,
            f"import the name at the top of {getattr(module, '__name__', 'the module')}, "
            "outside `if TYPE_CHECKING:`; binding reads annotations at run time",
        ) from error


def classify(
    item: inspect.Parameter,
    annotation: Any,
    path_names: Collection[str],
    is_provided: Callable[[Any], bool],
    owner: str,
) -> Parameter:
    """Decide where one parameter comes from."""
    if isinstance(item.default, Depends | Marker):
        corrected = f"{item.name}: Annotated[{spell(annotation)}, {spell_marker(item.default)}]"
        raise GambrelError(
            "binding.default-marker",
            f"parameter {item.name!r} of {owner} has a marker as its default",
            owner,
            f"write `{corrected}`",
        )
    base, marker = split_marker(annotation, owner, item.name)
    if annotation is REQUIRED and item.name in path_names:
        base = str
    elif annotation is REQUIRED:
        if item.name == "request":
            base = Request
        else:
            raise GambrelError(
                "binding.unannotated",
                f"parameter {item.name!r} of {owner} has no annotation",
                owner,
                f"give it a type, such as `{item.name}: str`",
            )
    source = source_of(item.name, base, marker, path_names, is_provided)
    alias = getattr(marker, "alias", None) or item.name
    if source == "header" and getattr(marker, "alias", None) is None:
        alias = item.name.replace("_", "-")
    return Parameter(
        name=item.name,
        annotation=base,
        source=source,
        alias=alias.lower() if source == "header" else alias,
        default=item.default,
        marker=marker,
        keyword_only=item.kind is item.KEYWORD_ONLY,
    )


def split_marker(annotation: Any, owner: str, name: str) -> tuple[Any, Marker | Depends | None]:
    """Take the marker out of `Annotated[T, …]`, leaving the constraints on `T`."""
    if get_origin(annotation) is not Annotated:
        return annotation, None
    base, *metadata = get_args(annotation)
    markers = [m() if isinstance(m, type) and issubclass(m, Marker) else m for m in metadata]
    found = [m for m in markers if isinstance(m, Marker | Depends)]
    if len(found) > 1:
        raise GambrelError(
            "binding.two-markers",
            f"parameter {name!r} of {owner} says twice where it comes from",
            owner,
            "keep one of Path, Query, Header, Cookie, Body, Form, File, Depends",
        )
    rest = tuple(m for m in markers if not isinstance(m, Marker | Depends))
    return (Annotated[(base, *rest)] if rest else base), (found[0] if found else None)


_MARKER_SOURCES: dict[type, str] = {
    Path: "path",
    Query: "query",
    Header: "header",
    Cookie: "cookie",
    Body: "body",
    Form: "form",
    File: "file",
    Depends: "depends",
}


def source_of(
    name: str,
    base: Any,
    marker: Marker | Depends | None,
    path_names: Collection[str],
    is_provided: Callable[[Any], bool],
) -> str:
    """Return the source of a parameter: its marker, or what its name and type imply."""
    if marker is not None:
        return _MARKER_SOURCES[type(marker)]
    if name in path_names:
        return "path"
    plain = without_none(strip_annotated(base))
    if isinstance(plain, type) and issubclass(plain, FRAMEWORK_TYPES):
        return "framework"
    if is_provided(plain):
        return "provider"
    if plain is Upload or (get_origin(plain) is list and get_args(plain)[:1] == (Upload,)):
        return "file"
    return "body" if is_body_type(plain) else "query"


def strip_annotated(annotation: Any) -> Any:
    """Return the type inside `Annotated`, or the type itself."""
    return get_args(annotation)[0] if get_origin(annotation) is Annotated else annotation


def without_none(annotation: Any) -> Any:
    """Return `T` of `T | None`; any other type as it is."""
    if get_origin(annotation) in {typing.Union, types.UnionType}:
        members = [arg for arg in get_args(annotation) if arg is not type(None)]
        if len(members) == 1:
            return strip_annotated(members[0])
    return annotation


def is_struct_type(annotation: Any) -> bool:
    """Whether a type has named fields: Struct, dataclass, attrs, TypedDict, Pydantic model."""
    plain = get_origin(annotation) or annotation
    if not isinstance(plain, type):
        return False
    return (
        issubclass(plain, msgspec.Struct)
        or dataclasses.is_dataclass(plain)
        or typing.is_typeddict(plain)
        or hasattr(plain, "__attrs_attrs__")
        or hasattr(plain, "__pydantic_validator__")
        or (issubclass(plain, tuple) and hasattr(plain, "_fields"))
    )


def is_body_type(annotation: Any) -> bool:
    """Whether a type without a marker is read from the body: structs, and collections of them."""
    plain = strip_annotated(annotation)
    if is_struct_type(plain) or plain in {dict, Any, object}:
        return True
    origin = get_origin(plain)
    if origin in {typing.Union, types.UnionType}:
        return any(is_body_type(arg) for arg in get_args(plain))
    if origin is dict or (isinstance(origin, type) and issubclass(origin, typing.Mapping)):
        return True
    if origin in {list, set, frozenset, tuple}:
        return any(is_body_type(arg) for arg in get_args(plain) if arg is not ...)
    return False


def spell(annotation: Any) -> str:
    """Return an annotation as a person would write it."""
    if annotation is REQUIRED:
        return "..."
    return getattr(annotation, "__name__", None) or str(annotation).replace("typing.", "")


def spell_marker(marker: Depends | Marker) -> str:
    """Return a marker as a person would write it."""
    if isinstance(marker, Depends):
        return f"Depends({getattr(marker.call, '__name__', '…')})"
    return f"{type(marker).__name__}()"
