"""Declarations as routers note them, and `resolve`, which makes routes of them.

Prefixes are joined, options and converters inherited, classes split into methods, localised paths
into one route per language. Only `router` calls this, when it compiles.
"""

import inspect
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple

from gambrel.core.http.errors import GambrelError
from gambrel.core.routing.converters import BUILT_IN, Converters
from gambrel.core.routing.handlers import split_class
from gambrel.core.routing.pattern import Pattern
from gambrel.core.routing.redirects import RedirectTo, split_url
from gambrel.core.routing.route import (
    Given,
    Route,
    RouteOptions,
    handler_name,
    merge_options,
    read_options,
)
from gambrel.core.routing.versions import Versioning

Path = str | Mapping[str, str]
"""A pattern, or one per language: `{"en": "/about", "de": "/ueber"}`."""


class Rule(NamedTuple):
    """One declared route: a path, a handler and the options as given."""

    path: Path
    handler: Any
    methods: tuple[str, ...]
    given: Given
    where: str
    kind: str = "handler"


class Include(NamedTuple):
    """Declarations inside others; the prefix comes before theirs."""

    inner: "Declarations"
    prefix: str
    name: str
    given: Given


@dataclass(eq=False)
class Declarations:
    """All that one router was told."""

    prefix: str
    converters: Converters
    given: Given
    where: str
    items: list[Rule | Include] = field(default_factory=list)
    frozen: bool = False

    def add(self, item: Rule | Include) -> None:
        """Note an item. Raises GambrelError once the app is built."""
        if self.frozen:
            raise GambrelError(
                "routing.frozen",
                "a route was declared after the app was built",
                getattr(item, "where", ""),
                "declare routes while modules load, or in an extension's install()",
            )
        self.items.append(item)


@dataclass(frozen=True)
class Group:
    """What routes inherit from the routers around them."""

    versioning: Versioning
    prefix: str = ""
    namespace: str = ""
    given: Given = field(default_factory=dict)
    converters: Converters = field(default_factory=lambda: BUILT_IN)
    inside: tuple[Declarations, ...] = ()

    def enter(self, declared: Declarations) -> "Group":
        """Return the group of the items in `declared`."""
        if declared in self.inside:
            raise GambrelError(
                "routing.include", "a router includes itself", declared.where, "leave it out"
            )
        return replace(
            self,
            prefix=self.prefix + declared.prefix,
            given=merge_options(self.given, declared.given),
            converters={**self.converters, **declared.converters},
            inside=(*self.inside, declared),
        )


def rule(
    path: Path, handler: Any, methods: Iterable[str] = (), where: str = "", **options: Any
) -> Rule:
    """Return a declaration for a table of routes; without `methods`, GET or those of a class."""
    return Rule(path, handler, read_methods(methods, where), read_options(options, where), where)


def read_methods(methods: Iterable[str], where: str) -> tuple[str, ...]:
    """Return methods in upper case, each once. Raises GambrelError for what is none."""
    found = (methods,) if isinstance(methods, str) else tuple(methods)
    for method in found:
        if not (method == "*" or method.replace("-", "").replace("_", "").isalnum()):
            what = f"{method!r} is no HTTP method"
            raise GambrelError("routing.method", what, where, 'write methods=["GET"]')
    return tuple(dict.fromkeys(method.upper() for method in found))


def check_prefix(prefix: str, where: str) -> str:
    """Return a prefix. Raises GambrelError unless it is empty or starts, not ends, with "/"."""
    if prefix and (not prefix.startswith("/") or prefix.endswith("/")):
        fixed = "/" + prefix.strip("/")
        hint = f'write "{fixed}"' if fixed != "/" else "leave it out"
        raise GambrelError("routing.prefix", f"{prefix!r} is no prefix", where, hint)
    return prefix


def resolve(declared: Declarations, group: Group) -> Iterator[Route]:
    """Yield the routes of `declared` in order, and freeze it."""
    declared.frozen = True
    group = group.enter(declared)
    for item in declared.items:
        if isinstance(item, Include):
            inner = replace(
                group,
                prefix=group.prefix + item.prefix,
                namespace=":".join(filter(None, [group.namespace, item.name])),
                given=merge_options(group.given, item.given),
            )
            yield from resolve(item.inner, inner)
        elif item.kind == "external":
            yield resolve_external(item, group)
        elif inspect.isclass(item.handler) and item.kind in {"handler", "fallback"}:
            handlers = split_class(item.handler, item.where)
            for method in item.methods or handlers:
                one = item._replace(handler=handlers.get(method), methods=(method,))
                yield from resolve_rule(one, group)
        else:
            yield from resolve_rule(item, group)


def resolve_rule(item: Rule, group: Group) -> Iterator[Route]:
    """Yield the route of a declaration, or one per language."""
    if isinstance(item.path, str):
        yield build_route(item, group, group.prefix + item.path)
        return
    seen = set()
    for language, path in item.path.items():
        text = group.prefix.replace("{lang}", language) + path
        constants = {"lang": language} if "{lang}" in group.prefix else {}
        if text not in seen:
            yield build_route(item, group, text, language, constants)
        seen.add(text)


def build_route(
    item: Rule,
    group: Group,
    text: str,
    locale: str = "",
    constants: Mapping[str, str] | None = None,
) -> Route:
    """Build one route from what it was given and what it inherits."""
    given = merge_options(group.given, item.given)
    if not callable(item.handler) and item.kind != "redirect":
        raise GambrelError(
            "routing.handler", f"{item.handler!r} cannot be called", item.where, "give a function"
        )
    if text and not item.path and not text.startswith("/"):
        raise GambrelError("routing.pattern", f"{text!r} has no leading '/'", item.where)
    text, given = group.versioning.apply(text or "/", given)
    pattern = Pattern(text, group.converters, constants=constants, where=item.where)
    handler, kind = item.handler, item.kind
    if isinstance(handler, RedirectTo):
        handler, kind = handler.build(pattern, group.converters, item.where), "handler"
    name = item.given.get("name", "")
    own = name or handler_name(handler)
    return Route(
        methods=item.methods or ("GET",),
        pattern=pattern,
        handler=handler,
        options=RouteOptions(**given),
        where=item.where,
        name=f"{group.namespace}:{own}" if group.namespace else own,
        host=build_host(given.get("host", ""), group.converters, item.where),
        kind=kind,
        locale=locale,
        named=bool(name),
    )


def build_host(text: str, converters: Converters, where: str) -> Pattern | None:
    """Return the pattern of a host. Raises GambrelError for one that can never match."""
    if not text:
        return None
    pattern = Pattern(text, converters, separator=".", where=where)
    shown = str(pattern)
    is_lower = bool(pattern.params) or shown == shown.lower()
    if not is_lower or ":" in shown or "/" in shown or pattern.tail is not None:
        raise pattern.problem("what no host has", "write lower case, without a port or a path")
    return pattern


def resolve_external(item: Rule, group: Group) -> Route:
    """Return the route of a URL elsewhere, which only has a name."""
    scheme, authority, path = split_url(str(item.path), item.where)
    name = item.given["name"]
    return Route(
        methods=(),
        pattern=Pattern(path, group.converters, where=item.where),
        handler=None,
        options=RouteOptions(name=name),
        where=item.where,
        name=f"{group.namespace}:{name}" if group.namespace else name,
        host=Pattern(authority, group.converters, separator=".", where=item.where),
        scheme=scheme,
        kind="external",
        named=True,
    )
