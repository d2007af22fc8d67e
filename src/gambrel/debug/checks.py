"""What is most likely a mistake, though it may be meant.

`gambrel check` tells it, and `gambrel dev` when it starts.
"""

from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

__all__ = ["Doubt", "doubts"]

_WITHOUT_BODY = {"GET", "HEAD", "DELETE"}


class Doubt(NamedTuple):
    """What looks wrong, by the id of its check, what to write, and where."""

    id: str
    what: str
    hint: str
    where: str


def doubts(routes: Iterable[Any]) -> Iterator[Doubt]:
    """Yield what is probably not where it is meant to be, and conditions that are not called."""
    for route in routes:
        yield from uncalled(route)
        plan = getattr(route.endpoint, "plan", None)
        if plan is not None:
            inputs = [parameter for parameter, _ in plan.inputs]
            yield from misnamed(route, inputs)
            yield from unexpected_bodies(route, inputs)


def uncalled(route: Any) -> Iterator[Doubt]:
    """Yield that a ready condition was given without what it is to compare, and so always holds."""
    for test in route.options.when:
        if getattr(test, "__module__", "") == "gambrel.when" and hasattr(test, "__name__"):
            yield Doubt(
                "debug.condition",
                f"`when=` of {route.pattern} is the function {test.__name__}, which is not called",
                f"write `when.{test.__name__}(...)`",
                route.where,
            )


def misnamed(route: Any, inputs: list[Any]) -> Iterator[Doubt]:
    """Yield that a handler asks the query for what its path seems to have under another name."""
    taken = {parameter.alias for parameter in inputs if parameter.source == "path"}
    left = [param.name for param in route.pattern.params if param.name not in taken]
    asked = [parameter.name for parameter in inputs if is_open_query(parameter)]
    if left and asked:
        yield Doubt(
            "debug.path-parameter",
            f"nothing takes {{{left[0]}}} of {route.pattern}, and {asked[0]!r} is not in it",
            f"write {{{asked[0]}}} in the path, or call the parameter {left[0]!r}",
            route.where,
        )


def is_open_query(parameter: Any) -> bool:
    """Say whether a required parameter is in the query for want of another place."""
    return parameter.source == "query" and parameter.marker is None and parameter.is_required


def unexpected_bodies(route: Any, inputs: list[Any]) -> Iterator[Doubt]:
    """Yield what is read from a body that such requests do not have, because of its type."""
    methods = sorted(_WITHOUT_BODY.intersection(route.methods))
    for parameter in inputs:
        if methods and parameter.source == "body" and parameter.marker is None:
            kind = getattr(parameter.annotation, "__name__", "...")
            yield Doubt(
                "debug.body",
                f"{parameter.name!r} of {route.pattern} is read from the body of {methods[0]}",
                f"declare its settings or `app.provide({kind}, ...)`, or write "
                f"`Annotated[{kind}, Query()]`; `Body()` says that it is meant",
                route.where,
            )
