"""The routes of an app's documents, their pages and the assets of these, as plain handlers.

`extension.py` registers them. The app is reached through the request alone: its `operations()`
and its `docs` setting. Documents are built at the first request for them, and kept.
"""

import gzip
import hashlib
import inspect
from collections.abc import Awaitable, Callable, Iterator, Mapping
from functools import cache, partial
from pathlib import PurePosixPath
from typing import Any

from msgspec import Struct, field
from msgspec.structs import replace

from gambrel.core.http.errors import NotFound
from gambrel.core.http.request import Request
from gambrel.core.http.response import Response
from gambrel.headers.conditional import Decision, ETag, evaluate
from gambrel.headers.preferences import best_encoding
from gambrel.headers.vary import add_vary
from gambrel.openapi.described import JsonSchemas
from gambrel.openapi.document import export
from gambrel.openapi.options import Guard, Place
from gambrel.openapi.page import (
    ASSET_TYPES,
    PageLinks,
    asset_version,
    assets,
    content_policy,
    render_page,
)
from gambrel.openapi.sockets import export_sockets, shown_sockets

__all__ = ["Guard", "Handler", "Place", "Publication"]

Handler = Callable[..., Awaitable[Response]]

_LOOPBACK = ("127.0.0.1", "::1", "localhost")
_FORWARDED = ("forwarded", "x-forwarded-for", "x-real-ip", "via")
_YEAR = "public, max-age=31536000, immutable"


class Publication(Struct):
    """What one app serves about itself.

    `public` None leaves it to the app's `docs` setting, and that to where the request comes from:
    on the developer's own machine only. `guard` is asked besides; what it refuses is not found.
    """

    places: Mapping[str, Place]
    asset_path: str
    json_schemas: JsonSchemas
    public: bool | None = None
    guard: Guard | None = None
    sockets: str = ""
    _built: dict[str, bytes] = field(default_factory=dict)

    def routes(self) -> Iterator[tuple[str, Handler]]:
        """Yield path and handler of every route."""
        if self.sockets:
            main = self.places[""]
            handler = self._document_handler(self.sockets, main, export_sockets)
            handler.__name__ = "asyncapi_document"
            yield self.sockets, handler
        for name, place in self.places.items():
            yield place.path, self._document_handler(name, place)
            if place.page:
                yield place.page, self._page_handler(name, place)
        if any(place.page for place in self.places.values()):
            yield self.asset_path + "/{version}/{file}", self._asset_handler()

    def _document_handler(
        self, name: str, place: Place, make: Callable[..., bytes] = export
    ) -> Handler:
        async def openapi_document(request: Request) -> Response:
            await self._admit(request)
            if name not in self._built:
                operations = request.app.operations()
                self._built[name] = make(operations, self.json_schemas, place.document)
            return _answer(request, self._built[name], "application/json")

        return openapi_document

    def _page_handler(self, name: str, place: Place) -> Handler:
        document = place.document
        others = {
            other.document.title if label else "Main": other.page
            for label, other in self.places.items()
            if label != name and other.page
        }
        links = PageLinks(place.page, place.path, self.asset_path, others)
        policy = content_policy(
            server if isinstance(server, str) else server.url for server in document.servers
        )
        key = f"page {name}"

        async def openapi_page(request: Request) -> Response:
            await self._admit(request)
            if key not in self._built:
                has_sockets = not name and shown_sockets(request.app.operations(), document)
                beside = replace(links, sockets=self.sockets if has_sockets else "")
                self._built[key] = render_page(document.title, beside).encode()
            response = _answer(request, self._built[key], "text/html; charset=utf-8")
            response.headers["content-security-policy"] = policy
            return response

        return openapi_page

    def _asset_handler(self) -> Handler:
        async def openapi_asset(request: Request, version: str, file: str) -> Response:
            self._require_public(request)
            content = assets().get(file)
            if content is None:
                raise NotFound
            # A page of an older release may ask during a roll-out: served, and not kept.
            keep = _YEAR if version == asset_version() else "no-cache"
            kind = ASSET_TYPES[PurePosixPath(file).suffix]
            encode = None
            if best_encoding(request.headers.get("accept-encoding", ""), ["gzip"]) == "gzip":
                encode = partial(_packed, file)
            response = _answer(request, content, kind, keep, encode)
            add_vary(response.headers, "accept-encoding")
            return response

        return openapi_asset

    async def _admit(self, request: Request) -> None:
        self._require_public(request)
        if self.guard is not None:
            allowed = self.guard(request)
            if not (await allowed if inspect.isawaitable(allowed) else allowed):
                raise NotFound

    def _require_public(self, request: Request) -> None:
        public = self.public
        if public is None:
            public = request.app.settings.core.docs
        if not (_is_local(request) if public is None else public):
            raise NotFound


def _is_local(request: Request) -> bool:
    """Say whether a request comes from this machine to this machine, and through no proxy."""
    server = request.connection.server
    host = request.host.rpartition(":")[0] if request.host[-1:].isdigit() else request.host
    name = (host or request.host).strip("[]")
    return (
        (server is None or server[0] in _LOOPBACK)
        and (name in _LOOPBACK or name.endswith(".localhost"))
        and not any(header in request.headers for header in _FORWARDED)
    )


def _answer(
    request: Request,
    content: bytes,
    media_type: str,
    keep: str = "no-cache",
    encode: Callable[[], bytes] | None = None,
) -> Response:
    tag = ETag(hashlib.sha256(content).hexdigest()[:20] + ("-gzip" if encode else ""))
    headers: dict[str, Any] = {
        "etag": str(tag),
        "cache-control": keep,
        "x-content-type-options": "nosniff",
    }
    if evaluate(request.method, request.headers, etag=tag) is Decision.NOT_MODIFIED:
        return Response(status=304, headers=headers)
    if encode is not None:
        headers["content-encoding"] = "gzip"
        content = encode()
    return Response(content, headers=headers, media_type=media_type)


@cache
def _packed(file: str) -> bytes:
    return gzip.compress(assets()[file], mtime=0)
