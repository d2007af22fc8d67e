"""`Table`: the compiled routes of an app; one `match` per request, and what it says of misses.

Made by `Router.compile()`. Chooses the host, completes `Allow` and redirects by the slash policy.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from gambrel.core.http.errors import BadRequest
from gambrel.core.http.host import parse_host
from gambrel.core.http.url import safe_redirect
from gambrel.core.routing.conflicts import check_conflicts, check_names
from gambrel.core.routing.explain import Row, Step, explain, list_routes
from gambrel.core.routing.outcome import NOT_FOUND, Choice, Miss
from gambrel.core.routing.paths import Entry, Paths, decode_parts
from gambrel.core.routing.pattern import Pattern
from gambrel.core.routing.readers import Match, match_segments
from gambrel.core.routing.reverse import Names
from gambrel.core.routing.route import ANY, WEBSOCKET, Route

METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "QUERY", "TRACE", WEBSOCKET)
"""What a route for any method is listed under; other methods reach it by the slower way."""


@dataclass(frozen=True, slots=True, eq=False)
class HostRoutes:
    """The routes declared for one host, or for no host: then they hold on every host."""

    host: Pattern | None
    paths: Paths
    fallback: Paths


class Table:
    """The compiled routes.

    `match(method, raw_path, host=None)` returns a target and its parameters (None: there are
    none). The target is a `Route` (`target.found` is true), a `Choice` to `pick(request)` from, or
    a `Miss`. It never raises. `raw_path` is the path as received, in visible ASCII.

    Raises:
        GambrelError: two routes conflict (`routing.conflict`), naming both declarations.
    """

    match: Callable[..., Match]

    def __init__(self, routes: Iterable[Route]) -> None:
        self.routes = list(routes)
        check_conflicts(self.routes)
        check_names(self.routes)
        self.names = Names(self.routes)
        by_host: dict[object, list[Route]] = {}
        for route in self.routes:
            if route.kind != "external":
                by_host.setdefault(route.host and route.host.identity, []).append(route)
        common = by_host.pop(None, [])
        on_miss = none_found if by_host else self._miss
        self._common = compile_host(common, on_miss)
        hosts = [compile_host(group, on_miss) for group in by_host.values()]
        self._hosts = sorted(hosts, key=lambda one: one.host.precedence if one.host else ((), ()))
        self.has_hosts = bool(hosts)
        self.match = self._match_host if hosts else self._common.paths.match

    def _reach(self, host: str | None) -> list[tuple[HostRoutes, dict[str, Any]]]:
        """Return the routes that hold on `host`, the nearest first, with what it captures."""
        found = []
        if self._hosts and host:
            try:
                labels = parse_host(host).name.split(".")
            except BadRequest:
                labels = []
            for one in self._hosts:
                params = match_segments(one.host, labels) if one.host else None
                if params is not None:
                    found.append((one, params))
        return [*found, (self._common, {})]

    def _match_host(self, method: str, raw_path: str, host: str | None = None) -> Match:
        for one, captured in self._reach(host):
            found = one.paths.match(method, raw_path)
            if found is not None:
                return (found[0], {**captured, **(found[1] or {})}) if captured else found
        return self._miss(method, raw_path, host)

    def find_all(self, raw_path: str, host: str | None = None) -> dict[str, Match]:
        """Return the match of every method the path has. Raises BadRequest for no path."""
        parts = decode_parts(raw_path)
        found: dict[str, Match] = {}
        for one, captured in self._reach(host):
            for method, (target, params) in one.paths.find_all(parts).items():
                found.setdefault(method, (target, {**captured, **(params or {})} or None))
        return found

    def explain(self, method: str, raw_path: str, host: str | None = None) -> list[Step]:
        """Return why each route matches or does not. Raises BadRequest for no path or host."""
        return explain(self.routes, method, raw_path, host)

    def listing(self) -> list[Row]:
        """Return one row per route, for people."""
        return list_routes(self.routes)

    def allowed(self, raw_path: str, host: str | None = None) -> tuple[str, ...]:
        """Return the methods of the path for `Allow`; empty where there is no such path."""
        methods = {*self.find_all(raw_path, host)} - {ANY, WEBSOCKET}
        return tuple(sorted(methods | {"OPTIONS"})) if methods else ()

    def _miss(self, method: str, raw_path: str, host: str | None) -> Match:
        if raw_path == "*" and method == "OPTIONS":
            methods = {m for one, _ in self._reach(host) for m in one.paths.methods}
            return Miss(204, tuple(sorted({*methods, "OPTIONS"} - {ANY, WEBSOCKET}))), None
        try:
            found = self.find_all(raw_path, host)
            if ANY in found:
                return found[ANY]
            allow = self.allowed(raw_path, host)
            if allow and method != WEBSOCKET:
                return Miss(204 if method == "OPTIONS" else 405, allow), None
            return self._redirect(method, raw_path, host) or self._fall(method, raw_path, host)
        except BadRequest as error:
            return Miss(400, detail=error.detail), None

    def _redirect(self, method: str, raw_path: str, host: str | None) -> Match | None:
        """Redirect to the path with or without its last slash, where that path is a route."""
        other = raw_path[:-1] if raw_path.endswith("/") else raw_path + "/"
        found = self.find_all(other, host) if len(raw_path) > 1 else {}
        target = (found.get(method) or found.get(ANY) or (None, None))[0]
        route = target.routes[0] if isinstance(target, Choice) else target
        if not isinstance(route, Route) or route.options.slashes != "redirect":
            return None
        # CVE-2018-14574 and its kin: "//host" and "/\host" must never come back as a Location.
        location = safe_redirect(other, "")
        return (Miss(308, location=location), None) if location else None

    def _fall(self, method: str, raw_path: str, host: str | None) -> Match:
        """Return the fallback with the longest prefix, or the miss that says 404."""
        parts = decode_parts(raw_path)
        for one, captured in self._reach(host):
            found = one.fallback.find_all(parts, only=method).get(method)
            if found is not None:
                return found[0], {**captured, **(found[1] or {})}
        return NOT_FOUND, None


def none_found(_method: str, _raw_path: str, _host: str | None) -> None:
    """Leave the miss to the table, which has other hosts' routes to ask."""


def compile_host(routes: list[Route], on_miss: Callable[[str, str, str | None], Any]) -> HostRoutes:
    """Compile the routes of one host."""
    fallback = [route for route in routes if route.kind == "fallback"]
    usual = [route for route in routes if route.kind != "fallback"]
    return HostRoutes(
        routes[0].host if routes else None,
        Paths(build_entries(usual), on_miss),
        Paths(build_entries(fallback), none_found),
    )


def build_entries(routes: Iterable[Route]) -> list[Entry]:
    """Group routes by pattern, and give every method its target."""
    groups: dict[object, tuple[Pattern, bool, dict[str, list[Route]]]] = {}

    def add(pattern: Pattern, route: Route, methods: Iterable[str]) -> None:
        names = tuple(param.name for param in pattern.params)
        key = (pattern.identity, names, tuple(pattern.constants.items()), route.has_empty_tail)
        group = groups.setdefault(key, (pattern, route.has_empty_tail, {}))[2]
        for method in methods:
            group.setdefault(method, []).append(route)

    declared = set()
    for route in routes:
        add(route.pattern, route, route.methods)
        declared |= {(route.pattern.identity, method) for method in route.methods}
    for route in routes:
        other = route.pattern.other_slash() if route.options.slashes == "ignore" else None
        if other is not None:
            add(other, route, [m for m in route.methods if (other.identity, m) not in declared])
    return [
        Entry(pattern, complete({m: choose(r) for m, r in group.items()}), empty_tail)
        for pattern, empty_tail, group in groups.values()
    ]


def choose(routes: list[Route]) -> Route | Choice:
    """Return the only route, or the choice among those that have predicates."""
    return Choice(routes) if any(route.options.when for route in routes) else routes[0]


def complete(targets: dict[str, Any]) -> dict[str, Any]:
    """Let GET answer HEAD, and a route for any method all of them."""
    if "GET" in targets:
        targets.setdefault("HEAD", targets["GET"])
    if ANY in targets:
        targets = {**dict.fromkeys(METHODS, targets[ANY]), **targets}
    return targets
