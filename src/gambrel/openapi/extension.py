"""`OpenAPI`: the extension that serves an app's documents and the pages that show them."""

from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping
from functools import cache
from typing import Any

from msgspec import field

from gambrel.core.http.errors import GambrelError
from gambrel.core.http.request import Request
from gambrel.core.http.response import Response
from gambrel.extend import Level, Problem, Setup
from gambrel.openapi.options import Document, Guard, Place

__all__ = ["OpenAPI"]


class OpenAPI(Document, frozen=True, kw_only=True):
    """Serve the app's OpenAPI document at `path` and a page that shows it at `docs`.

    `documents` adds named ones, each with its own selection of operations, at `/openapi/NAME.json`
    and `/docs/NAME`. `public` says whether strangers may read them; None (the default) leaves it
    to the app's `docs` setting, and without that only this machine may. `guard(request)`, sync or
    async, is asked besides; it returns False or raises. An empty `docs` serves no page. The
    WebSockets of the app are described at `sockets`, in an AsyncAPI document.
    """

    documents: Mapping[str, Document] = field(default_factory=dict)
    path: str = "/openapi.json"
    docs: str = "/docs"
    sockets: str = "/asyncapi.json"
    public: bool | None = None
    guard: Guard | None = None

    name = "openapi"
    requires = ()
    settings = None

    def install(self, setup: Setup) -> None:
        """Add the routes, hidden from the documents themselves, and the check."""
        handlers = cache(self._handlers)
        for path, name in self._addresses():
            setup.route(path, handler_at(path, name, handlers), hidden=True)
        setup.check(self.check, start=False)

    def _handlers(self) -> dict[str, Callable[..., Awaitable[Response]]]:
        """Return what answers at each address; made when one of them is first asked for."""
        from gambrel.extend import json_schemas  # noqa: PLC0415 - start-up: documents
        from gambrel.openapi.publish import Publication  # noqa: PLC0415 - start-up: documents

        assets = f"{self.docs}/assets"
        return dict(
            Publication(
                self.places(), assets, json_schemas, self.public, self.guard, self.sockets
            ).routes()
        )

    def _addresses(self) -> Iterator[tuple[str, str]]:
        """Yield path and name of every route: documents, their pages, and what these need."""
        places = self.places().values()
        if self.sockets:
            yield self.sockets, "asyncapi_document"
        for place in places:
            yield place.path, "openapi_document"
            if place.page:
                yield place.page, "openapi_page"
        if any(place.page for place in places):
            yield f"{self.docs}/assets/{{version}}/{{file}}", "openapi_asset"

    def places(self) -> dict[str, Place]:
        """Return every document with its addresses; the main one has the empty name.

        Raises GambrelError for a name that would not make an address.
        """
        places = {"": Place(self, self.path, self.docs)}
        stem, dot, suffix = self.path.rpartition(".")
        is_file = dot and "/" not in suffix
        for name, document in self.documents.items():
            if not name.replace("-", "").replace("_", "").isalnum() or name == "assets":
                raise GambrelError(
                    "openapi.document-name",
                    f"{name!r} cannot be the name of a document",
                    "OpenAPI(documents={...})",
                    "use letters, digits, - and _; `assets` is taken",
                )
            address = f"{stem}/{name}.{suffix}" if is_file else f"{self.path}/{name}"
            page = f"{self.docs}/{name}" if self.docs else ""
            places[name] = Place(document.over(self), address, page)
        return places

    def check(self, app: Any) -> Iterable[Problem]:
        """Yield what would make a document fail, or leave something out of it."""
        from gambrel.extend import json_schemas  # noqa: PLC0415 - start-up: documents
        from gambrel.openapi.document import (  # noqa: PLC0415 - start-up: documents
            build_document,
            conflicts,
            unguarded,
        )

        operations = app.operations()
        for place in self.places().values():
            try:
                build_document(operations, json_schemas, place.document)
            except GambrelError as error:
                yield Problem(error.code, error.what, error.hint, error.where)
            for sentence in conflicts(operations, place.document):
                yield Problem("openapi.conflict", sentence, level=Level.WARNING)
            for one, scheme in unguarded(operations, place.document):
                what = (
                    f"{one.method} {one.path} reads the key of {scheme!r} by a parameter of its own"
                )
                hint = f'say that it asks for it: security=["{scheme}"]'
                yield Problem("openapi.unguarded", what, hint, one.where, level=Level.WARNING)


def handler_at(
    path: str, name: str, handlers: Callable[[], Mapping[str, Callable[..., Awaitable[Response]]]]
) -> Callable[[Request], Awaitable[Response]]:
    """Return a handler that looks up the one of a path when it is asked."""

    async def openapi(request: Request) -> Response:
        return await handlers()[path](request, **(request.params or {}))

    openapi.__name__ = openapi.__qualname__ = name
    return openapi
