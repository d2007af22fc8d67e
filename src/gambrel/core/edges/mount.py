"""Mounting: another ASGI or WSGI app as the endpoint of a route, and its lifespan.

The app keeps its own middleware and errors; ours is around it. It sees the path it is mounted at
as its `root_path` (`SCRIPT_NAME`).
"""

import asyncio
import inspect
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from contextlib import asynccontextmanager
from typing import Any

from gambrel.core.edges.scope import ADMITTED
from gambrel.core.edges.wsgi import WSGIAdapter
from gambrel.core.http.errors import GambrelError, HTTPError
from gambrel.core.http.request import ClientGone, Request
from gambrel.core.http.response import Response
from gambrel.core.http.types import ASGIApp, Message, Scope
from gambrel.core.http.url import decode_path

__all__ = ["Mount"]

Failed = Callable[[Request, BaseException], Coroutine[Any, Any, Response]]
_ASGI = {"version": "3.0", "spec_version": "2.4"}
_log = logging.getLogger("gambrel.server")


def is_asgi(app: Any) -> bool:
    """Whether an app is ASGI: a coroutine function, or one that takes three arguments."""
    call = app if inspect.isroutine(app) else getattr(app, "__call__", app)  # noqa: B004
    if inspect.iscoroutinefunction(call):
        return True
    required = [
        parameter
        for parameter in inspect.signature(call).parameters.values()
        if parameter.default is parameter.empty and parameter.kind is not parameter.VAR_KEYWORD
    ]
    return len(required) == 3


class Mount:
    """An app below a path, or at one route: its requests, and its life."""

    def __init__(self, app: Any, where: str = "") -> None:
        self.has_lifespan = is_asgi(app)
        self.app: ASGIApp = app if self.has_lifespan else WSGIAdapter(app)
        self.where = where
        self.state: dict[str, Any] = {}
        self.tasks: set[asyncio.Task[Any]] = set()

    def endpoint(self, failed: Failed) -> Callable[[Request], Awaitable[Response]]:
        """Return the endpoint that hands requests to the app; `failed` answers its errors."""

        async def endpoint(request: Request) -> Response:
            try:
                return await self.respond(request)
            except Exception as error:
                return await failed(request, error)

        return endpoint

    async def respond(self, request: Request) -> Response:
        """Return the response of the app. Raises what the app raises."""
        exchange = Exchange(request)
        scope = scope_of(request, prefix_of(request))
        scope["state"] = self.state.copy()
        task = asyncio.ensure_future(self.app(scope, exchange.receive, exchange.send))
        self.tasks.add(task)  # the loop does not keep it, and it may outlive its response
        task.add_done_callback(self.tasks.discard)
        return await exchange.follow(task)

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Run the lifespan of the app, if it has one. Raises GambrelError where it fails."""
        if not self.has_lifespan:
            yield
            return
        life = Life()
        scope = {"type": "lifespan", "asgi": _ASGI, "state": self.state}
        task = asyncio.ensure_future(self.app(scope, life.receive, life.send))
        try:
            await self.settle(task, life.started)
            yield
        finally:
            life.shutdown.set()
            await self.settle(task, life.stopped)
            await asyncio.wait([task])
            self.state.clear()

    async def settle(self, task: "asyncio.Future[None]", told: "asyncio.Future[str]") -> None:
        """Wait for one half of a lifespan. An app without one raises: its way to say so."""
        waits: list[asyncio.Future[Any]] = [task, told]
        await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        if task.done() and not task.cancelled():
            task.exception()
        if told.done() and told.result():
            raise GambrelError(
                "app.mount-lifespan",
                f"the lifespan of a mounted app failed: {told.result()}",
                self.where,
                "correct what that app opens or closes; its own log may tell more",
            )


class Life:
    """The messages of one lifespan."""

    def __init__(self) -> None:
        loop = asyncio.get_running_loop()
        self.started: asyncio.Future[str] = loop.create_future()
        self.stopped: asyncio.Future[str] = loop.create_future()
        self.shutdown = asyncio.Event()
        self.is_asked = False

    async def receive(self) -> Message:
        """Give the app its two messages."""
        if not self.is_asked:
            self.is_asked = True
            return {"type": "lifespan.startup"}
        await self.shutdown.wait()
        return {"type": "lifespan.shutdown"}

    async def send(self, message: Message) -> None:
        """Take what the app says: nothing where it is well, else why not."""
        told = self.started if ".startup." in message["type"] else self.stopped
        is_failure = message["type"].endswith(".failed")
        told.set_result((message.get("message") or "no reason given") if is_failure else "")


def prefix_of(request: Request) -> str:
    """Return the path an app is mounted at: what stands before the route's parameter `path`."""
    if request.route is None or request.route.kind != "mount":
        return ""
    return request.path.removesuffix((request.params or {})["path"]).rstrip("/")


def scope_of(request: Request, prefix: str) -> Scope:
    """Return the ASGI scope of a request, as seen after the trusted proxies.

    `path` and `raw_path` include the `root_path`, as ASGI has it.
    """
    connection, client = request.connection, request.client
    peer = connection.client
    root = decode_path(request.root_path)
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
        "path_params": dict(request.params or {}),
        "headers": [(n.encode("latin-1"), v.encode("latin-1")) for n, v in fields],
        "client": peer if peer is None or peer[0] == client else (client, 0),
        "server": connection.server,
        "extensions": {ADMITTED: {}} | ({"tls": connection.tls} if connection.tls else {}),
    }


class Exchange:
    """One request to an ASGI app: its messages in, our response out, at the client's pace."""

    def __init__(self, request: Request) -> None:
        self.request = request
        self.incoming = request.stream()
        self.coming: asyncio.Future[bytes | None] | None = None
        self.is_read = False
        self.is_complete = False
        self.start: asyncio.Future[Message] = asyncio.get_running_loop().create_future()
        self.pieces: asyncio.Queue[tuple[bytes, bool]] = asyncio.Queue()
        self.room = asyncio.Semaphore(1)
        self.over = asyncio.Event()
        self.task: asyncio.Future[None] | None = None

    async def follow(self, task: "asyncio.Future[None]") -> Response:
        """Return the response that a call of the app makes, streaming where it takes its time."""
        self.task = task
        task.add_done_callback(self.ended)
        try:
            start = await self.start
            piece, more = await self.next()
            headers = [(n.decode("latin-1"), v.decode("latin-1")) for n, v in start["headers"]]
            response = Response(self.body(piece) if more else piece, start["status"], headers)
        except BaseException:
            self.leave()
            await asyncio.wait([task])
            raise
        response.on_close(self.leave)
        return response

    async def next(self) -> tuple[bytes, bool]:
        """Return the next piece and whether more come. Raises what ended the app before that."""
        piece, more = await self.pieces.get()
        self.room.release()
        if not more and not self.is_complete and self.task is not None:
            await self.task
            raise RuntimeError("a mounted app returned before its response was complete")
        return piece, more

    async def body(self, piece: bytes) -> AsyncIterator[bytes]:
        """Yield the pieces of the response."""
        more = True
        while more:
            yield piece
            piece, more = await self.next()
        yield piece

    def leave(self) -> None:
        """Nobody takes what comes now. An app that is done with its response may run on."""
        self.over.set()
        self.room.release()
        if not self.is_complete and self.task is not None:
            self.task.cancel()

    def ended(self, task: "asyncio.Future[None]") -> None:
        """Tell whoever waits that the app has returned or failed."""
        self.over.set()
        error = None if task.cancelled() else task.exception()
        if not self.start.done():
            self.start.set_exception(error or RuntimeError("a mounted app sent no response"))
        elif not self.is_complete:
            self.pieces.put_nowait((b"", False))
        elif error is not None:
            _log.error("a mounted app failed after its response", exc_info=error)

    async def receive(self) -> Message:
        """Give the app the next piece of the body, then tell it when the client has left."""
        while not self.is_read:
            # An app may stop waiting and come back: the piece under way must not be lost.
            self.coming = self.coming or asyncio.ensure_future(anext(self.incoming, None))
            try:
                piece = await asyncio.shield(self.coming)
            except (ClientGone, HTTPError) as error:
                self.is_read = True
                if not self.start.done() and isinstance(error, HTTPError):
                    self.start.set_exception(error)
                break
            self.coming, self.is_read = None, piece is None
            return {"type": "http.request", "body": piece or b"", "more_body": piece is not None}
        waits = [
            asyncio.ensure_future(self.over.wait()),
            asyncio.ensure_future(self.request.gone()),
        ]
        try:
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for wait in waits:
                wait.cancel()
        return {"type": "http.disconnect"}

    async def send(self, message: Message) -> None:
        """Take a message; wait until the piece before is taken. Raises ClientGone."""
        kind = message["type"]
        if kind == "http.response.start" and not self.start.done():
            self.start.set_result({"headers": (), **message})
        elif kind == "http.response.body" and self.start.done() and not self.is_complete:
            await self.room.acquire()
            if self.over.is_set():
                raise ClientGone("the client has left")
            more = message.get("more_body", False)
            self.is_complete = not more
            self.pieces.put_nowait((bytes(message.get("body", b"")), more))
            if not more:
                self.over.set()
        else:
            raise RuntimeError(f"a mounted app sent {kind!r} out of turn")
