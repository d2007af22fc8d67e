"""What is most likely a mistake, though it may be meant: told when `gambrel dev` starts."""

from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

__all__ = ["Doubt", "misnamed"]


class Doubt(NamedTuple):
    """What looks wrong, what to write, and where."""

    what: str
    hint: str
    where: str


def misnamed(routes: Iterable[Any]) -> Iterator[Doubt]:
    """Yield handlers that ask the query for what their path seems to have under another name."""
    for route in routes:
        plan = getattr(route.endpoint, "plan", None)
        if plan is None:
            continue
        inputs = [parameter for parameter, _ in plan.inputs]
        taken = {parameter.alias for parameter in inputs if parameter.source == "path"}
        left = [param.name for param in route.pattern.params if param.name not in taken]
        asked = [parameter.name for parameter in inputs if is_open_query(parameter)]
        if left and asked:
            yield Doubt(
                f"nothing takes {{{left[0]}}} of {route.pattern}, and {asked[0]!r} is not in it",
                f"write {{{asked[0]}}} in the path, or call the parameter {left[0]!r}",
                route.where,
            )


def is_open_query(parameter: Any) -> bool:
    """Say whether a required parameter is in the query for want of another place."""
    return parameter.source == "query" and parameter.marker is None and parameter.is_required
