"""Conflicts: routes that could not be told apart, or two of one name; refused at start-up.

Called once by `table`; both declarations are named with file and line.
"""

from collections.abc import Iterable

from gambrel.core.http.errors import GambrelError
from gambrel.core.routing.route import Route


def check_conflicts(routes: Iterable[Route]) -> None:
    """Refuse routes with the same method, pattern, host and predicates.

    Raises:
        GambrelError: naming both declarations (`routing.conflict`).
    """
    taken: dict[object, Route] = {}
    kin: dict[object, Route] = {}
    for route in routes:
        if route.kind == "external":
            continue
        host = route.host and route.host.identity
        place = (host, route.pattern.identity, route.kind == "fallback")
        when = frozenset(route.options.when)
        for method in route.methods:
            first = taken.setdefault((place, method, when), route)
            if first is not route:
                hint = "change a path or a method, or tell them apart with when="
                raise conflict(first, route, method, hint)
            other = kin.setdefault((place, method), route)
            if [p.name for p in other.pattern.params] != [p.name for p in route.pattern.params]:
                raise conflict(other, route, method, "give their parameters the same names")


def conflict(first: Route, second: Route, method: str, hint: str) -> GambrelError:
    """Return the error that names both declarations."""
    what = f"{method} {second.pattern.text} is declared twice"
    return GambrelError("routing.conflict", what, f"{first.where} and {second.where}", hint)


def check_names(routes: Iterable[Route]) -> None:
    """Refuse a name given to two paths.

    Raises:
        GambrelError: naming both declarations (`routing.duplicate-name`).
    """
    taken: dict[tuple[str, str], Route] = {}
    for route in routes:
        if not route.named:
            continue
        first = taken.setdefault((route.name, route.locale), route)
        if str(first.pattern) != str(route.pattern) or str(first.host) != str(route.host):
            raise GambrelError(
                "routing.duplicate-name",
                f"two routes are named {route.name!r}: {first.pattern.text} and "
                f"{route.pattern.text}",
                f"{first.where} and {route.where}",
                "rename one, or include the second router under another name=",
            )
