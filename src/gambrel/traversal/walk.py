"""The walk down a tree of resources, and the way back up. Knows objects and texts, no request."""

import inspect
from collections.abc import Sequence
from typing import Any

from msgspec import Struct

from gambrel.core.http.url import build_path

__all__ = ["Traversed", "path_of", "walk"]


class Traversed(Struct, frozen=True):
    """Where a path has led: to `context`, whose view `name` is meant; `subpath` is what is left."""

    context: Any
    name: str = ""
    subpath: tuple[str, ...] = ()


async def walk(root: Any, segments: Sequence[str]) -> Traversed:
    """Ask `root` for its child of the first name, that for the next, and so on.

    A resource has children if it has `__getitem__`, plain or async, which raises KeyError for a
    name it does not know: that is then the name of a view. `@@name` is one in any case.
    """
    context = root
    for index, segment in enumerate(segments):
        rest = tuple(segments[index + 1 :])
        if segment.startswith("@@"):
            return Traversed(context, segment[2:], rest)
        if not hasattr(type(context), "__getitem__"):
            return Traversed(context, segment, rest)
        try:
            child = context[segment]
            context = await child if inspect.isawaitable(child) else child
        except KeyError:
            return Traversed(context, segment, rest)
    return Traversed(context)


def path_of(resource: Any, *more: str) -> str:
    """Return the path of a resource, with further segments such as the name of a view.

    Resources tell their place by `__parent__` (None at the root) and `__name__`.
    """
    names: list[str] = []
    while (parent := getattr(resource, "__parent__", None)) is not None:
        names.insert(0, resource.__name__)
        resource = parent
    return build_path(*names, *more)
