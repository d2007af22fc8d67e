"""`Table`: the compiled routes of an app; one `match` per request, and what it says of misses.

Made by `Router.compile()`. Chooses the host, completes `Allow` and redirects by the slash policy.
"""

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from gambrel.core.http.errors import BadRequest
from gambrel.core.http.host import parse_host
from gambrel.core.http.url import safe_redirect
from gambrel.core.routing.conflicts import check_routes
from gambrel.core.routing.declared import Covered
from gambrel.core.routing.outcome import Choice, Miss
from gambrel.core.routing.paths import Entry, Paths, decode_parts
from gambrel.core.routing.pattern import Pattern
from gambrel.core.routing.readers import Match, match_segments
from gambrel.core.routing.reverse import Names
from gambrel.core.routing.route import ANY, WEBSOCKET, Route

if TYPE_CHECKING:
    from gambrel.core.routing.explain import Step

METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "QUERY", "TRACE")
"""What a route for any method is listed under; other methods reach it by the slower way."""

FALLBACK = "fallback "
"""Stands before the method of a fallback, so that it is found only when it is asked for."""


class HostPaths(Struct, frozen=True):
    """The paths declared for one host, or for none: then they hold on every host."""

    host: Pattern | None
    paths: Paths


class Table:
    """The compiled routes.

    `match(method, raw_path, host=None)` returns a target and its parameters (None: there are
    none). The target is a `Route`, a `Choice` to `pick(request)` from, or a `Miss`. It never
    raises. `raw_path` is the path as received, in visible ASCII. `covered` are the prefixes below
    which groups answer misses, the longest first, and their error handlers.

    Raises:
        GambrelError: two routes conflict (`routing.conflict`), naming both declarations.
    """

    match: Callable[..., Match]

    def __init__(self, routes: Iterable[Route], covered: Iterable[Covered] = ()) -> None:
        self.routes = list(routes)
        self.covered = sorted(covered, key=lambda one: -one[0].count("/"))
        check_routes(self.routes)
        self.names = Names(self.routes)
        by_host: dict[object, list[Route]] = {None: []}
        for route in self.routes:
            if route.kind != "external":
                by_host.setdefault(route.host and route.host.identity, []).append(route)
        on_miss = self._miss if len(by_host) == 1 else pass_on
        common, *others = (Paths(build_entries(group), on_miss) for group in by_host.values())
        hosts = [group[0].host for name, group in by_host.items() if name is not None]
        self._common = HostPaths(None, common)
        self._hosts = sorted(map(HostPaths, hosts, others), key=precedence_of_host)
        self.match = self._match_host if others else common.match

    def find_all(self, raw_path: str, host: str | None = None) -> dict[str, Match]:
        """Return the match of every method the path has. Raises BadRequest for no path."""
        parts = decode_parts(raw_path)
        found: dict[str, Match] = {}
        for paths, captured in self._reach(host):
            for method, match in paths.find_all(parts).items():
                found.setdefault(method, with_host(match, captured))
        return found

    def explain(self, method: str, raw_path: str, host: str | None = None) -> "list[Step]":
        """Return why each route matches or does not. Raises BadRequest for no path or host."""
        from gambrel.core.routing.explain import explain  # noqa: PLC0415 - start-up: tools

        return explain(self.routes, method, raw_path, host)

    def _reach(self, host: str | None) -> list[tuple[Paths, dict[str, Any]]]:
        """Return the paths that hold on `host`, the nearest first, with what it captures."""
        found = []
        if self._hosts and host:
            try:
                labels = parse_host(host).name.split(".")
            except BadRequest:
                labels = []
            for site in self._hosts:
                params = match_segments(site.host, labels) if site.host else None
                if params is not None:
                    found.append((site.paths, params))
        return [*found, (self._common.paths, {})]

    def _match_host(self, method: str, raw_path: str, host: str | None = None) -> Match:
        for paths, captured in self._reach(host):
            found = paths.match(method, raw_path)
            if found is not None:
                return with_host(found, captured)
        return self._miss(method, raw_path, host)

    def _miss(self, method: str, raw_path: str, host: str | None) -> Match:
        """Return what is not on the fast path: a rare method, a fallback, or a miss."""
        try:
            if raw_path == "*" and method == "OPTIONS":
                allow = allowed(method for route in self.routes for method in route.methods)
                return Miss(204, allow), None
            found = self.find_all(raw_path, host)
            if ANY in found:
                return found[ANY]
            allow = allowed(found)
            if method != WEBSOCKET and (allow or WEBSOCKET in found):
                return Miss(426 if not allow else 204 if method == "OPTIONS" else 405, allow), None
            location = "" if method == WEBSOCKET else self._other_slash(method, raw_path, host)
            if location:
                return Miss(308, location=location), None
            return found.get(FALLBACK + method) or (Miss(404), None)
        except BadRequest as error:
            return Miss(400, detail=error.detail), None

    def _other_slash(self, method: str, raw_path: str, host: str | None) -> str:
        """Return the path with or without its last slash, where that is a route, else `""`."""
        other = raw_path[:-1] if raw_path.endswith("/") else f"{raw_path}/"
        found = self.find_all(other, host) if other else {}
        target = (found.get(method) or found.get(ANY) or (None,))[0]
        route = target.routes[0] if isinstance(target, Choice) else target
        if route is None or route.options.slashes != "redirect":
            return ""
        # CVE-2018-14574 and its kin: "//host" and "/\host" must never come back as a Location.
        return safe_redirect(other, "")


def covers(prefix: str, path: str) -> bool:
    """Whether a path is below a prefix, in which a parameter stands for any segment."""
    wanted, given = prefix.split("/"), path.split("/")
    is_like = all(part == found or "{" in part for part, found in zip(wanted, given, strict=False))
    return is_like and len(given) >= len(wanted)


def pass_on(_method: str, _raw_path: str, _host: str | None) -> None:
    """Leave the miss to the table, which has other hosts' routes to ask."""


def precedence_of_host(one: HostPaths) -> tuple[object, ...]:
    """Return the sort key of a host: literal labels first, from the left."""
    return one.host.precedence if one.host else ()


def with_host(match: Match, captured: dict[str, Any]) -> Match:
    """Return a match with the parameters of the host added."""
    return (match[0], {**captured, **(match[1] or {})}) if captured else match


def allowed(methods: Iterable[str]) -> tuple[str, ...]:
    """Return the value of `Allow` for a path with these methods; empty where it has none."""
    known = {method for method in methods if method not in {ANY, WEBSOCKET} and " " not in method}
    heads = {"HEAD"} if "GET" in known else set()
    return tuple(sorted(known | heads | {"OPTIONS"})) if known else ()


def build_entries(routes: Iterable[Route]) -> list[Entry]:
    """Group routes by pattern, and give every method its target."""
    groups: dict[object, tuple[Pattern, bool, dict[str, list[Route]]]] = {}
    declared = {(route.pattern.identity, method) for route in routes for method in route.methods}
    for route in routes:
        other = route.pattern.other_slash() if route.options.slashes == "ignore" else None
        for pattern in filter(None, (route.pattern, other)):
            names = (*(p.name for p in pattern.params), *pattern.constants.items())
            key = (pattern.identity, names, route.has_empty_tail)
            group = groups.setdefault(key, (pattern, route.has_empty_tail, {}))[2]
            for method in route.methods:
                if pattern is route.pattern or (pattern.identity, method) not in declared:
                    prefix = FALLBACK if route.kind == "fallback" else ""
                    group.setdefault(prefix + method, []).append(route)
    return [
        Entry(pattern, complete({m: choose(r) for m, r in group.items()}), empty_tail)
        for pattern, empty_tail, group in groups.values()
    ]


def choose(routes: list[Route]) -> Route | Choice:
    """Return the only route, or the choice among those that have predicates."""
    return Choice(routes) if any(route.options.when for route in routes) else routes[0]


def complete(targets: dict[str, Any]) -> dict[str, Any]:
    """Let GET answer HEAD, and a route for any method all of them."""
    for prefix in ("", FALLBACK):
        if prefix + "GET" in targets:
            targets.setdefault(prefix + "HEAD", targets[prefix + "GET"])
    return {**dict.fromkeys(METHODS, targets[ANY]), **targets} if ANY in targets else targets
