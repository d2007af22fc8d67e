"""The extension: views by type of resource, and the middleware that looks for what routes miss.

Every view is a route of its own, so that parameters, dependencies, middleware and listings are
those of any handler; a predicate lets it be found only where the walk has chosen it.
"""

import inspect
from collections.abc import Awaitable, Callable, Iterable
from typing import Any, TypeVar

from msgspec import Struct

from gambrel.core.http.errors import MethodNotAllowed
from gambrel.core.http.request import Request
from gambrel.core.http.response import Response
from gambrel.core.http.url import decode_path
from gambrel.extend import Band, Point, Setup
from gambrel.traversal.walk import Traversed, walk

__all__ = ["Traversal"]

F = TypeVar("F", bound=Callable[..., Any])


class View(Struct, frozen=True, eq=False):
    """A handler for resources of a type; as a predicate, whether the walk has led to it."""

    kind: type
    name: str
    methods: tuple[str, ...]
    handler: Callable[..., Any]
    options: dict[str, Any]

    def __call__(self, request: Request) -> bool:
        """Whether this view answers the request."""
        return View in request.state and request.state[View] is self


class Traversal:
    """Answer paths below `prefix` from a tree of resources.

    `root(request)` gives the tree, plain or async. A path that leads through it to a resource is
    answered by the view for its type, the nearest base first. A view asks for the resource by its
    type, or for all of the walk by `Traversed`.
    """

    requires = ()
    settings = None

    def __init__(self, root: Callable[[Request], Any], prefix: str = "") -> None:
        self.root = root
        self.prefix = prefix.rstrip("/")
        self.views: list[View] = []

    @property
    def name(self) -> str:
        """The name, with the prefix: an app may have several trees."""
        return f"traversal:{self.prefix}" if self.prefix else "traversal"

    def view(
        self,
        kind: type = object,
        name: str = "",
        methods: Iterable[str] = ("GET",),
        **options: Any,
    ) -> Callable[[F], F]:
        """Declare a view for resources of a type; options as of a route."""

        def declare(handler: F) -> F:
            self.views.append(View(kind, name, tuple(methods), handler, options))
            return handler

        return declare

    def install(self, setup: Setup) -> None:
        """Declare a route per view, what views may ask for, and the middleware."""
        for view in self.views:
            options = {
                "hidden": True,
                **view.options,
                "when": (view, *view.options.get("when", ())),
            }
            for path in (self.prefix or "/", f"{self.prefix}/{{path:path}}"):
                setup.route(path, view.handler, view.methods, **options)
        trees = setup.declarations.values(TREES)
        provided = {object, *(view.kind for tree in trees for view in tree.views)}
        for kind in dict.fromkeys(view.kind for view in self.views if view.kind not in provided):
            setup.provide(kind, context_of)
        if not trees:
            setup.provide(Traversed, traversed_of)
        setup.add(TREES, self)
        setup.middleware(self, Band.EDGE)

    async def __call__(
        self, request: Request, call_next: Callable[[Request], Awaitable[Response]]
    ) -> Response:
        """Look for what no route takes. Raises MethodNotAllowed."""
        is_missed = request.miss is not None and request.miss.status in {404, 405}
        if not is_missed or View in request.state or not self.covers(request.raw_path):
            return await call_next(request)
        root = self.root(request)
        root = await root if inspect.isawaitable(root) else root
        found = await walk(root, segments_of(request.raw_path[len(self.prefix) :]))
        views = self.views_for(found)
        method = "GET" if request.method == "HEAD" else request.method
        view = next((view for view in views if method in view.methods), None)
        if view is None and views:
            raise MethodNotAllowed(allow=sorted({m for view in views for m in view.methods}))
        if view is None:
            return await call_next(request)
        request.state[View], request.state[Traversed] = view, found
        request.__dict__.pop("miss", None)  # it is looked up anew, now that the view is known
        response: Response = await request.app.respond(request)
        return response

    def covers(self, path: str) -> bool:
        """Whether a path is below the prefix."""
        return path == self.prefix or path.startswith(f"{self.prefix}/")

    def views_for(self, found: Traversed) -> list[View]:
        """Return the views of a name for the type of a resource: those of the nearest base."""
        for kind in type(found.context).__mro__:
            views = [view for view in self.views if (view.kind, view.name) == (kind, found.name)]
            if views:
                return views
        return []


TREES: Point[Traversal] = Point("tree of resources")
"""The trees of an app: they share what gives resources to views."""


def segments_of(path: str) -> list[str]:
    """Return the segments of a raw path, decoded one by one. Raises BadRequest."""
    return [decode_path(segment) for segment in path.split("/") if segment]


async def context_of(request: Request) -> Any:
    """Return the resource that the path of a request has led to."""
    return request.state[Traversed].context


async def traversed_of(request: Request) -> Traversed:
    """Return where the path of a request has led."""
    return request.state[Traversed]
