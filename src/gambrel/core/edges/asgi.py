"""The ASGI edge: `App.__call__`. Any ASGI server runs an app through it, and so does a mount.

It mends what those servers get wrong, as far as ASGI lets it see: `docs/reference/servers.md`
tells what each of them does.
"""

import asyncio
import logging
import sys
import time
import traceback
from collections.abc import AsyncIterator
from contextlib import aclosing
from typing import Any

from gambrel.core.edges.scope import Head, Refusal, read_head
from gambrel.core.http.errors import GambrelError, RequestTimeout, bare_problem
from gambrel.core.http.headers import Headers
from gambrel.core.http.request import ClientGone, Request
from gambrel.core.http.response import Response
from gambrel.core.http.status import has_body
from gambrel.core.http.threads import batches
from gambrel.core.http.types import Message, Receive, Scope, Send

__all__ = ["ASGIEdge"]

_EAGER: dict[str, Any] = {"eager_start": True} if sys.version_info >= (3, 12) else {}
_SAFE = frozenset({"GET", "HEAD", "OPTIONS", "QUERY", "PROPFIND", "REPORT", "SEARCH", "WEBSOCKET"})
# What the server says itself; an application that sets it cannot know better.
_FRAMING = frozenset(
    "connection content-length keep-alive proxy-connection te trailer "  # noqa: SIM905
    "transfer-encoding upgrade".split()
)
_BREAKS = frozenset("\r\n\0")
_UNREAD = _AHEAD = 64 * 1024
_SILENCE, _SLOW_AFTER, _SLOW_RATE = 15.0, 10.0, 1024
_log = logging.getLogger("gambrel.server")


class ASGIConnection:
    """One ASGI scope as a `Connection`, and its body as a `BodySource`.

    Who reads the body and who waits for the client to leave share each call of `receive`; what
    comes of the body before it is read is kept, up to a limit.
    """

    root_path = ""
    length: int | None = 0
    is_complete = is_dropped = True
    is_gone = False
    _coming: asyncio.Future[Message] | None = None

    def __init__(self, app: Any, scope: Scope, receive: Receive, send: Send) -> None:
        self.app = app
        self.scope = scope
        self.client = address(scope.get("client"))
        self.server = address(scope.get("server"))
        self.scheme: str = (scope.get("scheme") or "http").replace("ws", "http")
        self.http_version: str = scope.get("http_version") or "1.1"
        self.tls: dict[str, Any] | None = (scope.get("extensions") or {}).get("tls")
        self._receive, self.send = receive, send

    def body_of(self, head: Head) -> "bytes | ASGIConnection":
        """Return the body that a head announces."""
        if head.length == 0:
            return b""
        # Who expects to be told whether to send the body may not send it after another answer.
        self.length = None if "expect" in head.headers else head.length
        self.is_complete = self.is_dropped = False
        self._ahead, self._taken = bytearray(), asyncio.Event()
        return self

    async def advance(self, timeout: float | None = None) -> None:
        """Return once a message has come. Raises RequestTimeout."""
        if self._coming is None or self._coming.done():
            loop = asyncio.get_running_loop()
            self._coming = asyncio.Task(self._take_in(), loop=loop, **_EAGER)
        coming = self._coming
        if not coming.done() and not (await asyncio.wait([coming], timeout=timeout))[0]:
            raise self.too_slow()
        coming.result()

    def too_slow(self) -> RequestTimeout:
        """Return the error of a body whose end is no longer awaited."""
        self.length = None
        return RequestTimeout("The body took too long to arrive.")

    async def _take_in(self) -> Message:
        message = await self._receive()
        if message["type"].endswith(".disconnect"):
            self.is_gone = True
        elif not self.is_complete:
            self.is_complete = not message.get("more_body", False)
            if not self.is_dropped:
                self._ahead += message.get("body", b"")
        return message

    async def __aiter__(self) -> AsyncIterator[bytes]:
        time = asyncio.get_running_loop().time
        waited = received = 0.0
        try:
            while True:
                if self._ahead:
                    piece = bytes(self._ahead)
                    self._ahead.clear()
                    self._taken.set()
                    received += len(piece)
                    yield piece
                elif self.is_complete:
                    return
                elif self.is_gone:
                    raise ClientGone("the client left in the middle of its body")
                else:
                    since = time()
                    await self.advance(_SILENCE)
                    waited += time() - since
                    if waited > _SLOW_AFTER and received + len(self._ahead) < waited * _SLOW_RATE:
                        raise self.too_slow()
        finally:
            self.is_dropped = True
            self._ahead.clear()
            self._taken.set()

    async def gone(self) -> None:
        """Return when the client has gone away."""
        while not self.is_gone:
            if not self.is_dropped and len(self._ahead) > _AHEAD:
                self._taken.clear()
                await self._taken.wait()
            else:
                await self.advance()
                await asyncio.sleep(0)

    async def hint(self, request: Request, links: list[tuple[str, str]]) -> None:
        """Send an early hint (RFC 8297) through a server that offers it."""
        if "http.response.early_hint" in (self.scope.get("extensions") or {}):
            raw = [value.encode("latin-1") for _, value in links]
            await self.send({"type": "http.response.early_hint", "links": raw})

    def close(self) -> None:
        """Stop waiting for messages."""
        if self._coming is not None:
            self._coming.cancel()

    def deliver(self, request: Request, response: Response) -> None:
        """Not used: this edge awaits its answers."""

    def waiting(self, request: Request, task: asyncio.Task[Response]) -> None:
        """Not used: this edge awaits its answers."""


class ASGIHandshake(ASGIConnection):
    """The handshake of a WebSocket. What comes before its answer is kept for whoever serves it."""

    is_served = False

    def __init__(self, app: Any, scope: Scope, receive: Receive, send: Send) -> None:
        super().__init__(app, {**scope, "method": "GET"}, receive, send)
        self.left = asyncio.Event()
        self.wire, self.send = send, self.put

    async def gone(self) -> None:
        """Return when the client has gone away."""
        if not self.is_served:
            self._coming = self._coming or asyncio.ensure_future(self._take_in())
            await asyncio.wait([self._coming])
        if not self.is_gone:
            await self.left.wait()

    async def next(self) -> Message:
        """Return the next message for the socket."""
        coming, self._coming, self.is_served = self._coming, None, True
        message = await (coming or self._take_in())
        if self.is_gone:
            self.left.set()
        return message

    async def put(self, message: Message) -> None:
        """Send a response in place of a socket; through a server that cannot, a bare 403."""
        if "websocket.http.response" in (self.scope.get("extensions") or {}):
            raw = [pair for pair in message.get("headers", ()) if pair[0].decode() not in _FRAMING]
            kind = f"websocket.{message['type']}"
            await self.wire({**message, "type": kind, "headers": raw})
        elif message["type"] == "http.response.start":
            await self.wire({"type": "websocket.close", "code": 1008, "reason": ""})


def address(pair: Any) -> tuple[str, int] | None:
    """Return `(host, port)`; some servers give the port as text."""
    return None if not pair else (str(pair[0]), int(pair[1] or 0))


class Answer:
    """The answer to one request, sent from the task that works on it.

    That task is cancelled when the client leaves, unless the request is to run on (`watch`).
    """

    def __init__(self, request: Request, connection: Any) -> None:
        self.request = request
        self.connection = connection
        self.response: Response | None = None
        self.length: int | None = None
        self.status, self.size = 499, 0  # until it is sent: the client has left before
        self.task: Any = asyncio.current_task()
        # Runs if the handler has to wait for something, which most of them do not.
        self._watching: Any = asyncio.get_running_loop().call_soon(self.watch)

    def watch(self, is_streaming: bool = False) -> None:
        """Cancel the task when the client leaves: of safe methods and streams, or as declared."""
        wanted = self.request.endpoint.limits.cancel_on_disconnect
        is_safe = self.request.method in _SAFE if wanted is None else wanted
        if not isinstance(self._watching, asyncio.Task) and (is_safe or is_streaming):
            self._watching = asyncio.create_task(self.cancel_when_gone())

    async def cancel_when_gone(self) -> None:
        """Wait for the client to leave."""
        await self.connection.gone()
        self.task.cancel()

    async def put(self, message: Message) -> None:
        """Hand a message to the server. Raises ClientGone."""
        try:
            await self.connection.send(message)
        except OSError:
            raise ClientGone("the client has left") from None

    async def send(self, response: Response) -> None:
        """Send a response."""
        self.response = sent = response
        try:
            if response.for_request is not None:
                method, headers = self.request.method, self.request.headers
                self.response = sent = await response.for_request(method, headers)
            start = self.start(sent)
        except Exception as error:
            await self.close_response()
            self.response = sent = await self.request.app.pipeline.failed(self.request, error)
            start = self.start(sent)
        if sent.opens:
            self.status = sent.status
            self._watching.cancel()
            await sent.serve_asgi(start["headers"], self.connection.next, self.connection.wire)
            return
        self.status = sent.status
        await self.put(start)
        is_bare = self.request.method == "HEAD" or not has_body(sent.status)
        body = b"" if is_bare else sent.body
        if isinstance(body, bytes):
            self.size = len(body)
            await self.put({"type": "http.response.body", "body": body})
        elif (path := self.path_of(response)) is not None:
            self.size = self.length or 0
            await self.put({"type": "http.response.pathsend", "path": path})
        else:
            await self.stream(body, self.length)

    def path_of(self, response: Response) -> str | None:
        """Return the path of a whole file that the server offers to send itself."""
        is_offered = "http.response.pathsend" in (self.connection.scope.get("extensions") or {})
        is_whole = self.response is not None and self.response.status == 200
        return getattr(response, "sendable", None) if is_offered and is_whole else None

    def start(self, response: Response) -> Message:
        """Return the head of a response. Raises ValueError for what must not reach a server."""
        status = response.status
        dressed = self.request.app.build().dress(response, self.request)
        framing = {name: value for name, value in dressed if name in _FRAMING}
        kept = {"upgrade"} if response.status == 426 else frozenset()
        pairs = [pair for pair in dressed if pair[0] not in _FRAMING - kept]
        self.length = promised_length(framing.get("content-length"))
        if isinstance(response.body, bytes) and (self.request.method != "HEAD" or response.body):
            self.length = len(response.body)
        if self.length is not None and has_body(status):
            pairs.append(("content-length", str(self.length)))
        if not response.opens and self.closes(framing.get("connection", "")):
            pairs.append(("connection", "close"))
        text = "".join([part for pair in pairs for part in pair])
        is_sent = 200 <= status <= 599 or response.opens
        if not is_sent or not (text.isprintable() or _BREAKS.isdisjoint(text)):
            raise ValueError("a response has a line break in its head, or an impossible status")
        raw = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in pairs]
        return {"type": "http.response.start", "status": status, "headers": raw}

    def closes(self, wish: str) -> bool:
        """Whether the server is to close: as asked, or rather than read a large unread body."""
        line = self.connection
        is_unread = not line.is_complete and (line.length is None or line.length > _UNREAD)
        return line.http_version < "2" and (is_unread or "close" in wish.lower())

    async def stream(self, body: Any, promised: int | None) -> None:
        """Send a body piece by piece, at the pace of the client. Raises what the body raises."""
        self.watch(is_streaming=True)
        async with aclosing(batches(body)) as coming:
            async for batch in coming:
                piece = b"".join(batch)
                self.size += len(piece)
                if promised is not None and self.size > promised:
                    break
                await self.put({"type": "http.response.body", "body": piece, "more_body": True})
                await asyncio.sleep(0)  # a server that never waits would let nobody else run
        if promised not in {None, self.size}:
            raise ValueError(f"the body has {self.size} bytes, its content-length says {promised}")
        await self.put({"type": "http.response.body", "body": b""})

    async def close(self) -> None:
        """Give everything back."""
        self._watching.cancel()
        self.connection.close()
        await self.close_response()
        self.request.close()

    async def close_response(self) -> None:
        """Run what `on_close` has collected; a failure is logged."""
        response, self.response = self.response, None
        try:
            if response is not None:
                await response.close()
        except Exception:
            _log.exception("closing a response failed")


def promised_length(text: str | None) -> int | None:
    """Return the length an application has announced. Raises ValueError where it is none."""
    if text is not None and not (text.isascii() and text.isdigit()):
        raise ValueError(f"content-length {text!r} is not a number of bytes")
    return None if text is None else int(text)


class ASGIEdge:
    """Turns scopes into requests and responses into messages."""

    def __init__(self, app: Any) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one scope."""
        if scope["type"] == "http":
            await self.serve(ASGIConnection(self.app, scope, receive, send))
        elif scope["type"] == "lifespan":
            await self.lifespan(receive, send)
        elif scope["type"] == "websocket":
            await receive()
            await self.serve(ASGIHandshake(self.app, scope, receive, send))

    async def lifespan(self, receive: Receive, send: Send) -> None:
        """Open the app at start-up, close it at shutdown; a failure is told to the server."""
        await receive()
        stage = "startup"
        try:
            async with self.app.running():
                await send({"type": "lifespan.startup.complete"})
                stage = "shutdown"
                await receive()
        except Exception as error:
            told = str(error) if isinstance(error, GambrelError) else traceback.format_exc()
            await send({"type": f"lifespan.{stage}.failed", "message": told})
            raise  # servers have been told and say no more; test tools show the error itself
        await send({"type": "lifespan.shutdown.complete"})

    async def serve(self, connection: ASGIConnection) -> None:
        """Answer one HTTP request, or a handshake; where the answer opens a socket, serve it."""
        built = self.app.build()
        try:
            request = self.request_of(connection)
        except Refusal as refusal:
            await refuse(connection, refusal)
            request = Request("-", "-", "", Headers(()), connection, b"")
            built.observe(request, refusal.status, 0.0)
            built.hear(request, refusal.status, 0, 0.0)
            return
        answer = Answer(request, connection)
        began = time.perf_counter()
        try:
            response = await self.app.respond(request)
            built.observe(request, response.status, time.perf_counter() - began)
            await answer.send(response)
        except ClientGone:
            pass  # nobody is there to be answered
        except asyncio.CancelledError:
            if not connection.is_gone:
                raise
            answer.task.uncancel()
        finally:
            await answer.close()
            built.hear(request, answer.status, answer.size, time.perf_counter() - began)

    def request_of(self, connection: ASGIConnection) -> Request:
        """Return the request of a scope. Raises Refusal."""
        head = read_head(connection.scope, self.app.build().allowed_hosts)
        connection.root_path = head.root
        is_socket = connection.scope["type"] == "websocket"
        method, body = ("WEBSOCKET", b"") if is_socket else (head.method, connection.body_of(head))
        return Request(method, head.path, head.query, head.headers, connection, body)


async def refuse(connection: ASGIConnection, refusal: Refusal) -> None:
    """Answer what is no request."""
    body = b"" if refusal.status == 204 else bare_problem(refusal.status)
    length = (b"content-length", b"%d" % len(body))
    headers = [(b"content-type", b"application/problem+json"), length] if body else []
    if connection.http_version not in {"2", "3"}:
        headers.append((b"connection", b"close"))
    if refusal.allow:
        headers.append((b"allow", refusal.allow.encode()))
    send, is_head = connection.send, connection.scope["method"] == "HEAD"
    await send({"type": "http.response.start", "status": refusal.status, "headers": headers})
    await send({"type": "http.response.body", "body": b"" if is_head else body})
