"""Attributes in templates whose values are typed: `row.nmae` where `rows` is a `list[Row]`.

The checks ask for these. What is not known to be wrong is right: a name that the template sets
itself, and a value of any type but one with fields, are left alone.
"""

from collections.abc import Iterator, Mapping
from types import NoneType, UnionType
from typing import Any, Union, get_args, get_origin, get_type_hints

from jinja2 import nodes

from gambrel.core.http.errors import GambrelError
from gambrel.templates.page import fields_of

__all__ = ["Unknown", "types_of", "unknown_attributes"]

Types = Mapping[str, Any]
Unknown = tuple[int, str, type]
"""Line, attribute, and the type that does not have it."""


def unknown_attributes(tree: nodes.Template, types: Types) -> Iterator[Unknown]:
    """Yield the attributes that values of some types do not have."""
    loops = {name for loop in tree.find_all(nodes.For) for name in names_in(loop.target)}
    own = {node.name for node in tree.find_all(nodes.Name) if node.ctx != "load"} - loops
    yield from walk(tree, {name: kind for name, kind in types.items() if name not in own})


def walk(node: nodes.Node, types: Types) -> Iterator[Unknown]:
    """Yield the same for a part of a template."""
    if isinstance(node, nodes.For):
        yield from walk(node.iter, types)
        inner = {n: kind for n, kind in types.items() if n not in names_in(node.target)}
        item = item_of(type_of(node.iter, types))
        if isinstance(node.target, nodes.Name) and item is not None:
            inner[node.target.name] = item
        for part in [*node.body, *([node.test] if node.test else [])]:
            yield from walk(part, inner)
        for part in node.else_:
            yield from walk(part, types)
        return
    if isinstance(node, nodes.Getattr):
        kind = type_of(node.node, types)
        if kind is not None and has_fields(kind) and node.attr not in {*types_of(kind), *dir(kind)}:
            yield node.lineno, node.attr, kind
    for child in node.iter_child_nodes():
        yield from walk(child, types)


def names_in(target: nodes.Node) -> set[str]:
    """Return the names that a loop sets."""
    found = {node.name for node in target.find_all(nodes.Name)}
    return found | ({target.name} if isinstance(target, nodes.Name) else set())


def type_of(expression: nodes.Node, types: Types) -> Any:
    """Return the type of an expression, None where it is not known."""
    if isinstance(expression, nodes.Name):
        return without_none(types.get(expression.name))
    if isinstance(expression, nodes.Getattr):
        owner = type_of(expression.node, types)
        if owner is not None and has_fields(owner):
            return without_none(types_of(owner).get(expression.attr))
    return None


def item_of(kind: Any) -> Any:
    """Return what a list of a type has, None where that is not known."""
    arguments = get_args(kind)
    is_list = get_origin(kind) in {list, tuple, set, frozenset} and arguments
    return arguments[0] if is_list and arguments[1:] in {(), (...,)} else None


def without_none(kind: Any) -> Any:
    """Return `T` of `T | None`, None for any other union."""
    if get_origin(kind) not in {Union, UnionType}:
        return kind
    members = [member for member in get_args(kind) if member is not NoneType]
    return members[0] if len(members) == 1 else None


def has_fields(kind: Any) -> bool:
    """Whether a type says which attributes its values have."""
    try:
        return isinstance(kind, type) and bool(fields_of(kind))
    except GambrelError:
        return False


def types_of(kind: type) -> dict[str, Any]:
    """Return the types of the fields of a typed value, as far as they can be read."""
    try:
        return get_type_hints(kind)
    except (NameError, TypeError):
        return dict.fromkeys(fields_of(kind))
