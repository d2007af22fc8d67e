"""`Router`: where routes are declared, alone or in nested groups; compiled once into a `Table`.

Declaring only takes notes; `compile` resolves prefixes, options and names, and freezes what it
has read. Knows patterns and routes, and nothing of how a handler is called.
"""

from collections.abc import Callable, Iterable
from typing import Any, TypeVar

from msgspec.structs import replace

from gambrel.core.http.errors import GambrelError
from gambrel.core.routing.converters import Converters
from gambrel.core.routing.declared import (
    Declarations,
    Group,
    Include,
    Path,
    Rule,
    check_prefix,
    resolve,
    rule,
    split_url,
)
from gambrel.core.routing.route import ANY, WEBSOCKET, caller, read_options
from gambrel.core.routing.table import Table
from gambrel.core.routing.versioning import Versioning

H = TypeVar("H", bound=Callable[..., Any])


class Router:
    """A group of routes with a common prefix and common options.

    `name` is the namespace of its routes when it is included, `converters` are its own by name,
    `routes` a table of `Rule`s made by `rule(...)`. Any option of `RouteOptions` given here holds
    for all routes inside: `tags`, `middleware`, `dependencies`, `host`, `version`, `when`, …

        users = Router("/users", tags=["users"])

        @users.get("/{id}")
        def show(id: int) -> User: ...
    """

    def __init__(
        self,
        prefix: str = "",
        *,
        name: str = "",
        converters: Converters | None = None,
        routes: Iterable[Rule] = (),
        **options: Any,
    ) -> None:
        where = caller()
        self.name = name
        self.declared = Declarations(
            check_prefix(prefix, where),
            dict(converters or {}),
            read_options(options, where),
            where,
            [replace(item, where=item.where or where) for item in routes],
        )
        self._table: Table | None = None

    def get(self, path: Path, **options: Any) -> Callable[[H], H]:
        """Declare a handler for GET, which also answers HEAD; `options` as in `RouteOptions`."""
        return self.route(path, ("GET",), **options)

    def post(self, path: Path, **options: Any) -> Callable[[H], H]:
        """Declare a handler for POST."""
        return self.route(path, ("POST",), **options)

    def put(self, path: Path, **options: Any) -> Callable[[H], H]:
        """Declare a handler for PUT."""
        return self.route(path, ("PUT",), **options)

    def patch(self, path: Path, **options: Any) -> Callable[[H], H]:
        """Declare a handler for PATCH."""
        return self.route(path, ("PATCH",), **options)

    def delete(self, path: Path, **options: Any) -> Callable[[H], H]:
        """Declare a handler for DELETE."""
        return self.route(path, ("DELETE",), **options)

    def head(self, path: Path, **options: Any) -> Callable[[H], H]:
        """Declare a handler for HEAD, in place of the one for GET."""
        return self.route(path, ("HEAD",), **options)

    def options(self, path: Path, **options: Any) -> Callable[[H], H]:
        """Declare a handler for OPTIONS, in place of the automatic answer."""
        return self.route(path, ("OPTIONS",), **options)

    def query(self, path: Path, **options: Any) -> Callable[[H], H]:
        """Declare a handler for QUERY, a safe method with a body."""
        return self.route(path, ("QUERY",), **options)

    def websocket(self, path: Path, **options: Any) -> Callable[[H], H]:
        """Declare the handler of a WebSocket; `max_body` is the largest message it takes."""
        return self.route(path, (WEBSOCKET,), **options)

    def route(self, path: Path, methods: Iterable[str] = (), **options: Any) -> Callable[[H], H]:
        """Declare a function or a class of methods; without `methods`, GET or what it defines."""
        declared = rule(path, None, methods, caller(), **options)

        def declare(handler: H) -> H:
            self.declared.add(replace(declared, handler=handler))
            return handler

        return declare

    def add(self, path: Path, handler: Any, methods: Iterable[str] = (), **options: Any) -> None:
        """Declare a handler without a decorator."""
        self.declared.add(rule(path, handler, methods, caller(), **options))

    def include(
        self, router: "Router", prefix: str = "", *, name: str | None = None, **options: Any
    ) -> None:
        """Put all routes of another router under a prefix and a namespace (default: its name).

        The same router can be included several times under different names.
        """
        where = caller()
        if not isinstance(router, Router):
            raise not_a_router(router, where)
        name = router.name if name is None else name
        prefix, given = check_prefix(prefix, where), read_options(options, where)
        self.declared.add(Include(router.declared, prefix, name, given, where))

    def mount(self, path: str, app: Any, **options: Any) -> None:
        """Hand every request below `path` to an ASGI or WSGI app; other routes go first."""
        self._add("mount", path.rstrip("/") + "/{path:path}", app, (ANY,), options)

    def raw(self, path: Path, app: Any, methods: Iterable[str] = (ANY,), **options: Any) -> None:
        """Hand the requests of one route to an ASGI app as they are."""
        self._add("asgi", path, app, methods, options)

    def redirect(self, path: Path, to: str, status: int = 308, **options: Any) -> None:
        """Redirect to a path or URL; it is given the parameters and the query of the request."""
        self._add("redirect", path, (to, status), (ANY,), {"hidden": True, **options})

    def external(self, name: str, url: str) -> None:
        """Name a URL elsewhere, `https://example.com/{id}`, for `url_for` only."""
        host, path = split_url(url, caller())
        self._add("external", path, None, (), {"name": name, "host": host})

    def fallback(self, handler: Any, under: str = "/", **options: Any) -> None:
        """Answer GET below `under` where nothing else does, as a single-page app needs.

        The handler may take the rest of the path as `path: str`. `methods=["GET", "POST"]` lets it
        answer more; a path that has other methods stays a 405.
        """
        path, methods = under.rstrip("/") + "/{path:path}", options.pop("methods", ("GET",))
        self._add("fallback", path, handler, methods, {**options, "slashes": "ignore"})

    def _add(
        self, kind: str, path: Path, handler: Any, methods: Iterable[str], options: dict[str, Any]
    ) -> None:
        declared = rule(path, handler, methods, caller(), **options)
        self.declared.add(replace(declared, kind=kind))

    def compile(
        self, versioning: Versioning | None = None, beside: Iterable["Router"] = ()
    ) -> Table:
        """Return the table of all routes, and refuse further declarations.

        `beside` are routers with routes of their own, which get none of this one's options.

        Raises:
            GambrelError: a pattern, option, name or conflict, with the place of its declaration.
        """
        group = Group(versioning or Versioning())
        routers = (self, *beside)
        routes = [r for router in routers for r in resolve(router.declared, group)]
        self._table = Table(routes, group.covered)
        return self._table

    def url_for(self, name: str, /, **params: Any) -> str:
        """Return the URL of a named route; see `Names.url_for`. Raises GambrelError."""
        if self._table is None:
            what = f"the URL of {name!r} was asked for before the app was built"
            hint = "build URLs in handlers and templates, not while modules load"
            raise GambrelError("routing.not-built", what, hint=hint)
        return self._table.names.url_for(name, **params)


def not_a_router(given: Any, where: str) -> GambrelError:
    """Return the error for something else that was included, mostly the module of a router."""
    inside = getattr(given, "__dict__", {}).items()
    names = [name for name, value in inside if isinstance(value, Router)]
    module = given.__name__.rpartition(".")[2] if names else ""
    hint = f"give its router: `include({module}.{names[0]})`" if names else "give it a Router"
    return GambrelError("routing.include", f"{given!r} is no router", where, hint)
