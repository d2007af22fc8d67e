"""Reverse: from a route's name and parameters to its URL.

The table keeps one `Names`; templates and handlers reach it through the app. Values are written by
the converters of the pattern and quoted, so that what is built also matches.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from gambrel.core.http.errors import GambrelError
from gambrel.core.http.query import build_query
from gambrel.core.routing.pattern import Param, Pattern
from gambrel.core.routing.readers import is_safe_tail
from gambrel.core.routing.route import Route

SAFE = "!$&'()*+,;=:@"


class Names:
    """The named routes of a table; `url_for` builds their URLs."""

    def __init__(self, routes: Iterable[Route]) -> None:
        self._routes: dict[str, list[Route]] = {}
        for route in routes:
            self._routes.setdefault(route.name, []).append(route)

    def url_for(
        self,
        name: str,
        /,
        *,
        _query: Mapping[str, object] | Iterable[tuple[str, object]] = (),
        _fragment: str = "",
        _scheme: str = "",
        _host: str = "",
        _defaults: Mapping[str, Any] | None = None,
        _namespace: str = "",
        **params: Any,
    ) -> str:
        """Return the URL of the route `name`, such as "post" or "blog:post".

        A name that starts with ":" is looked up in `_namespace` and outwards, so a router that is
        included twice finds its own instance. Parameters that are left out come from the route's
        `defaults` (values, or functions that return one), then from `_defaults`, say those of the
        current request. The URL is a path, unless the route has a host or `_host` is given: then
        it starts with `//host`, or with `_scheme://host`.

        Raises:
            GambrelError: no such name, or parameters that are missing, unknown or malformed.
        """
        found = self._find(name, _namespace)
        route = pick_route(found, params)
        values = collect(route, params, _defaults or {})
        url = fill(route.pattern, values)
        host = _host or (fill(route.host, values) if route.host else "")
        if host and "://" not in host:
            host = f"{_scheme and _scheme + ':'}//{host}"
        query = build_query(_query) if _query else ""
        fragment = _fragment and f"#{quoted(_fragment, SAFE + '/?')}"
        return f"{host}{url}{f'?{query}' if query else ''}{fragment}"

    def _find(self, name: str, namespace: str) -> list[Route]:
        """Return the routes of a name, of a relative one in the nearest namespace."""
        spaces = namespace.split(":") if namespace and name.startswith(":") else []
        wanted = name.removeprefix(":")
        for depth in range(len(spaces), -1, -1):
            routes = self._routes.get(":".join([*spaces[:depth], wanted]))
            if routes:
                return routes
        import difflib  # noqa: PLC0415 - start-up: mistakes

        near = difflib.get_close_matches(wanted, self._routes, 5, 0.5)
        hint = "did you mean " + " or ".join(map(repr, near)) if near else "give the route a name="
        raise GambrelError("routing.unknown-name", f"no route is named {name!r}", hint=hint)


def pick_route(routes: list[Route], params: Mapping[str, Any]) -> Route:
    """Return the route among those of one name, by language if they are localised."""
    if routes[0].locale:
        wanted = params.get("lang") or routes[0].options.defaults.get("lang")
        wanted = wanted() if callable(wanted) else wanted
        return next((route for route in routes if route.locale == wanted), routes[0])
    named = [route for route in routes if route.is_named] or routes
    if len(named) > 1 and len({(str(r.host), str(r.pattern)) for r in named}) > 1:
        what = f"{len(named)} handlers are called {named[0].name!r}"
        places = " and ".join(route.where for route in named)
        raise GambrelError("routing.ambiguous-name", what, places, "give the one you mean a name=")
    return named[0]


def collect(route: Route, params: dict[str, Any], outer: Mapping[str, Any]) -> dict[str, Any]:
    """Return one value per parameter of the route and its host. Raises GambrelError."""
    known = {**outer, **route.options.defaults, **route.pattern.constants, **params}
    missing = route.names.keys() - known.keys()
    unknown = params.keys() - route.names.keys() - ({"lang"} if route.locale else set())
    if missing or unknown:
        what = f"{route.name!r} ({route.pattern.text})"
        what += f" needs {', '.join(sorted(missing))}" if missing else ""
        what += f" does not have {', '.join(sorted(unknown))}" if unknown else ""
        call = ", ".join([repr(route.name), *(f"{name}=…" for name in sorted(route.names))])
        raise GambrelError("routing.parameters", what, route.where, f"url_for({call})")
    return {n: v() if callable(v) else v for n, v in known.items() if n in route.names}


def fill(pattern: Pattern, values: Mapping[str, Any]) -> str:
    """Return the pattern with values in place of its parameters, quoted.

    Raises:
        GambrelError: a value that could not be matched again (`routing.value`).
    """
    parts = []
    for segment in pattern.segments:
        for part in segment.parts:
            if isinstance(part, str):
                parts.append(quoted(part, SAFE + "/"))
                continue
            text = to_text(part, values[part.name])
            if pattern.separator == "." and (quoted(text, "") != text or "." in text):
                raise refuse(part, text, "it is no label of a host")
            parts.append(quoted(text, SAFE + "/" * part.is_tail))
        parts.append(pattern.separator)
    return "".join(parts[:-1])


def quoted(text: str, safe: str) -> str:
    """Return text percent-encoded but for `safe`; plain words need no second look."""
    if text.isascii() and text.replace("-", "_").replace("_", "0").isalnum():
        return text
    from urllib.parse import quote  # noqa: PLC0415 - start-up: building URLs

    return quote(text, safe)


def refuse(param: Param, value: Any, why: object) -> GambrelError:
    """Return the error for a value that cannot stand in a URL."""
    what = f"{value!r} cannot be {param} of a URL: {why}"
    return GambrelError("routing.value", what, hint="give what the route matches")


def to_text(param: Param, value: Any) -> str:
    """Write one value as its converter does. Raises GambrelError for one that has no text."""
    try:
        if value is None or isinstance(value, bytes):
            raise TypeError(f"it is {type(value).__name__}")
        value = getattr(value, "value", value)
        text = param.converter.format(value) if param.converter else str(value)
        if param.is_tail and not (is_safe_tail(text) or not text):
            raise ValueError("it has an empty or dot segment")
        if not param.is_tail:
            param.parse(text)
    except (ValueError, TypeError) as error:
        raise refuse(param, value, error) from None
    return text
