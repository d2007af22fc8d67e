"""Mounting: another ASGI or WSGI app as the endpoint of a route, and its lifespan.

The app keeps its own middleware and errors; ours is around it. It sees the path it is mounted at
as its `root_path` (`SCRIPT_NAME`).
"""

import asyncio
import inspect
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

from gambrel.core.http.errors import GambrelError, HTTPError, NotFound
from gambrel.core.http.request import ClientGone, Request
from gambrel.core.http.response import Response
from gambrel.core.http.types import ADMITTED, ASGIApp, Message, Scope
from gambrel.core.http.url import decode_path
from gambrel.mounts.sockets import serve_socket
from gambrel.mounts.wsgi import WSGIAdapter

__all__ = ["Mount"]

Endpoint = Callable[[Request], Awaitable[Response]]
Failed = Callable[[Request, BaseException], Awaitable[Response]]
_ASGI = {"version": "3.0", "spec_version": "2.4"}
_GRACE = 10.0
_END: Message = {"type": "end"}
_log = logging.getLogger("gambrel.server")


def is_asgi(app: Any) -> bool:
    """Whether an app is ASGI: a coroutine function, or one that takes three arguments."""
    call = getattr(app, "__call__", None)  # noqa: B004 - the method of an object
    if inspect.iscoroutinefunction(app) or inspect.iscoroutinefunction(call):
        return True
    parameters = inspect.signature(app).parameters.values()
    required = [p for p in parameters if p.default is p.empty and p.kind is not p.VAR_KEYWORD]
    return len(required) == 3


class Mount:
    """An app below a path, or at one route: its requests, and its life."""

    def __init__(self, app: Any, where: str = "") -> None:
        self.app: ASGIApp = app if is_asgi(app) else WSGIAdapter(app)
        self.where = where
        self.state: dict[str, Any] = {}
        self.tasks: set[asyncio.Task[None]] = set()

    def endpoint(self, failed: Failed, *sockets: Callable[..., Endpoint]) -> Endpoint:
        """Return the endpoint that hands requests to the app; `failed` answers its errors.

        `sockets`, where there is one, opens WebSockets.
        """
        handshake = self.handshakes(failed, *sockets)

        async def endpoint(request: Request) -> Response:
            try:
                if request.method == "WEBSOCKET":
                    return await handshake(request)
                exchange = Exchange(request)
                scope = scope_of(request) | {"state": self.state.copy()}
                exchange.task = asyncio.create_task(exchange.run(self.app, scope))
                self.tasks.add(exchange.task)  # it may outlive its response: the loop forgets it
                exchange.task.add_done_callback(self.tasks.discard)
                response = await exchange.respond()
                for name in request.route.varies:  # what has chosen this app, not another
                    response.headers.add("vary", name)
                return response
            except (Exception, SystemExit) as error:
                return await failed(request, error)

        return endpoint

    def handshakes(self, failed: Failed, *sockets: Callable[..., Endpoint]) -> Endpoint:
        """Return the endpoint of the app's WebSockets; WSGI has none."""

        async def talk(request: Request, socket: Any) -> Response:
            task: Any = asyncio.current_task()
            self.tasks.add(task)
            task.add_done_callback(self.tasks.discard)
            scope = scope_of(request) | {"state": self.state.copy()}
            return await serve_socket(self.app, scope, request, socket, failed)

        async def refuse(_request: Request) -> Response:
            raise NotFound

        is_served = sockets and not isinstance(self.app, WSGIAdapter)
        return sockets[0](talk, failed, None) if is_served else refuse

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Run the lifespan of the app, if it has one. Raises GambrelError where it fails."""
        asked: asyncio.Queue[Message] = asyncio.Queue()
        told: asyncio.Queue[Message] = asyncio.Queue()
        task = asyncio.create_task(self.live(asked, told))
        asked.put_nowait({"type": "lifespan.startup"})
        try:
            self.check(await told.get())
            yield
        except BaseException:
            task.cancel()
            raise
        finally:
            if self.tasks:  # work behind a response
                await asyncio.wait(self.tasks, timeout=_GRACE)
            asked.put_nowait({"type": "lifespan.shutdown"})
            await asyncio.wait([task])
            self.state.clear()
        while not told.empty():
            self.check(told.get_nowait())

    async def live(self, asked: asyncio.Queue[Message], told: asyncio.Queue[Message]) -> None:
        """Give the app its lifespan; to raise at once is its way to say that it has none."""
        scope = {"type": "lifespan", "asgi": _ASGI, "state": self.state}
        try:
            await self.app(scope, asked.get, told.put)
        except Exception:
            _log.debug("%r has no lifespan, or has reported why it failed", self.app, exc_info=True)
        finally:
            told.put_nowait(_END)

    def check(self, message: Message) -> None:
        """Raise GambrelError where the app says that it has failed."""
        if message["type"].endswith(".failed"):
            raise GambrelError(
                "app.mount-lifespan",
                f"the lifespan of a mounted app failed: {message.get('message', '')}",
                self.where,
                "correct what that app opens or closes",
            )


def scope_of(request: Request) -> dict[str, Any]:
    """Return the ASGI scope of a request, as seen after the trusted proxies.

    `path` and `raw_path` include the `root_path`, as ASGI has it.
    """
    connection, params = request.connection, request.params or {}
    root, peer, client = decode_path(request.root_path), connection.client, request.client
    prefix = ""
    if request.route.kind == "mount":
        prefix = request.path.removesuffix(params["path"]).rstrip("/")
    fields = [(n, request.host if n == "host" else v) for n, v in request.headers.pairs()]
    return {
        "type": "http",
        "asgi": _ASGI,
        "http_version": connection.http_version,
        "method": request.method,
        "scheme": request.scheme,
        "path": root + request.path,
        "raw_path": (request.root_path + request.raw_path).encode("latin-1"),
        "query_string": request.query_string.encode("latin-1"),
        "root_path": root + prefix,
        "path_params": dict(params),
        "headers": [(n.encode("latin-1"), v.encode("latin-1")) for n, v in fields],
        "client": peer if peer is None or peer[0] == client else (client, 0),
        "server": connection.server,
        "extensions": {ADMITTED: {}} | ({"tls": connection.tls} if connection.tls else {}),
    }


class Exchange:
    """One request to an ASGI app: its messages in, our response out, at the client's pace."""

    task: asyncio.Task[None]

    def __init__(self, request: Request) -> None:
        self.request = request
        self.incoming = request.stream()
        self.coming: asyncio.Future[bytes | None] | None = None
        self.is_read = self.is_started = self.is_complete = False
        self.sent: asyncio.Queue[Message] = asyncio.Queue()
        self.room = asyncio.Semaphore(2)  # the head and one piece
        self.over = asyncio.Event()
        self.error: Exception | SystemExit | None = None

    async def run(self, app: ASGIApp, scope: Scope) -> None:
        """Call the app."""
        try:
            await app(scope, self.receive, self.send)
        except (Exception, SystemExit) as error:
            self.error = self.error or error
            if self.is_complete:
                _log.exception("a mounted app failed after its response")
        finally:
            self.over.set()
            self.sent.put_nowait(_END)

    async def respond(self) -> Response:
        """Return the response of the app, streaming where it takes its time."""
        try:
            start, first = await self.next(), await self.next()
            raw = start.get("headers", ())
            headers = [(n.decode("latin-1"), v.decode("latin-1")) for n, v in raw]
            body = self.body(first) if first.get("more_body") else bytes(first.get("body", b""))
            response = Response(body, start["status"], headers)
        except BaseException:
            self.leave()
            await asyncio.wait([self.task])
            raise
        response.on_close(self.leave)
        return response

    async def next(self) -> Message:
        """Return the next message of the app. Raises what ended it before."""
        message = await self.sent.get()
        self.room.release()
        if message is _END:
            raise self.error or RuntimeError("a mounted app returned without a whole response")
        return message

    async def body(self, message: Message) -> AsyncIterator[bytes]:
        """Yield the pieces of the response."""
        while message.get("more_body"):
            yield bytes(message.get("body", b""))
            message = await self.next()
        yield bytes(message.get("body", b""))

    def leave(self) -> None:
        """Nobody takes what comes now. An app that is done with its response may run on."""
        self.over.set()
        self.room.release()
        if not self.is_complete:
            self.task.cancel()

    async def receive(self) -> Message:
        """Give the app the next piece of the body, then tell it when the client has left."""
        while not self.is_read:
            # An app may stop waiting and come back: the piece under way must not be lost.
            self.coming = self.coming or asyncio.ensure_future(anext(self.incoming, None))
            try:
                piece = await asyncio.shield(self.coming)
            except (ClientGone, HTTPError) as error:
                self.error = error
                self.over.set()
                break
            self.coming, self.is_read = None, piece is None
            return {"type": "http.request", "body": piece or b"", "more_body": piece is not None}
        ends = [asyncio.ensure_future(end) for end in (self.over.wait(), self.request.gone())]
        try:
            await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for end in ends:
                end.cancel()
        return {"type": "http.disconnect"}

    async def send(self, message: Message) -> None:
        """Take a message; wait until the piece before is taken. Raises ClientGone."""
        expected = "http.response.body" if self.is_started else "http.response.start"
        if message["type"] != expected or self.is_complete:
            raise RuntimeError(f"a mounted app sent {message['type']!r} out of turn")
        await self.room.acquire()
        if self.over.is_set():
            raise ClientGone("the client has left")
        self.is_complete = self.is_started and not message.get("more_body", False)
        self.is_started = True
        self.sent.put_nowait(message)
        if self.is_complete:
            self.over.set()
