"""`OpenAPI`: the extension that serves an app's documents and the pages that show them."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import Any, ClassVar

from gambrel.core.http.errors import GambrelError
from gambrel.extend import Level, Problem, Setup, json_schemas
from gambrel.openapi.document import build_document, conflicts
from gambrel.openapi.options import Document
from gambrel.openapi.publish import Guard, Place, Publication

__all__ = ["OpenAPI"]


@dataclass(frozen=True, kw_only=True)
class OpenAPI(Document):
    """Serve the app's OpenAPI document at `path` and a page that shows it at `docs`.

    `documents` adds named ones, each with its own selection of operations, at `/openapi/NAME.json`
    and `/docs/NAME`. `public` says whether strangers may read them; None (the default) leaves it
    to the app's `docs` setting, and without that only this machine may. `guard(request)`, sync or
    async, is asked besides; it returns False or raises. An empty `docs` serves no page.
    """

    documents: Mapping[str, Document] = field(default_factory=dict)
    path: str = "/openapi.json"
    docs: str = "/docs"
    public: bool | None = None
    guard: Guard | None = None

    name: ClassVar[str] = "openapi"
    requires: ClassVar[tuple[str, ...]] = ()
    settings: ClassVar[Any] = None

    def install(self, setup: Setup) -> None:
        """Add the routes, hidden from the documents themselves, and the check."""
        publication = Publication(
            self.places(), f"{self.docs}/assets", json_schemas, self.public, self.guard
        )
        for path, handler in publication.routes():
            setup.route(path, handler, hidden=True)
        setup.check(self.check)

    def places(self) -> dict[str, Place]:
        """Return every document with its addresses; the main one has the empty name.

        Raises GambrelError for a name that would not make an address.
        """
        places = {"": Place(self, self.path, self.docs)}
        path = PurePosixPath(self.path)
        for name, document in self.documents.items():
            if not name.replace("-", "").replace("_", "").isalnum() or name == "assets":
                raise GambrelError(
                    "openapi.document-name",
                    f"{name!r} cannot be the name of a document",
                    "OpenAPI(documents={...})",
                    "use letters, digits, - and _; `assets` is taken",
                )
            address = str(path.with_suffix("") / f"{name}{path.suffix}")
            page = f"{self.docs}/{name}" if self.docs else ""
            places[name] = Place(document.over(self), address, page)
        return places

    def check(self, app: Any) -> Iterable[Problem]:
        """Yield what would make a document fail, or leave something out of it."""
        operations = app.operations()
        for place in self.places().values():
            try:
                build_document(operations, json_schemas, place.document)
            except GambrelError as error:
                yield Problem(error.code, error.what, error.hint, error.where)
            for sentence in conflicts(operations, place.document):
                yield Problem("openapi.conflict", sentence, level=Level.WARNING)
