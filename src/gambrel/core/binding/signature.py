"""Read a function's signature: which parameter comes from where.

Called once per handler and dependency at start-up. A parameter that cannot be understood is an
error that names the function, its file and line, and what to write instead.
"""

import functools
import inspect
import re
import types
import typing
from collections.abc import Callable, Iterator, Mapping
from typing import Annotated, Any, get_args, get_origin

import msgspec
from msgspec import Struct

from gambrel.conversion.errors import GambrelError
from gambrel.core.binding.markers import Depends, Marker
from gambrel.core.http.bodies.forms import Upload
from gambrel.core.http.headers import Headers, ResponseHeaders
from gambrel.core.http.query import QueryParams
from gambrel.core.http.request import Request, State
from gambrel.core.http.response import Response

__all__ = ["Parameter", "Signature", "location_of", "read_signature"]

FRAMEWORK_TYPES = {Request, Response, Headers, ResponseHeaders, State, QueryParams}
REQUIRED = inspect.Parameter.empty
_VALUES = (str, int, float, bool, bytes)


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
    """A callable as binding sees it; `call` takes by name what `origin` may want by position."""

    origin: Callable[..., Any]
    call: Callable[..., Any]
    name: str
    where: str
    parameters: tuple[Parameter, ...]
    returns: Any
    is_async: bool
    is_generator: bool


def location_of(call: Callable[..., Any]) -> str:
    """Return `file.py:12` of a function, class or callable object, for messages."""
    target = inspect.unwrap(function_of(call))
    code = getattr(getattr(target, "__func__", target), "__code__", None)
    if code is not None:
        return f"{code.co_filename}:{code.co_firstlineno}"
    try:
        return f"{inspect.getsourcefile(target)}:{inspect.getsourcelines(target)[1]}"
    except (OSError, TypeError):
        return getattr(target, "__module__", repr(target))


def function_of(call: Callable[..., Any]) -> Any:
    """Return the function, method or class behind a partial or an object with `__call__`."""
    while isinstance(call, functools.partial):
        call = call.func
    return call if inspect.isroutine(call) or isinstance(call, type) else type(call).__call__


def read_signature(
    call: Callable[..., Any],
    path_names: Mapping[str, type | None] = types.MappingProxyType({}),
    is_provided: Callable[[Any], bool] = lambda _annotation: False,
) -> Signature:
    """Return the signature of `call`.

    `path_names` are the parameters of the route's pattern and what their converters make,
    `is_provided` tells which types have a provider. What a partial was given is no parameter any
    more. Raises GambrelError for annotations that cannot be resolved or bound.
    """
    where, target = location_of(call), function_of(call)
    name: str = getattr(call, "__qualname__", "") or getattr(target, "__qualname__", repr(call))
    hints = resolve_hints(target, name, where)
    given = call.keywords if isinstance(call, functools.partial) else {}
    items = [item for item in parameters_of(call) if item.name not in given]
    parameters = []
    for item in items:
        if item.kind in {item.VAR_POSITIONAL, item.VAR_KEYWORD}:
            what = f"{name} takes {item}, which no request can fill"
            hint = "name each parameter, or take the whole `request: Request`"
            raise GambrelError("binding.variadic", what, where, hint)
        annotation = hints.get(item.name, item.annotation)
        parameters.append(classify(item, annotation, path_names, is_provided, f"{name} ({where})"))
    returns = target if isinstance(target, type) else hints.get("return", REQUIRED)
    # `call` stays its `origin`; what is called takes all of its parameters by name.
    named = by_name(call, [item.name for item in items if item.kind is item.POSITIONAL_ONLY])
    return Signature(call, named, name, where, tuple(parameters), returns, *kind_of(target))


def parameters_of(call: Callable[..., Any]) -> list[inspect.Parameter]:
    """Return the parameters of `call`; of a builtin that does not tell them, none."""
    try:
        return list(inspect.signature(call).parameters.values())
    except ValueError:
        return []


def kind_of(target: Any) -> tuple[bool, bool]:
    """Return whether a function is async, and whether it is a generator.

    A plain wrapper (`functools.wraps`) is of the kind of what it wraps.
    """
    while True:
        is_stream = inspect.isasyncgenfunction(target)
        if is_stream or inspect.isgeneratorfunction(target):
            return is_stream, True
        if inspect.iscoroutinefunction(target):
            return True, False
        if not hasattr(target, "__wrapped__"):
            return False, False
        target = target.__wrapped__


def by_name(call: Callable[..., Any], positional: list[str]) -> Callable[..., Any]:
    """Return `call` so that it takes all arguments by name."""
    if not positional:
        return call

    def call_by_name(**arguments: Any) -> Any:
        first = [arguments.pop(name) for name in positional]
        return call(*first, **arguments)

    return functools.update_wrapper(call_by_name, function_of(call))


def resolve_hints(target: Any, name: str, where: str) -> dict[str, Any]:
    """Return the evaluated annotations of a function; of a class, those it is made with."""
    if isinstance(target, type):
        own = {"__init__", "__new__"}
        kinds = [kind for kind in target.__mro__[:-1] if not own.isdisjoint(vars(kind))]
        made = kinds and (vars(kinds[0]).get("__init__") or kinds[0].__new__)
        target = made if inspect.isfunction(made) and not is_struct_type(target) else target
    try:
        return typing.get_type_hints(inspect.unwrap(target), include_extras=True)
    except Exception as error:  # an annotation is any expression
        what = f"an annotation of {name} cannot be evaluated: {error}"
        module = getattr(target, "__module__", "the module")
        rule = "outside `if TYPE_CHECKING:`; binding reads annotations at run time"
        hint = f"import the name at the top of {module}, {rule}"
        raise GambrelError("binding.annotation", what, where, hint) from error


def classify(
    item: inspect.Parameter,
    annotation: Any,
    path_names: Mapping[str, type | None],
    is_provided: Callable[[Any], bool],
    owner: str,
) -> Parameter:
    """Decide where one parameter comes from."""
    default = item.default
    if isinstance(default, type) and issubclass(default, Depends | Marker):
        default = as_marker(default, annotation)
    if isinstance(default, Depends | Marker):
        what = f"parameter {item.name!r} of {owner} has a marker as its default"
        hint = f"write `{item.name}: Annotated[{spell(annotation)}, {spell_marker(default)}]`"
        raise GambrelError("binding.default-marker", what, owner, hint)
    if annotation is REQUIRED and item.name in {*path_names, "request"}:
        annotation = path_names[item.name] or str if item.name in path_names else Request
    elif annotation is REQUIRED or isinstance(annotation, str):
        what = f"parameter {item.name!r} of {owner} has no annotation that is a type"
        hint = f"give it a type, such as `{item.name}: str`"
        raise GambrelError("binding.unannotated", what, owner, hint)
    base, marker = split_marker(annotation, owner, item.name)
    source = source_of(item.name, base, marker, path_names, is_provided)
    alias = getattr(marker, "alias", None) or item.name
    if source == "header":
        alias = (getattr(marker, "alias", None) or item.name.replace("_", "-")).lower()
    if source == "path" and alias not in path_names and item.default is REQUIRED:
        what = f"parameter {item.name!r} of {owner} is read from the path, which has no {alias!r}"
        hint = f"put `{{{alias}}}` into the path, or correct the name"
        raise GambrelError("binding.path-parameter", what, owner, hint)
    made, plain = path_names.get(alias), without_none(strip_annotated(base))
    if source == "path" and made and isinstance(plain, type) and not issubclass(made, plain):
        what = f"parameter {item.name!r} of {owner} is no {spell(made)}, as its converter makes"
        hint = f"write `{item.name}: {spell(made)}`, or leave the converter out: `{{{alias}}}`"
        raise GambrelError("binding.path-parameter", what, owner, hint)
    by_keyword = item.kind is item.KEYWORD_ONLY
    return Parameter(item.name, base, source, alias, item.default, marker, by_keyword)


def split_marker(annotation: Any, owner: str, name: str) -> tuple[Any, Marker | Depends | None]:
    """Take the marker out of `Annotated[T, …]`, leaving the constraints on `T`."""
    annotation = unalias(annotation)
    base: Any = annotation
    metadata: list[Any] = []
    while get_origin(base) is Annotated:  # an alias of an annotated type may be annotated again
        inner, *outer = get_args(base)
        base, metadata = unalias(inner), [*outer, *metadata]
    markers = [as_marker(item, base) for item in metadata]
    for item in metadata:
        if inspect.isroutine(item) or (item is Depends and base in _VALUES):
            call = "make_it" if item is Depends else item.__name__
            what = f"parameter {name!r} of {owner} does not say what it depends on"
            hint = f"write `Annotated[{spell(base)}, Depends({call})]`"
            raise GambrelError("binding.bare-depends", what, owner, hint)
    found = [m for m in markers if isinstance(m, Marker | Depends)]
    if len(found) > 1:
        what = f"parameter {name!r} of {owner} says twice where it comes from"
        hint = "keep one of Path, Query, Header, Cookie, Body, Form, File, Depends"
        raise GambrelError("binding.two-markers", what, owner, hint)
    hidden = next(inner_markers(base), None)
    if hidden is not None:
        what = f"parameter {name!r} of {owner} has a marker inside its type, {spell(annotation)}"
        hint = "write the marker outside: `Annotated[T | None, " + f"{spell_marker(hidden)}]`"
        raise GambrelError("binding.inner-marker", what, owner, hint)
    rest = tuple(m for m in markers if not isinstance(m, Marker | Depends))
    return (Annotated[(base, *rest)] if rest else base), (found[0] if found else None)


def unalias(annotation: Any) -> Any:
    """Return what a `type X = …` stands for; any other annotation as it is."""
    while type(annotation).__name__ == "TypeAliasType":
        annotation = annotation.__value__
    return annotation


def as_marker(item: Any, base: Any) -> Any:
    """Return a marker given as its class as an instance; `Depends` alone makes the type itself."""
    if item is Depends:
        return Depends(base)
    return item() if isinstance(item, type) and issubclass(item, Marker) else item


def inner_markers(annotation: Any) -> Iterator[Marker | Depends]:
    """Yield the markers inside a union or a collection, where they would be read over."""
    for arg in get_args(unalias(annotation)):
        if get_origin(unalias(arg)) is Annotated:
            base, *metadata = get_args(unalias(arg))
            markers = (as_marker(item, base) for item in metadata)
            yield from (item for item in markers if isinstance(item, Marker | Depends))
        yield from inner_markers(arg)


def source_of(
    name: str,
    base: Any,
    marker: Marker | Depends | None,
    path_names: Mapping[str, type | None],
    is_provided: Callable[[Any], bool],
) -> str:
    """Return the source of a parameter: its marker, or what its name and type imply."""
    if marker is not None:
        return marker.source
    if name in path_names:
        return "path"
    plain = without_none(strip_annotated(base))
    if isinstance(plain, type) and plain in FRAMEWORK_TYPES:
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
        or hasattr(plain, "__dataclass_fields__")
        or typing.is_typeddict(plain)
        or hasattr(plain, "__attrs_attrs__")
        or hasattr(plain, "__pydantic_validator__")
        or (issubclass(plain, tuple) and hasattr(plain, "_fields"))
    )


def is_body_type(annotation: Any) -> bool:
    """Whether a type without a marker is read from the body: structs, and collections of them."""
    plain = strip_annotated(annotation)
    if is_struct_type(plain) or plain is Any or plain is object:
        return True
    origin = get_origin(plain) or plain
    if origin in {typing.Union, types.UnionType}:
        return any(is_body_type(arg) for arg in get_args(plain))
    if isinstance(origin, type) and issubclass(origin, Mapping):
        return True
    if origin in {list, set, frozenset, tuple}:
        return any(is_body_type(arg) for arg in get_args(plain) if arg is not ...)
    return False


def spell(annotation: Any) -> str:
    """Return an annotation as a person would write it."""
    if annotation is REQUIRED:
        return "..."
    if isinstance(annotation, type) and not get_args(annotation):
        return annotation.__name__
    return re.sub(r"(?:\w+\.)+(?:<locals>\.)?", "", str(annotation))


def spell_marker(marker: Depends | Marker) -> str:
    """Return a marker as a person would write it."""
    if isinstance(marker, Depends):
        return f"Depends({getattr(marker.call, '__name__', '…')})"
    return f"{type(marker).__name__}()"
