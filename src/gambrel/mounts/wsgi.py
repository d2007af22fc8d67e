"""WSGI apps (PEP 3333) as ASGI apps, for mounting.

A request runs in one thread from start to end, as WSGI frameworks expect. Its body is spooled
before, so that a slow client holds no thread; its answer streams at the client's pace.
"""

import asyncio
import sys
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from tempfile import SpooledTemporaryFile
from typing import IO, Any

from gambrel.core.http.request import ClientGone
from gambrel.core.http.threads import in_thread
from gambrel.core.http.types import Message, Receive, Scope, Send

__all__ = ["WSGIAdapter"]

_SPOOL = 256 * 1024
_THREADS = 32


class WSGIAdapter:
    """A WSGI app behind the interface of ASGI."""

    def __init__(self, app: Callable[..., Iterable[bytes]]) -> None:
        self.app = app
        self.threads: ThreadPoolExecutor | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, or let the threads go at the end. Raises what the app raises."""
        if scope["type"] == "lifespan":
            await self.live(receive, send)
            return
        if self.threads is None:
            self.threads = ThreadPoolExecutor(_THREADS, "gambrel-wsgi")
        loop = asyncio.get_running_loop()
        with SpooledTemporaryFile(_SPOOL) as body:
            environ = environ_of(scope, body, await spool(receive, body))
            call, context = Call(send, loop), copy_context()
            job = loop.run_in_executor(
                self.threads, lambda: context.run(call.run, self.app, environ)
            )
            try:
                await asyncio.shield(job)
            except asyncio.CancelledError:
                await asyncio.gather(job, return_exceptions=True)  # its next piece finds us gone
                raise

    async def live(self, receive: Receive, send: Send) -> None:
        """Run until the end; a thread that is still in the app then ends with its call."""
        await receive()
        await send({"type": "lifespan.startup.complete"})
        try:
            await receive()
        finally:
            threads, self.threads = self.threads, None
            if threads is not None:
                threads.shutdown(wait=False, cancel_futures=True)
        await send({"type": "lifespan.shutdown.complete"})


async def spool(receive: Receive, body: IO[bytes]) -> int:
    """Write the request body to a file; return its size. Raises ClientGone."""
    size, more = 0, True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise ClientGone("the client left in the middle of its body")
        piece, more = message.get("body", b""), message.get("more_body", False)
        size += len(piece)
        await in_thread(body.write, piece) if size > _SPOOL else body.write(piece)
    body.seek(0)
    return size


class Call:
    """One call of a WSGI app, in its thread."""

    def __init__(self, send: Send, loop: asyncio.AbstractEventLoop) -> None:
        self.asgi_send = send
        self.loop = loop
        self.start: Message | None = None
        self.is_started = False

    def run(self, app: Callable[..., Iterable[bytes]], environ: dict[str, Any]) -> None:
        """Call the app and send what it yields."""
        result = app(environ, self.start_response)
        try:
            for piece in result:
                if piece:
                    self.write(piece)
            self.write(b"", more=False)
        finally:
            close = getattr(result, "close", None)
            if close is not None:
                close()

    def start_response(
        self, status: str, headers: list[tuple[str, str]], exc_info: Any = None
    ) -> Callable[[bytes], None]:
        """Keep the head of the response until its first piece (PEP 3333)."""
        if self.start is not None and (exc_info is None or self.is_started):
            raise exc_info[1] if exc_info else RuntimeError("start_response was called twice")
        raw = [(n.encode("latin-1"), v.encode("latin-1")) for n, v in headers]
        self.start = {"type": "http.response.start", "status": int(status[:3]), "headers": raw}
        return self.write

    def write(self, piece: bytes, *, more: bool = True) -> None:
        """Hand a piece to the loop and wait until there is room for the next. Raises ClientGone."""
        if self.start is None:
            raise RuntimeError("the WSGI app did not call start_response")
        asyncio.run_coroutine_threadsafe(self.send(self.start, piece, more), self.loop).result()
        self.is_started = True

    async def send(self, start: Message, piece: bytes, more: bool) -> None:
        """Send a piece, on the loop."""
        if not self.is_started:
            await self.asgi_send(start)
        await self.asgi_send({"type": "http.response.body", "body": piece, "more_body": more})


def environ_of(scope: Scope, body: Any, size: int) -> dict[str, Any]:
    """Return the WSGI environment of a scope."""
    root = scope["root_path"]
    client, server = scope["client"] or ("", 0), scope["server"] or ("localhost", 80)
    environ: dict[str, Any] = {
        "REQUEST_METHOD": scope["method"],
        "SCRIPT_NAME": root.encode().decode("latin-1"),
        "PATH_INFO": scope["path"][len(root) :].encode().decode("latin-1"),
        "QUERY_STRING": scope["query_string"].decode("latin-1"),
        "SERVER_NAME": server[0],
        "SERVER_PORT": str(server[1]),
        "SERVER_PROTOCOL": f"HTTP/{scope['http_version']}",
        "REMOTE_ADDR": client[0],
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": scope["scheme"],
        "wsgi.input": body,
        "wsgi.input_terminated": True,
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": True,
        "wsgi.multiprocess": True,
        "wsgi.run_once": False,
    }
    for raw_name, raw_value in scope["headers"]:
        name, value = raw_name.decode("latin-1").upper(), raw_value.decode("latin-1")
        key = name.replace("-", "_") if name == "CONTENT-TYPE" else f"HTTP_{name.replace('-', '_')}"
        separator = "; " if name == "COOKIE" else ", "
        environ[key] = f"{environ[key]}{separator}{value}" if key in environ else value
    environ.pop("HTTP_PROXY", None)  # a client must not set a program's proxy ("httpoxy")
    if environ.pop("HTTP_CONTENT_LENGTH", None) is not None or size:
        environ["CONTENT_LENGTH"] = str(size)
    return environ
