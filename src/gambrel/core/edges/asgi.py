"""The ASGI edge: `App.__call__`. Any ASGI server runs an app through it, and so does a mount.

It mends or refuses what those servers get wrong: a missing or foreign Host, header names with
underscores, bodies that end without being complete, lists where one value is allowed.
"""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

from gambrel.core.http.errors import BadRequest
from gambrel.core.http.headers import Headers
from gambrel.core.http.request import ClientGone, Request
from gambrel.core.http.response import Response
from gambrel.core.http.types import Receive, Scope, Send

__all__ = ["ASGIEdge"]


class ASGIConnection:
    """One ASGI scope as a `Connection`, and its body as a `BodySource`."""

    def __init__(self, app: Any, scope: Scope, receive: Receive) -> None:
        self.app = app
        self.scope = scope
        self.client = address(scope.get("client"))
        self.server = address(scope.get("server"))
        self.scheme: str = scope.get("scheme") or "http"
        self.http_version: str = scope.get("http_version") or "1.1"
        self.tls: dict[str, Any] | None = (scope.get("extensions") or {}).get("tls")
        self._receive = receive
        self._is_read = False
        self._gone = asyncio.Event()

    async def __aiter__(self) -> AsyncIterator[bytes]:
        more = True
        while more:
            message = await self._receive()
            if message["type"] == "http.disconnect":
                self._gone.set()
                raise ClientGone("the client left in the middle of its body")
            if piece := message.get("body", b""):
                yield piece
            more = message.get("more_body", False)
        self._is_read = True

    async def gone(self) -> None:
        """Return when the client has gone away; an unread body is dropped."""
        while not self._gone.is_set():
            if (await self._receive())["type"] == "http.disconnect":
                self._gone.set()

    def deliver(self, request: Request, response: Response) -> None:
        """Not used: this edge awaits its answers."""
        raise NotImplementedError

    def waiting(self, request: Request, task: asyncio.Task[Response]) -> None:
        """Not used: this edge awaits its answers."""
        raise NotImplementedError


def address(pair: Any) -> tuple[str, int] | None:
    """Return `(host, port)`; some servers give the port as text."""
    return None if not pair else (str(pair[0]), int(pair[1] or 0))


class ASGIEdge:
    """Turns scopes into requests and responses into messages."""

    def __init__(self, app: Any) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one scope."""
        if scope["type"] == "http":
            await self.serve(scope, receive, send)
        elif scope["type"] == "lifespan":
            await self.lifespan(receive, send)
        elif scope["type"] == "websocket":
            await receive()
            await send({"type": "websocket.close", "code": 1000, "reason": ""})

    async def lifespan(self, receive: Receive, send: Send) -> None:
        """Open the app at start-up, close it at shutdown."""
        await receive()
        try:
            async with self.app.running():
                await send({"type": "lifespan.startup.complete"})
                await receive()
        except Exception as error:
            kind = "shutdown" if self.app.pipeline is None else "startup"
            await send({"type": f"lifespan.{kind}.failed", "message": str(error)})
            raise
        await send({"type": "lifespan.shutdown.complete"})

    async def serve(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one HTTP request."""
        connection = ASGIConnection(self.app, scope, receive)
        request = self.request_of(scope, connection)
        try:
            self.check_host(request)
            response = await self.app.respond(request)
        except BadRequest as error:
            response = await self.app.build().failed(request, error)
        await self.send(request, response, send)

    def request_of(self, scope: Scope, connection: ASGIConnection) -> Request:
        """Return the request of a scope."""
        raw = scope.get("raw_path") or scope["path"].encode()
        headers = Headers.from_raw(scope["headers"])
        path = raw.partition(b"?")[0].decode("latin-1")
        path = path.removeprefix(scope.get("root_path", "")) or "/"
        query = scope.get("query_string", b"").decode("latin-1")
        length = headers.first("content-length")
        has_body = (length not in {None, "0"}) or "transfer-encoding" in headers
        body = connection if has_body or connection.http_version == "2" else b""
        return Request(scope["method"], path, query, headers, connection, body)

    def check_host(self, request: Request) -> None:
        """Raise BadRequest unless there is exactly one Host, and one of ours."""
        hosts = request.headers.get_all("host")
        allowed = self.app.build().allowed_hosts
        if len(hosts) != 1 or not allowed.allows(hosts[0]):
            raise BadRequest("The Host header is missing or not one of this server's.")

    async def send(self, request: Request, response: Response, send: Send) -> None:
        """Send a response as ASGI messages."""
        body = response.body
        response = self.app.dress(response)
        headers = response.headers
        is_bodiless = request.method == "HEAD" or response.status in {204, 304}
        if (
            isinstance(body, bytes)
            and "content-length" not in headers
            and response.status not in {204, 304}
        ):
            headers["content-length"] = str(len(body))
        raw = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in headers.pairs()]
        await send({"type": "http.response.start", "status": response.status, "headers": raw})
        try:
            if isinstance(body, bytes) or is_bodiless:
                content = b"" if is_bodiless or not isinstance(body, bytes) else body
                await send({"type": "http.response.body", "body": content})
            else:
                await self.stream(body, send)
        finally:
            await response.close()

    async def stream(self, body: Any, send: Send) -> None:
        """Send a body piece by piece."""
        if hasattr(body, "__aiter__"):
            async for piece in body:
                await send({"type": "http.response.body", "body": piece, "more_body": True})
        else:
            for piece in body:
                await send({"type": "http.response.body", "body": piece, "more_body": True})
        await send({"type": "http.response.body", "body": b""})
