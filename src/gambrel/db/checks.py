"""What is wrong between routes, models and what is public of them: told at start, not by a client.

`extension.py` raises the first at start and contributes all to `gambrel check`.
"""

import difflib
import re
import types
import typing
from collections.abc import Iterable, Iterator
from typing import Annotated, Any, get_args, get_origin

import msgspec
from sqlalchemy import MetaData, inspect
from sqlalchemy.exc import ArgumentError, InvalidRequestError
from sqlalchemy.orm import ColumnProperty

from gambrel.core.http.errors import GambrelError
from gambrel.db.models import Model
from gambrel.db.sessions import AsyncSession, SyncSession

__all__ = ["mistakes"]

_METHODS: dict[Any, str] = {AsyncSession: "async_session", SyncSession: "sync_session"}
_SESSIONS = set(_METHODS)
_NONE = type(None)
_NUMBERS = {(int, float)}


def mistakes(app: Any) -> Iterator[GambrelError]:
    """Yield what is wrong in the routes of a built app, and between its models."""
    known = [getattr(one, "metadata", None) for one in (*app.defaults, *app.extensions)]
    yield from unmapped([one for one in known if isinstance(one, MetaData)])
    for route in app.build().routes:
        plan = getattr(route.endpoint, "plan", None)
        if plan is None:
            continue
        signature, is_socket = plan.signature, "WEBSOCKET" in route.methods
        inner = [node.signature for node in plan.graph.nodes]
        yield from wrong_kinds([signature, *inner])
        yield from named_only([signature, *inner])
        if is_socket or signature.is_generator:  # what a stream depends on has ended before it
            yield from too_long([signature, *(inner if is_socket else [])], is_socket=is_socket)
        if route.options.returns is not None:
            for shape, model in pairs(route.options.returns, signature.returns):
                yield from faults(shape, model, signature.where, set())


def unmapped(known: Iterable[MetaData]) -> Iterator[GambrelError]:
    """Yield the error of models that do not fit together: a relation to nothing, say.

    SQLAlchemy would tell it by the first query, and by each that follows.
    """
    tables = [*known]
    for registry in registries(Model):
        if registry.metadata not in tables:
            continue
        try:
            registry.configure()
        except (ArgumentError, InvalidRequestError) as error:
            text = " ".join(str(error).split())
            what = f"the models do not fit together: {text.partition('. ')[0]}"
            yield GambrelError("db.relation", what, "", hint_for(text, registry))


def registries(base: Any) -> set[Any]:
    """Return who keeps the names of a base of models, and of those that are made from it."""
    found = {base.registry}
    return found.union(*(registries(one) for one in base.__subclasses__()))


def hint_for(text: str, registry: Any) -> str:
    """Return what to write for what SQLAlchemy says of a relation."""
    if found := re.search(r"failed to locate a name \('?(\w+)'?\)", text):
        names = sorted(mapper.class_.__name__ for mapper in registry.mappers)
        close = difflib.get_close_matches(found[1], names, 1)
        return f"did you mean {close[0]!r}?" if close else "import the module that has it"
    if "no foreign keys linking" in text:
        return '`mapped_column(ForeignKey("team.id"))` in one of the two models'
    if "multiple foreign key paths" in text:
        return 'say which: `relationship(foreign_keys="Hero.team_id")`'
    return "correct the relation; both sides name each other by `back_populates`"


def wrong_kinds(signatures: Iterable[Any]) -> Iterator[GambrelError]:
    """Yield functions that would block the loop with a plain session, or cannot await theirs."""
    for signature in signatures:
        wrong, right = (SyncSession, AsyncSession)[:: 1 if signature.is_async else -1]
        if any(parameter.annotation is wrong for parameter in signature.parameters):
            form = "async def" if signature.is_async else "def"
            what = f"{signature.name} is `{form}` and takes {wrong.__name__}"
            hint = f"ask for `db: {right.__name__}`, which has the same methods"
            yield GambrelError("db.session-kind", what, signature.where, hint)


def named_only(signatures: Iterable[Any]) -> Iterator[GambrelError]:
    """Yield parameters that name a database in text, which nothing reads: they get another one."""
    for signature in signatures:
        for parameter in signature.parameters:
            kind, *notes = get_args(parameter.annotation) or [parameter.annotation]
            names = [note for note in notes if isinstance(note, str)]
            if names and kind in _SESSIONS and get_origin(parameter.annotation) is Annotated:
                shown, method = kind.__name__, _METHODS[kind]
                what = (
                    f"{parameter.name!r} of {signature.name} is a session of {names[0]!r} by text"
                )
                hint = (
                    f"`{parameter.name}: Annotated[{shown}, Depends({names[0]}.{method})]`, where "
                )
                hint += f'`{names[0]} = Database(..., name="{names[0]}")`'
                yield GambrelError("db.session-name", what, signature.where, hint)


def too_long(signatures: Iterable[Any], *, is_socket: bool) -> Iterator[GambrelError]:
    """Yield the functions of a socket or a stream that would hold a session all the time."""
    kind = "a WebSocket" if is_socket else "a stream, which runs when its session is committed"
    hint = "take `database: Database`, and open one where it is needed: "
    hint += "`async with database.session() as db:`"
    for index, signature in enumerate(signatures):
        relation = "is for" if index else "is"  # the first is the handler itself
        for taken in (p.annotation for p in signature.parameters if p.annotation in _SESSIONS):
            what = f"{signature.name} takes {taken.__name__} and {relation} {kind}"
            yield GambrelError("db.session-kept", what, signature.where, hint)


def pairs(declared: Any, returned: Any) -> Iterator[tuple[Any, Any]]:
    """Yield the structs of a declared type with the models that are returned as them."""
    declared, returned = plain(declared), plain(returned)
    if isinstance(returned, type) and issubclass(returned, Model):
        if isinstance(declared, type) and issubclass(declared, msgspec.Struct):
            yield declared, returned
    elif get_origin(declared) is not None and get_origin(declared) is get_origin(returned):
        for one, other in zip(get_args(declared), get_args(returned), strict=False):
            yield from pairs(one, other)


def plain(annotation: Any) -> Any:
    """Return `T` of `T | None`, of `Annotated[T, …]` and of `Mapped[T]`."""
    if get_origin(annotation) is Annotated:
        return plain(get_args(annotation)[0])
    members = [member for member in get_args(annotation) if member is not _NONE]
    if len(members) == 1 and _NONE in get_args(annotation):
        return plain(members[0])
    return annotation


def faults(shape: Any, model: Any, where: str, seen: set[Any]) -> Iterator[GambrelError]:
    """Yield where a struct cannot be filled from the rows of a model."""
    if (shape, model) in seen:
        return
    seen.add((shape, model))
    attributes = inspect(model).attrs
    hints = typing.get_type_hints(shape, include_extras=True)
    for field in msgspec.structs.fields(shape):
        if not hasattr(model, field.name):
            if field.required:
                yield missing(shape, model, field.name, where)
        elif field.name in attributes:
            yield from misfits(shape, model, field.name, hints[field.name], where, seen)


def misfits(
    shape: Any, model: Any, name: str, kind: Any, where: str, seen: set[Any]
) -> Iterator[GambrelError]:
    """Yield where a field is of another type than its attribute."""
    attribute = inspect(model).attrs[name]
    if hasattr(attribute, "entity"):  # a relation
        inner = plain(kind)
        target = get_args(inner)[0] if get_args(inner) else inner
        if isinstance(target, type) and issubclass(target, msgspec.Struct):
            yield from faults(target, attribute.entity.class_, where, seen)
        return
    if not isinstance(attribute, ColumnProperty):  # another name of one, or several as one
        return
    column: Any = attribute.columns[0]
    own = f"{shape.__name__}.{name}"
    if getattr(column, "nullable", False) and not accepts_none(
        kind
    ):  # what is computed says nothing
        what = f"{own} must have a value, and {model.__name__}.{name} may be null"
        yield GambrelError("db.shape", what, where, f"`{name}: {spell(kind)} | None`")
    given, wanted = python_type(column), plain(kind)
    if isinstance(given, type) and isinstance(wanted, type) and not fits(given, wanted):
        what = f"{own} is {wanted.__name__}, and {model.__name__}.{name} is {given.__name__}"
        yield GambrelError("db.shape", what, where, f"`{name}: {given.__name__}`")


def accepts_none(annotation: Any) -> bool:
    """Whether None is of a type."""
    if get_origin(annotation) is typing.Annotated:
        return accepts_none(get_args(annotation)[0])
    return annotation in {Any, _NONE} or any(map(accepts_none, members_of(annotation)))


def members_of(annotation: Any) -> tuple[Any, ...]:
    """Return the members of a union; none of any other type."""
    is_union = get_origin(annotation) in {types.UnionType, typing.Union}
    return get_args(annotation) if is_union else ()


def python_type(column: Any) -> Any:
    """Return the type of a column's values, or None where it does not say."""
    try:
        return column.type.python_type
    except NotImplementedError:
        return None


def fits(given: type, wanted: type) -> bool:
    """Whether values of a type can be those of another; of JSON nobody knows."""
    if given in {dict, list} or wanted in {object, Any} or (given, wanted) in _NUMBERS:
        return True
    return issubclass(given, wanted) or issubclass(wanted, given)


def missing(shape: Any, model: Any, name: str, where: str) -> GambrelError:
    """Return the error of a field that a model has not."""
    close = difflib.get_close_matches(name, inspect(model).attrs.keys(), 1)
    hint = f"did you mean {close[0]!r}?" if close else "give the field a default, or leave it out"
    what = f"{shape.__name__} has {name!r}, which {model.__name__} has not"
    return GambrelError("db.shape", what, where, hint)


def spell(annotation: Any) -> str:
    """Return a type as one writes it."""
    return annotation.__name__ if isinstance(annotation, type) else str(annotation)
