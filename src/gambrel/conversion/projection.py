"""Values cut to exactly their declared type, so that a field not declared never leaks.

`result.py` applies a projector before it encodes. A subclass is cut down to the declared class,
also inside lists, dicts and unions; mappings and objects with attributes (ORM rows) are read into
it. Common values, already of the exact types, are returned as they are.
"""

import copy
import operator
import re
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from typing import Any, NamedTuple

import msgspec

from gambrel.conversion.adapters import STANDARD_CODECS
from gambrel.conversion.errors import GambrelError
from gambrel.conversion.faults import collect
from gambrel.conversion.shape import Field, Shape, read_shape

__all__ = ["exact_type", "fitter", "projector"]

Project = Callable[[Any], Any]
_MISSING = object()


def projector(annotation: Any) -> Project | None:
    """Return the function that makes a value exactly of its type; None where nothing can leak.

    The function raises GambrelError for a value that is not of its type. An object of the very
    class is: it is not looked into, nor are plain values in it.

    Raises:
        GambrelError: The annotation cannot be bound.
    """
    projection = _Compiler().compile(read_shape(annotation, STANDARD_CODECS))
    return projection.run if projection else None


def fitter(annotation: Any) -> Project:
    """Return the function that gives a value back if it is of its type, or raises GambrelError."""
    return partial(_fit, read_shape(annotation, STANDARD_CODECS))


def exact_type(annotation: Any) -> type | None:
    """Return the class whose own instances need no projection at all, if the type is one."""
    projection = _Compiler().compile(read_shape(annotation, STANDARD_CODECS))
    return projection.exact if projection else None


class _Projection(NamedTuple):
    """`run`, and the class whose own instances need no run, if there is one."""

    run: Project
    exact: type | None = None


class _Compiler:
    """Compiles one type; an object is registered before its fields, which may need it."""

    def __init__(self) -> None:
        self.objects: dict[int, _Projection] = {}

    def compile(self, shape: Shape) -> _Projection | None:
        if shape.kind in _LISTS:
            item = self.compile(shape.items[0])
            return _Projection(_of_items(shape, item, _LISTS[shape.kind])) if item else None
        if shape.kind == "dict":
            value = self.compile(shape.items[1])
            return _Projection(_of_values(shape, value)) if value else None
        if shape.kind == "tuple":
            members = [self.compile(item) for item in shape.items]
            return _Projection(_of_positions(shape, members)) if any(members) else None
        if shape.kind == "union":
            return self._union(shape)
        if shape.kind == "pydantic":
            return _Projection(_of_model(shape.cls), shape.cls)
        if shape.kind == "datetime" and shape.bounds.get("tz", True):
            return _Projection(partial(_aware, shape))
        return self._object(shape) if shape.kind == "object" else None

    def _union(self, shape: Shape) -> _Projection | None:
        members = [(member, self.compile(member)) for member in shape.items]
        if not any(projection for _, projection in members):
            return None
        chosen: dict[type, Project] = {}

        def project(value: Any) -> Any:
            kind = type(value)
            if kind not in chosen:
                # what a dict is, its tag tells: that cannot be remembered by its type
                if isinstance(value, Mapping):
                    return _choose(members, value, shape)(value)
                chosen[kind] = _choose(members, value, shape)
            return chosen[kind](value)

        return _Projection(project)

    def _object(self, shape: Shape) -> _Projection:
        key = id(shape.fields)
        if key not in self.objects:
            nested: list[tuple[str, Project]] = []
            project = _OBJECTS.get(shape.flavour, _of_object)(shape, nested)
            self.objects[key] = _Projection(project)
            for item in shape.fields:
                projection = self.compile(item.shape)
                if projection:
                    nested.append((item.name, projection.run))
            if not nested and shape.flavour != "typeddict":
                self.objects[key] = _Projection(project, shape.cls)
        return self.objects[key]


def _of_items(shape: Shape, item: _Projection, make: Callable[[Any], Any]) -> Project:
    run, exact = item.run, {item.exact}

    def project(values: Any) -> Any:
        if not isinstance(values, make if isinstance(make, type) else list):
            if not isinstance(values, Iterable) or isinstance(values, str | bytes | Mapping):
                raise _unfit(shape, values)
            values = make(values)
        if set(map(type, values)) <= exact:
            return values
        projected = [run(value) for value in values]
        return values if all(map(operator.is_, projected, values)) else make(projected)

    return project


_LISTS: dict[str, Callable[[Any], Any]] = {
    "list": list,
    "vartuple": tuple,
    "set": set,
    "frozenset": frozenset,
}


def _of_values(shape: Shape, value: _Projection) -> Project:
    run = value.run

    def project(values: Any) -> Any:
        if not isinstance(values, Mapping):
            raise _unfit(shape, values)
        projected = {key: run(member) for key, member in values.items()}
        return values if all(map(operator.is_, projected.values(), values.values())) else projected

    return project


def _of_positions(shape: Shape, members: list[_Projection | None]) -> Project:
    runs = [_run_of(item, member) for item, member in zip(shape.items, members, strict=True)]

    def project(values: Any) -> Any:
        if not isinstance(values, list | tuple) or len(values) != len(runs):
            raise _unfit(shape, values)
        projected = tuple(run(value) for run, value in zip(runs, values, strict=True))
        return values if all(map(operator.is_, projected, values)) else projected

    return project


def _aware(shape: Shape, value: Any) -> Any:
    """Return a moment with its offset, which `date-time` in the document promises."""
    if getattr(value, "tzinfo", value) is None:
        hint = "give it one: `datetime.now(UTC)`; or declare `Annotated[datetime, Meta(tz=False)]`"
        raise _unfit(shape, value, " without an offset from UTC", hint)
    return value


def _of_model(model: Any) -> Project:
    """Return the projection onto a Pydantic model, whose serializer knows its own fields only."""

    def project(value: Any) -> Any:
        if type(value) is model:
            return value
        if not isinstance(value, model):
            return model.model_validate(value, from_attributes=True)
        write = model.__pydantic_serializer__.to_python
        return write(value, mode="json", by_alias=True, warnings=False)

    return project


def _of_object(shape: Shape, nested: list[tuple[str, Project]]) -> Project:
    cls, replace = shape.cls, _REPLACE[shape.flavour]

    def project(value: Any) -> Any:
        if type(value) is not cls:
            return _cut(shape, dict(nested), value)
        changes = {}
        for name, run in nested:
            member = getattr(value, name, msgspec.UNSET)
            if member is not msgspec.UNSET and (new := run(member)) is not member:
                changes[name] = new
        return replace(value, changes) if changes else value

    return project


def _of_typeddict(shape: Shape, nested: list[tuple[str, Project]]) -> Project:
    names = {item.name for item in shape.fields}

    def project(value: Any) -> Any:
        if not nested and type(value) is dict and value.keys() <= names:
            return _fit(shape, value)
        return _cut(shape, dict(nested), value)

    return project


_OBJECTS = {"typeddict": _of_typeddict}


def _replace_attributes(value: Any, changes: dict[str, Any]) -> Any:
    changed = copy.copy(value)
    for name, member in changes.items():
        object.__setattr__(changed, name, member)
    return changed


_REPLACE: dict[str, Callable[[Any, dict[str, Any]], Any]] = {
    "struct": lambda value, changes: msgspec.structs.replace(value, **changes),
    "namedtuple": lambda value, changes: value._replace(**changes),
    "dataclass": _replace_attributes,
    "attrs": _replace_attributes,
}


def _cut(shape: Shape, nested: dict[str, Project], value: Any) -> Any:
    """Return an object of the shape's class, read from a subclass, a mapping or attributes."""
    found = {}
    for item in shape.fields:
        member = _read(value, item)
        if member is msgspec.UNSET:
            found[item.name] = member
        elif member is not _MISSING:
            run = nested.get(item.name)
            found[item.name] = run(member) if run else _fit(item.shape, member, shape, item.name)
        elif item.required:
            hint = f"return an object with {item.name!r}, or give the field a default"
            raise _unfit(shape, value, f", and has no {item.name!r}", hint)
    if not found and not isinstance(value, Mapping):
        raise _unfit(shape, value)
    return shape.make(found)


def _read(value: Any, item: Field) -> Any:
    if isinstance(value, Mapping):
        return value.get(item.name, value.get(item.key, _MISSING))
    return getattr(value, item.name, _MISSING)


Members = list[tuple[Shape, _Projection | None]]


def _choose(members: Members, value: Any, shape: Shape) -> Project:
    """Return what to do with values of this type in a union."""
    by_class = {m.cls: (m, run) for m, run in members if isinstance(m.cls, type)}
    for base in type(value).__mro__:
        if base in by_class:
            return _run_of(*by_class[base])
    for member, run in members:
        if member.kind in _CONTAINERS and isinstance(value, _CONTAINERS[member.kind]):
            return _run_of(member, run)
        if run is None and not collect(member, value):
            return _run_of(member, run)
    objects = [(m, run) for m, run in members if m.kind in {"object", "pydantic"}]
    if isinstance(value, Mapping) and len(objects) > 1:
        objects = [(m, run) for m, run in objects if _has_tag(m, value)]
    if len(objects) == 1 and not isinstance(value, bool | int | float | str | bytes | None):
        return _run_of(*objects[0])
    raise _unfit(shape, value, ", and is none of these", "return an instance of one of its classes")


_CONTAINERS: dict[str, Any] = {
    **dict.fromkeys(("list", "vartuple", "tuple"), (list, tuple)),
    **dict.fromkeys(("set", "frozenset"), (set, frozenset)),
    "dict": Mapping,
}


def _run_of(shape: Shape, projection: _Projection | None) -> Project:
    return projection.run if projection else partial(_fit, shape)


def _fit(shape: Shape, value: Any, owner: Shape | None = None, name: str = "") -> Any:
    """Return a value that needs no projection if it is of its type."""
    try:
        msgspec.convert(value, shape.annotation, dec_hook=_is)
    except msgspec.ValidationError as error:
        place = f" for {owner.cls.__name__}.{name}" if owner else ""
        raise _unfit(shape, value, f"{place}: {error}") from None
    return value


def _is(kind: type, value: Any) -> Any:
    if isinstance(value, kind):
        return value
    raise ValueError(f"Expected `{kind.__name__}`, got `{type(value).__name__}`")


_HINT = "return what is declared, or declare what is returned (`->`, or `returns=` of the route)"


def _unfit(shape: Shape, value: Any, told: str = "", hint: str = _HINT) -> GambrelError:
    declared = re.sub(r"(\w+\.)+(<locals>\.)?|<class '|'>", "", str(shape.annotation))
    what = f"a value of type {type(value).__qualname__} was returned as {declared}{told}"
    return GambrelError("binding.wrong-value", what, "", hint)


def _has_tag(shape: Shape, value: Mapping[Any, Any]) -> bool:
    tag = getattr(getattr(shape.cls, "__struct_config__", None), "tag", None)
    return tag is not None and value.get(shape.cls.__struct_config__.tag_field) == tag
