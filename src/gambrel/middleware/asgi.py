"""ASGI middleware as a middleware of ours: any class or function of the form `factory(app)`.

It stands where it is put: around the app or around a group, inside our error boundary. Context
variables it sets reach the handler; what it puts in its scope is `request.state.scope`.
"""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable
from contextlib import aclosing
from typing import Any

from gambrel.core.http.headers import Headers
from gambrel.core.http.request import Request
from gambrel.core.http.response import Response
from gambrel.core.http.threads import batches
from gambrel.core.http.types import Message, Receive, Scope, Send

__all__ = ["ASGIAdapter"]

CallNext = Callable[[Request], Awaitable[Response]]
EXCHANGE = "gambrel.exchange"
KEPT = ("id", "state", "draft", "miss")
LEFT = ("later", "form_data")  # what is closed with the answer to the request that came in


class ASGIAdapter:
    """Run `factory(app, *arguments, **options)`, made once, around what comes next.

    It may change method, headers, query and body of the request. The route is found by then, so a
    changed path changes nothing; it gets HTTP requests only, no sockets and no lifespan.
    """

    def __init__(self, factory: Callable[..., Any], *arguments: Any, **options: Any) -> None:
        self.factory = factory
        self.wrapped = factory(answer, *arguments, **options)

    async def __call__(self, request: Request, call_next: CallNext) -> Response:
        """Answer through the ASGI middleware."""
        return await Exchange(request, call_next).run(self.wrapped)


async def answer(scope: Scope, receive: Receive, send: Send) -> None:
    """Be the ASGI app that the middleware is around: what comes next in our chain."""
    if scope["type"] == "http":
        await scope[EXCHANGE].answer(scope, receive, send)


class Exchange:
    """One request on its way through an ASGI middleware, and back."""

    def __init__(self, request: Request, call_next: CallNext) -> None:
        self.request = request
        self.call_next = call_next
        self.incoming = request.stream()
        self.has_body_ended = False
        self.started: asyncio.Future[Message] = asyncio.get_running_loop().create_future()
        self.pieces: asyncio.Queue[tuple[bytes, bool]] = asyncio.Queue(maxsize=1)
        self.inner: Response | None = None
        self.task: asyncio.Task[None]
        headers = [(n.encode("latin-1"), v.encode("latin-1")) for n, v in request.headers.pairs()]
        self.given = (request.method, request.query_string.encode("latin-1"), tuple(headers))
        connection = request.connection
        self.scope: Scope = {
            "type": "http",
            "asgi": {"version": "3.0", "spec_version": "2.4"},
            "http_version": connection.http_version,
            "method": request.method,
            "scheme": request.scheme,
            "path": request.path,
            "raw_path": request.raw_path.encode("latin-1"),
            "query_string": self.given[1],
            "root_path": "",
            "headers": headers,
            "client": connection.client,
            "server": connection.server,
            "state": {},
            EXCHANGE: self,
        }

    async def run(self, wrapped: Any) -> Response:
        """Return the answer; one that does not end at once streams."""
        self.task = asyncio.ensure_future(wrapped(self.scope, self.receive, self.send))
        self.task.add_done_callback(self.ended)
        try:
            start = await self.started
            piece, has_more = await self.pieces.get()
        except BaseException:
            await self.close()
            raise
        pairs = [(n.decode("latin-1"), v.decode("latin-1")) for n, v in start.get("headers", ())]
        if not has_more:  # whoever sends it knows the length
            pairs = [pair for pair in pairs if pair[0].lower() != "content-length"]
        response = Response(self.body(piece) if has_more else piece, start["status"], pairs)
        response.on_close(self.close)
        return response

    # The side of the middleware ---------------------------------------------------------------

    async def receive(self) -> Message:
        """Give the next piece of the body, then wait until the client has gone."""
        if not self.has_body_ended:
            async for piece in self.incoming:
                return {"type": "http.request", "body": piece, "more_body": True}
            self.has_body_ended = True
            return {"type": "http.request", "body": b"", "more_body": False}
        await self.request.gone()
        return {"type": "http.disconnect"}

    async def send(self, message: Message) -> None:
        """Take a message of the answer; waits until the piece before was taken."""
        if message["type"] == "http.response.start":
            self.started.set_result(message)
        elif message["type"] == "http.response.body":
            await self.pieces.put((message.get("body", b""), message.get("more_body", False)))

    def ended(self, task: "asyncio.Task[None]") -> None:
        """Tell whoever waits that the middleware has returned or failed."""
        error = None if task.cancelled() else task.exception()
        if not self.started.done():
            silent = RuntimeError("the ASGI middleware sent no response")
            self.started.set_exception(error or silent)
        elif self.pieces.empty():
            self.pieces.put_nowait((b"", False))

    async def body(self, piece: bytes) -> AsyncIterator[bytes]:
        """Yield the pieces of a streamed answer."""
        has_more = True
        yield piece
        while has_more:
            piece, has_more = await self.pieces.get()
            if piece:
                yield piece
        if self.task.done() and not self.task.cancelled() and (error := self.task.exception()):
            raise error

    async def close(self) -> None:
        """End the middleware, then close the answer that it was around."""
        self.task.cancel()
        await asyncio.wait([self.task])
        if self.inner is not None:
            await self.inner.close()

    # The side of the handler ------------------------------------------------------------------

    async def answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Call what comes next and send its answer into the middleware."""
        request = self.request_of(scope, receive)
        vars(request.state)["scope"] = scope
        try:
            response = await self.call_next(request)
        finally:
            kept = request.__dict__
            self.request.__dict__.update({name: kept[name] for name in LEFT if name in kept})
        self.inner = response
        body = response.body
        pairs = response.headers.pairs()
        if isinstance(body, bytes) and "content-length" not in response.headers:
            pairs = [*pairs, ("content-length", str(len(body)))]
        raw = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in pairs]
        await send({"type": "http.response.start", "status": response.status, "headers": raw})
        if isinstance(body, bytes):
            await send({"type": "http.response.body", "body": body})
            return
        async with aclosing(batches(body)) as coming:
            async for batch in coming:
                piece = b"".join(batch)
                await send({"type": "http.response.body", "body": piece, "more_body": True})
        await send({"type": "http.response.body", "body": b""})

    def request_of(self, scope: Scope, receive: Receive) -> Request:
        """Return the request as the middleware has left it: the same one if it changed nothing."""
        found = (scope["method"], scope["query_string"], tuple(map(tuple, scope["headers"])))
        if found == self.given and receive == self.receive:
            return self.request
        request = Request(
            scope["method"],
            self.request.raw_path,
            scope["query_string"].decode("latin-1"),
            Headers.from_raw(scope["headers"]),
            self.request.connection,
            Pieces(receive),
        )
        request.params, request.endpoint = self.request.params, self.request.endpoint
        kept = self.request.__dict__
        request.__dict__.update({name: kept[name] for name in KEPT if name in kept})
        return request


class Pieces:
    """The body of a request as an ASGI callable gives it."""

    def __init__(self, receive: Receive) -> None:
        self.receive = receive

    async def __aiter__(self) -> AsyncGenerator[bytes, None]:
        has_more = True
        while has_more:
            message = await self.receive()
            if piece := message.get("body", b""):
                yield piece
            has_more = message.get("more_body", False)
