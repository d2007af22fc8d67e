"""Reverse: from a route's name and parameters to its URL.

The table keeps one `Names`; templates and handlers reach it through the app. Values are written by
the converters of the pattern and quoted, so that what is built also matches.
"""

import difflib
from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import quote

from gambrel.core.http.errors import GambrelError
from gambrel.core.http.query import build_query
from gambrel.core.http.url import quote_segment
from gambrel.core.routing.pattern import Param, Pattern, is_tail
from gambrel.core.routing.readers import is_safe_tail
from gambrel.core.routing.route import Route

LITERAL = "/!$&'()*+,;=:@~"


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
        _query: Mapping[str, Any] | Iterable[tuple[str, Any]] | None = None,
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
        `defaults`, then from `_defaults` (the current request's, say). The URL is a path, unless
        the route has a host or `_host` is given: then it starts with `//host`, or with
        `_scheme://host`.

        Raises:
            GambrelError: no such name, or parameters that are missing, unknown or malformed.
        """
        route = self._find(name, params, _namespace)
        values = self._collect(route, params, _defaults or {})
        url = fill(route.pattern, values, route.name)
        host = _host or (fill(route.host, values, route.name) if route.host else "")
        if host:
            scheme = _scheme or route.scheme
            url = f"{scheme and scheme + ':'}//{host}{url}"
        if _query:
            url += "?" + build_query(_query)
        return f"{url}#{quote(_fragment, safe=LITERAL + '?')}" if _fragment else url

    def _find(self, name: str, params: dict[str, Any], namespace: str) -> Route:
        """Return the route of a name, of several the one in the wanted language."""
        names = [name]
        if name.startswith(":"):
            spaces = namespace.split(":") if namespace else []
            names = [":".join([*spaces[:n], name[1:]]) for n in range(len(spaces), -1, -1)]
        routes = next((self._routes[n] for n in names if n in self._routes), [])
        if not routes:
            near = difflib.get_close_matches(name.lstrip(":"), self._routes, 5, 0.5)
            hint = "did you mean " + " or ".join(map(repr, near)) if near else "give a route name="
            raise GambrelError("routing.unknown-name", f"no route is named {name!r}", hint=hint)
        return pick_route(routes, name, params)

    def _collect(
        self, route: Route, params: dict[str, Any], outer: Mapping[str, Any]
    ) -> dict[str, Any]:
        """Return one value per parameter of the route and its host."""
        wanted = route.names
        known = {**outer, **route.options.defaults, **route.pattern.constants, **params}
        if route.locale:
            params = {key: value for key, value in params.items() if key != "lang"}
        missing = sorted(wanted - known.keys())
        unknown = sorted(params.keys() - wanted)
        if missing or unknown:
            lists = [("needs", missing), ("does not have", unknown)]
            what = " and ".join(f"{verb} {', '.join(names)}" for verb, names in lists if names)
            raise GambrelError(
                "routing.parameters",
                f"{route.name!r} ({route.pattern.text}) {what}",
                route.where,
                f"url_for({route.name!r}, {', '.join(f'{n}=…' for n in sorted(wanted))})",
            )
        return {n: v() if callable(v) else v for n, v in known.items() if n in wanted}


def pick_route(routes: list[Route], name: str, params: Mapping[str, Any]) -> Route:
    """Return the route among those of one name: by language, if there are several paths."""
    if routes[0].locale:
        wanted = params.get("lang") or routes[0].options.defaults.get("lang")
        wanted = wanted() if callable(wanted) else wanted
        return next((route for route in routes if route.locale == wanted), routes[0])
    named = [route for route in routes if route.named] or routes
    if len({(str(route.host), str(route.pattern)) for route in named}) > 1:
        raise GambrelError(
            "routing.ambiguous-name",
            f"{len(named)} handlers are called {name!r}",
            " and ".join(route.where for route in named),
            "give the route you mean a name=",
        )
    return named[0]


def fill(pattern: Pattern, values: Mapping[str, Any], name: str) -> str:
    """Return the pattern with values in place of its parameters, quoted.

    Raises:
        GambrelError: a value that could not be matched again (`routing.value`).
    """
    if pattern.separator == "." or pattern.segments[0] != ("",):
        return pattern.separator.join(
            "".join(
                p if isinstance(p, str) else quote(format_value(p, values[p.name], name), safe="")
                for p in segment
            )
            for segment in pattern.segments
        )
    parts = []
    for segment in pattern.segments:
        text = "".join(
            p if isinstance(p, str) else format_value(p, values[p.name], name) for p in segment
        )
        parts.append(quote(text, safe=LITERAL) if is_tail(segment) else quote_segment(text))
    return "/".join(parts)


def format_value(param: Param, value: Any, name: str) -> str:
    """Write one value as its converter does. Raises GambrelError for one that has no text."""
    try:
        if value is None or isinstance(value, bytes):
            raise TypeError("it is " + type(value).__name__)
        if param.converter:
            text = param.converter.format(value)
        else:
            text = str(getattr(value, "value", value))
        if param.converter and param.converter.many:
            if text and not is_safe_tail(text):
                raise ValueError("it has an empty or dot segment")
        else:
            param.parse(text)
    except (ValueError, TypeError) as error:
        raise GambrelError(
            "routing.value",
            f"{name!r}: {value!r} cannot be {{{param.name}{param.spec and ':' + param.spec}}} "
            f"of a URL ({error})",
            hint="give a value that the route also matches",
        ) from None
    return text
