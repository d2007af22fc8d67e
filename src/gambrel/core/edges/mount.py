"""Mounting: another ASGI or WSGI app as the endpoint of a route, and its lifespan.

The app keeps its own middleware and errors; ours is around it. It sees the path it is mounted at
as its `root_path` (`SCRIPT_NAME`).
"""

import asyncio
import inspect
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from contextlib import asynccontextmanager
from io import BytesIO
from typing import Any

from gambrel.core.http.request import Request
from gambrel.core.http.response import Response
from gambrel.core.http.threads import in_thread
from gambrel.core.http.types import Message, Scope

__all__ = ["is_asgi", "mounted", "running_mount"]


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


def mounted(app: Any) -> Callable[[Request], Awaitable[Response]]:
    """Return the endpoint that hands requests to `app`."""
    if is_asgi(app):
        return lambda request: Exchange(request).run(app, scope_of(request, prefix_of(request)))
    return lambda request: call_wsgi(app, request, prefix_of(request))


def prefix_of(request: Request) -> str:
    """Return the path an app is mounted at: what stands before the route's parameter `path`."""
    rest = (request.params or {}).get("path")
    return "" if rest is None else request.path.removesuffix(rest).rstrip("/")


def scope_of(request: Request, prefix: str) -> Scope:
    """Return the ASGI scope of a request, whose path includes the `root_path` (ASGI 3)."""
    connection = request.connection
    pairs = request.headers.pairs()
    return {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.4"},
        "http_version": connection.http_version,
        "method": request.method,
        "scheme": request.scheme,
        "path": request.path,
        "raw_path": request.raw_path.encode("latin-1"),
        "query_string": request.query_string.encode("latin-1"),
        "root_path": prefix,
        "headers": [(n.encode("latin-1"), v.encode("latin-1")) for n, v in pairs],
        "client": connection.client,
        "server": connection.server,
        "state": {},
    }


class Exchange:
    """One request to a mounted ASGI app: its messages in, our response out."""

    def __init__(self, request: Request) -> None:
        self.request = request
        self.incoming = request.stream()
        self.is_read = False
        self.start: asyncio.Future[Message] = asyncio.get_running_loop().create_future()
        self.pieces: asyncio.Queue[tuple[bytes, bool]] = asyncio.Queue(maxsize=1)

    async def run(self, app: Any, scope: Scope) -> Response:
        """Return the response of `app`, streaming where it does not end at once."""
        task = asyncio.ensure_future(app(scope, self.receive, self.send))
        task.add_done_callback(self.ended)
        try:
            start = await self.start
            piece, more = await self.pieces.get()
        except BaseException:
            task.cancel()
            raise
        headers = [(n.decode("latin-1"), v.decode("latin-1")) for n, v in start.get("headers", ())]
        body: Any = self.body(piece, task) if more else piece
        response = Response(body, start["status"], headers)
        response.on_close(task.cancel)
        return response

    def ended(self, task: "asyncio.Task[Any]") -> None:
        """Tell whoever waits that the app has returned or failed."""
        if not self.start.done():
            error = None if task.cancelled() else task.exception()
            self.start.set_exception(error or RuntimeError("the mounted app sent no response"))
        elif self.pieces.empty():
            self.pieces.put_nowait((b"", False))

    async def receive(self) -> Message:
        """Give the app the next piece of the body, then wait until the client has gone."""
        if not self.is_read:
            async for piece in self.incoming:
                return {"type": "http.request", "body": piece, "more_body": True}
            self.is_read = True
            return {"type": "http.request", "body": b"", "more_body": False}
        await self.request.gone()
        return {"type": "http.disconnect"}

    async def send(self, message: Message) -> None:
        """Take a message of the app; waits until the client has taken the piece before."""
        if message["type"] == "http.response.start":
            self.start.set_result(message)
        elif message["type"] == "http.response.body":
            await self.pieces.put((message.get("body", b""), message.get("more_body", False)))

    async def body(self, piece: bytes, task: "asyncio.Task[Any]") -> AsyncIterator[bytes]:
        """Yield the pieces of the response."""
        more = True
        yield piece
        while more:
            piece, more = await self.pieces.get()
            if piece:
                yield piece
        if task.done() and not task.cancelled() and (error := task.exception()) is not None:
            raise error


async def call_wsgi(app: Any, request: Request, prefix: str) -> Response:
    """Return the response of a WSGI app (PEP 3333), run in a worker thread."""
    environ = environ_of(request, prefix, await request.body())
    started: list[tuple[str, list[tuple[str, str]]]] = []

    def start_response(status: str, headers: list[tuple[str, str]], _error: Any = None) -> Any:
        started[:] = [(status, headers)]
        return body.append

    body: list[bytes] = []

    def run() -> bytes:
        result: Iterable[bytes] = app(environ, start_response)
        try:
            body.extend(result)
        finally:
            close = getattr(result, "close", None)
            if close is not None:
                close()
        return b"".join(body)

    content = await in_thread(run)
    status, headers = started[0]
    kept = [(name, value) for name, value in headers if name.lower() != "content-length"]
    return Response(content, int(status.split(" ", 1)[0]), kept)


def environ_of(request: Request, prefix: str, body: bytes) -> dict[str, Any]:
    """Return the WSGI environment of a request."""
    host, _, port = request.host.rpartition(":")
    environ: dict[str, Any] = {
        "REQUEST_METHOD": request.method,
        "SCRIPT_NAME": prefix,
        "PATH_INFO": request.path.removeprefix(prefix).encode().decode("latin-1"),
        "QUERY_STRING": request.query_string,
        "SERVER_NAME": host or request.host,
        "SERVER_PORT": port if host else {"https": "443"}.get(request.scheme, "80"),
        "SERVER_PROTOCOL": f"HTTP/{request.connection.http_version}",
        "REMOTE_ADDR": request.client,
        "CONTENT_LENGTH": str(len(body)),
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": request.scheme,
        "wsgi.input": BytesIO(body),
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": True,
        "wsgi.multiprocess": True,
        "wsgi.run_once": False,
    }
    for name, value in request.headers.items():
        key = name.upper().replace("-", "_")
        environ["CONTENT_TYPE" if key == "CONTENT_TYPE" else f"HTTP_{key}"] = value
    environ.pop("HTTP_CONTENT_LENGTH", None)
    environ.pop("HTTP_PROXY", None)  # a client must not set a program's proxy ("httpoxy")
    return environ


@asynccontextmanager
async def running_mount(app: Any) -> AsyncIterator[None]:
    """Run the lifespan of a mounted ASGI app, if it has one."""
    if not is_asgi(app):
        yield
        return
    loop = asyncio.get_running_loop()
    started, stopped = loop.create_future(), loop.create_future()
    shutdown = asyncio.Event()
    asked = False

    async def receive() -> Message:
        nonlocal asked
        if asked:
            await shutdown.wait()
            return {"type": "lifespan.shutdown"}
        asked = True
        return {"type": "lifespan.startup"}

    async def send(message: Message) -> None:
        future = started if ".startup." in message["type"] else stopped
        if message["type"].endswith(".failed"):
            future.set_exception(RuntimeError(message.get("message") or "lifespan failed"))
        else:
            future.set_result(None)

    scope = {"type": "lifespan", "asgi": {"version": "3.0"}}
    task = asyncio.ensure_future(app(scope, receive, send))
    await asyncio.wait([task, started], return_when=asyncio.FIRST_COMPLETED)
    if started.done():
        started.result()
    try:
        yield
    finally:
        shutdown.set()
        await asyncio.wait([task])
        if stopped.done():
            stopped.result()
        elif not task.cancelled():
            task.exception()  # an app without lifespan raises: that is its way to say so
