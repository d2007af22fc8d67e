"""Conflicts: routes that could not be told apart, or two of one name; refused at start-up.

Called once by `table`; both declarations are named with file and line.
"""

from collections.abc import Iterable

from gambrel.core.http.errors import GambrelError
from gambrel.core.routing.route import Route


def check_routes(routes: Iterable[Route]) -> None:
    """Refuse routes with the same method, pattern, host and predicates, or the same name.

    Raises:
        GambrelError: `routing.conflict` or `routing.duplicate-name`.
    """
    taken: dict[object, Route] = {}
    for route in routes:
        host = route.host and route.host.identity
        place = (host, route.pattern.identity, route.kind == "fallback")
        for method in route.methods:
            key = (place, method, frozenset(route.options.when))
            what = f"{method} {route.pattern.text} is declared twice"
            if taken.setdefault(key, route) is not route:
                raise refuse(taken[key], route, what, "change one, or tell them apart with when=")
            first = taken.setdefault((place, method), route)
            if [p.name for p in first.pattern.params] != [p.name for p in route.pattern.params]:
                raise refuse(first, route, what, "give their parameters the same names")
        first = taken.setdefault((route.name, route.locale), route) if route.is_named else route
        if (str(first.pattern), str(first.host)) != (str(route.pattern), str(route.host)):
            what = f"two routes are named {route.name!r}"
            raise refuse(first, route, what, "rename one, or include its router under a name=")


def refuse(first: Route, second: Route, what: str, hint: str) -> GambrelError:
    """Return the error that names both declarations."""
    code = "routing.conflict" if "twice" in what else "routing.duplicate-name"
    return GambrelError(code, what, f"{first.where} and {second.where}", hint)
