"""Declarations as routers note them, and `resolve`, which makes routes of them.

Prefixes are joined, options and converters inherited, classes split into methods, localised paths
into one route per language. Only `router` calls this, when it compiles.
"""

import inspect
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from msgspec import Struct, field
from msgspec.structs import replace

from gambrel.core.http.errors import GambrelError, NotFound
from gambrel.core.http.request import Request
from gambrel.core.http.response import Redirect
from gambrel.core.routing.converters import BUILT_IN, Converters
from gambrel.core.routing.pattern import Pattern
from gambrel.core.routing.reverse import fill
from gambrel.core.routing.route import (
    Given,
    Route,
    RouteOptions,
    merge_options,
    read_options,
)
from gambrel.core.routing.versioning import Versioning

Path = str | Mapping[str, str]
"""A pattern, or one per language: `{"en": "/about", "de": "/ueber"}`."""


Covered = tuple[str, Mapping[Any, Any]]
"""The error handlers of a group, and the path below which they answer for what is not there."""


class Rule(Struct, frozen=True):
    """One declared route: a path, a handler and the options as given."""

    path: Path
    handler: Any
    methods: tuple[str, ...]
    given: Given
    where: str
    kind: str = "handler"


class Include(Struct, frozen=True):
    """Declarations inside others; the prefix comes before theirs."""

    inner: "Declarations"
    prefix: str
    name: str
    given: Given
    where: str


class Declarations(Struct, eq=False):
    """All that one router was told."""

    prefix: str
    converters: Converters
    given: Given
    where: str
    items: list[Rule | Include] = field(default_factory=list)
    is_frozen: bool = False

    def add(self, item: Rule | Include) -> None:
        """Note an item. Raises GambrelError once the app is built."""
        if self.is_frozen:
            what = "a route was declared after the app was built"
            hint = "declare routes while modules load, or in an extension's install()"
            raise GambrelError("routing.frozen", what, item.where, hint)
        self.items.append(item)


class Group(Struct, frozen=True):
    """What routes inherit from the routers around them; `covered` is one list for all of them."""

    versioning: Versioning
    prefix: str = ""
    namespace: str = ""
    given: Given = field(default_factory=dict)
    converters: Converters = field(default_factory=lambda: BUILT_IN)
    inside: tuple[Declarations, ...] = ()
    covered: list[Covered] = field(default_factory=list)

    def full_name(self, name: str) -> str:
        """Return a name within the namespace."""
        return ":".join(filter(None, (self.namespace, name)))


def rule(
    path: Path, handler: Any, methods: Iterable[str] = (), where: str = "", **options: Any
) -> Rule:
    """Return a declaration for a table of routes; without `methods`, GET or those of a class."""
    found = [methods] if isinstance(methods, str) else methods
    for method in found:
        if not re.fullmatch(r"\*|[A-Za-z][A-Za-z_-]*", method):
            what = f"{method!r} is no HTTP method"
            raise GambrelError("routing.method", what, where, 'write methods=["GET"]')
    for given in path.values() if isinstance(path, Mapping) else [path]:
        text = getattr(given, "__name__", given)  # of a handler, where `@app.get` is not called
        if text and not str(text).startswith("/"):
            what = f"{text!r} has no leading slash"
            raise GambrelError("routing.pattern", what, where, f'write the path: ("/{text}")')
    names = tuple(dict.fromkeys(method.upper() for method in found))
    return Rule(path, handler, names, read_options(options, where), where)


def check_prefix(prefix: str, where: str) -> str:
    """Return a prefix. Raises GambrelError unless it is empty or starts, not ends, with "/"."""
    if prefix and (not prefix.startswith("/") or prefix.endswith("/")):
        hint = f'write "/{prefix.strip("/")}"' if prefix.strip("/") else "leave it out"
        raise GambrelError("routing.prefix", f"{prefix!r} is no prefix", where, hint)
    return prefix


def resolve(declared: Declarations, group: Group) -> Iterator[Route]:
    """Yield the routes of `declared` in order, and freeze it."""
    if declared in group.inside:
        raise GambrelError("routing.include", "a router includes itself", declared.where, "drop it")
    declared.is_frozen = True
    group = replace(
        group,
        prefix=group.prefix + declared.prefix,
        given=merge_options(group.given, declared.given),
        converters={**group.converters, **declared.converters},
        inside=(*group.inside, declared),
    )
    given = group.given
    if given.get("errors") and not given.get("host"):
        path = group.versioning.path(given.get("version", ""), group.prefix)
        group.covered.append((path, given["errors"]))
    for item in declared.items:
        if isinstance(item, Include):
            inner = replace(
                group,
                prefix=group.prefix + item.prefix,
                namespace=group.full_name(item.name),
                given=merge_options(group.given, item.given),
            )
            yield from resolve(item.inner, inner)
        elif inspect.isclass(item.handler) and item.kind in {"handler", "fallback"}:
            from gambrel.core.routing.handlers import split_class  # noqa: PLC0415 - start-up: classes

            handlers = split_class(item.handler, item.where)
            for method in item.methods or handlers:
                one = replace(item, handler=handlers.get(method), methods=(method,))
                yield from resolve_rule(one, group)
        else:
            yield from resolve_rule(item, group)


def resolve_rule(item: Rule, group: Group) -> Iterator[Route]:
    """Yield the route of a declaration, or one per language."""
    if isinstance(item.path, str):
        prefix = "" if item.kind == "external" else group.prefix
        yield build_route(item, group, (prefix + item.path) or "/")
        return
    constants = ["lang"] if "{lang}" in group.prefix else []
    paths = {group.prefix.replace("{lang}", lang) + p: lang for lang, p in item.path.items()}
    for text, language in paths.items():
        route = build_route(item, group, text, dict.fromkeys(constants, language))
        route.locale = language
        yield route


def build_route(
    item: Rule, group: Group, text: str, constants: Mapping[str, str] | None = None
) -> Route:
    """Build one route from what it was given and what it inherits."""
    given = merge_options(group.given, item.given)
    version = given.get("version", "") if item.kind != "external" else ""
    text = group.versioning.path(version, text)
    if version and group.versioning.scheme != "path":
        given["when"] = (*given.get("when", ()), group.versioning.predicate(version))
    pattern = Pattern(text, group.converters, constants=constants, where=item.where)
    handler, kind = item.handler, item.kind
    if kind == "redirect":
        target, status = handler
        handler = redirect_to(target, status, pattern, group.converters, item.where)
        kind = "handler"
    if not callable(handler) and kind != "external":
        what = f"{handler!r} is no handler of {' '.join(item.methods) or text}"
        raise GambrelError("routing.handler", what, item.where, "give a function or a class")
    name = given.pop("name", "")
    shown = name or getattr(handler, "__name__", type(handler).__name__)
    return Route(
        methods=item.methods or (() if kind == "external" else ("GET",)),
        pattern=pattern,
        handler=handler,
        options=RouteOptions(**given, name=name),
        where=item.where,
        name=group.full_name(shown),
        host=build_host(given.get("host", ""), group.converters, item),
        kind=kind,
        is_named=bool(name),
    )


def build_host(text: str, converters: Converters, item: Rule) -> Pattern | None:
    """Return the pattern of a host. Raises GambrelError for one that can never match."""
    if not text:
        return None
    pattern = Pattern(text, converters, separator=".", where=item.where)
    shown = re.sub(r"\{\w+\}", "", str(pattern))
    is_bad = shown != shown.lower() or set(":/") & set(shown) or pattern.tail is not None
    if item.kind != "external" and is_bad:
        raise pattern.problem("what no host has", "write lower case, without port or path")
    return pattern


def split_url(url: str, where: str) -> tuple[str, str]:
    """Return origin and path pattern of a URL. Raises GambrelError where it has no scheme."""
    match = re.fullmatch(r"([a-z][a-z0-9+.-]*://[^/?#]+)(/.*)?", url)
    if match is None:
        hint = 'write "https://example.com/{id}"'
        raise GambrelError("routing.url", f"{url!r} is no absolute URL", where, hint)
    return match[1], match[2] or "/"


def redirect_to(
    target: str, status: int, source: Pattern, converters: Converters, where: str
) -> Callable[[Request], Redirect]:
    """Return the handler that redirects to a path or URL, with parameters and query.

    Raises:
        GambrelError: a status that is no redirect, a parameter `source` does not have, or one in
            the host of the target.
    """
    origin, path = ("", target) if target.startswith("/") else split_url(target, where)
    pattern = Pattern(path, converters, where=where)
    # A value in the host would choose where the visitor goes (CWE-601).
    if pattern.names - source.names or "{" in origin or status not in {301, 302, 303, 307, 308}:
        what = f"{source.text!r} cannot be redirected to {target!r} with status {status}"
        hint = "use status 308, and parameters of the path in the path of the target"
        raise GambrelError("routing.redirect", what, where, hint)

    def redirect(request: Request) -> Redirect:
        try:
            url = origin + fill(pattern, request.params or {})
        except GambrelError:
            raise NotFound from None
        query = request.query_string
        return Redirect(f"{url}?{query}" if query else url, status=status)

    return redirect
