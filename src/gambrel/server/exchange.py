"""One request answered the general way: who works on it, until when, and how its answer is sent.

The short way needs none of this. The connection opens an `Exchange` when an answer does not come
at once, or is more than a baked head with some bytes.
"""

import asyncio
import logging
from collections.abc import AsyncGenerator, AsyncIterable, AsyncIterator, Callable, Coroutine
from contextlib import aclosing
from typing import Any, Protocol

from gambrel.core.http.errors import ServerError, ServiceUnavailable
from gambrel.core.http.request import Request
from gambrel.core.http.response import Response
from gambrel.core.http.status import has_body
from gambrel.core.http.threads import batches
from gambrel.server.body import BodyStream
from gambrel.server.state import ServerState
from gambrel.server.wire import FRAMING, bake, render_head, render_refusal

__all__ = ["Exchange", "Line"]

_SAFE = frozenset({"GET", "HEAD", "OPTIONS", "QUERY", "PROPFIND", "REPORT", "SEARCH"})
_JOIN = 64 * 1024
_FAIR = 64
_log = logging.getLogger("gambrel.server")


class Line(Protocol):
    """The connection, as an exchange uses it."""

    state: ServerState
    write: Callable[[bytes], None]
    is_gone: bool
    is_writable: bool

    async def writable(self) -> None:
        """Return when the send buffer has room; a client that has gone cancels the wait."""

    def finish(self, exchange: "Exchange") -> None:
        """Go on with the next message, or close."""

    def abort(self) -> None:
        """Break the connection off."""


class Exchange:
    """A request and its answer on one connection."""

    __slots__ = (
        "body",
        "deadline",
        "is_answered",
        "is_counted",
        "is_expired",
        "is_recent",
        "is_stuck",
        "keep_alive",
        "line",
        "request",
        "sender",
        "size",
        "started",
        "status",
        "stuck",
        "task",
    )

    def __init__(
        self,
        line: Line,
        request: Request,
        keep_alive: bool,
        *,
        started: float,
        is_recent: bool = True,
        body: BodyStream | None = None,
    ) -> None:
        self.line = line
        self.request = request
        self.keep_alive = keep_alive
        self.started = started
        self.is_recent = is_recent
        self.body = body
        self.deadline: float | None = None
        self.is_answered = False
        self.is_counted = False
        self.is_expired = False
        self.is_stuck = False
        self.size = 0
        self.status = 0
        self.task: asyncio.Task[Response] | None = None
        self.stuck: asyncio.Task[Response] | None = None
        self.sender: asyncio.Task[None] | None = None

    # Waiting for the handler ------------------------------------------------------------------

    def suspend(self) -> None:
        """The handler did not answer at once: count it, and set its deadline."""
        if self.is_answered or self.is_counted:
            return
        self.is_counted = True
        self.line.state.count()
        limits = getattr(self.request.endpoint, "limits", None)
        if limits is not None and limits.deadline is not None:
            self.deadline = self.line.state.loop.time() + limits.deadline

    def release(self) -> None:
        """The handler is done, unless it could not be stopped."""
        self.deadline = None
        if self.is_counted and not self.is_stuck:
            self.is_counted = False
            self.line.state.discount()

    def work(self, task: "asyncio.Task[Response]") -> None:
        """Remember the task of the handler."""
        self.task = task
        self.line.state.watch(task)
        task.add_done_callback(self.ended)

    def ended(self, task: "asyncio.Task[Response]") -> None:
        """Answer for a task that ended without an answer: cancelled, or broken."""
        if self.is_stuck and task is self.stuck:
            self.unstick()
            return
        if task is not self.task or not (task.cancelled() or task.exception()):
            return
        self.task = self.deadline = None
        if self.line.is_gone or self.is_answered:
            self.release()
        elif self.is_expired:
            self.line.state.fail(self.request, too_late(self.line.state))
        else:
            self.line.state.fail(self.request, ServerError("The handler was cancelled."))

    def tick(self, now: float, passed: float) -> None:
        """Cancel the handler at its deadline, and answer for it if that does not end it."""
        if self.deadline is None:
            return
        if self.body is not None and self.body.is_wanted:
            self.deadline += passed  # the client keeps the handler waiting, under its own limits
            return
        if now < self.deadline:
            return
        if self.task is not None and not self.is_expired:
            self.is_expired = True
            self.task.cancel()
            return
        # What cannot be stopped may still answer: nothing else may be asked on this connection.
        self.is_stuck = True
        self.stuck, self.task = self.task, None
        self.keep_alive = False
        self.deadline = None
        if not self.line.is_gone:
            self.line.state.fail(self.request, too_late(self.line.state))

    def unstick(self) -> None:
        """What could not be stopped has ended by itself."""
        self.is_stuck = False
        self.release()
        _log.warning("%s ended after its deadline; it was answered 503", name(self.request))

    def abandon(self) -> None:
        """The client has gone: stop what nobody needs any more."""
        if self.sender is not None:
            self.sender.cancel()
        if self.task is not None and self.stops_with_client():
            self.task.cancel()
        elif self.deadline is not None:
            self.line.state.orphans.add(self)

    def stops_with_client(self) -> bool:
        """Say whether the handler is cancelled when its client leaves."""
        limits = getattr(self.request.endpoint, "limits", None)
        if limits is None or limits.cancel_on_disconnect is None:
            return self.request.method in _SAFE
        return bool(limits.cancel_on_disconnect)

    def report(self) -> None:
        """Tell the access log, if there is one; its failures are its own."""
        log = self.line.state.log
        if log is None:
            return
        seconds = self.line.state.loop.time() - self.started
        try:
            log(self.request, self.status, self.size, seconds)
        except Exception:
            _log.exception("the access log failed")

    # Answering ----------------------------------------------------------------------------------

    def answer(self, response: Response) -> None:
        """Send `response`; once."""
        if self.is_answered or self.line.is_gone:
            self.drop(response)
            return
        self.is_answered = True
        self.task = None
        try:
            if hasattr(response, "for_request") or not isinstance(response.body, bytes):
                self.begin(self.send(response))
            else:
                self.release()
                self.send_whole(response, response.body)
                self.closed(response)
                self.line.finish(self)
        except Exception as error:
            self.broken(response, error)

    def drop(self, response: Response) -> None:
        """Close an answer that nobody waits for any more."""
        self.is_answered = True
        self.closed(response)
        if self.is_stuck:
            self.unstick()
        self.release()

    def broken(self, response: Response, error: Exception) -> None:
        """Log an answer that cannot be sent, once, and break the connection off."""
        _log.error("sending the answer to %s failed", name(self.request), exc_info=error)
        self.sender = None
        self.release()
        self.closed(response)
        if not self.status and not self.line.is_gone:
            self.keep_alive = False
            self.status = 500
            self.line.write(render_refusal(500, self.line.state.clock.date))
            self.line.finish(self)
        else:
            self.report()
            self.line.abort()

    def closed(self, response: Response) -> None:
        """Run the callbacks of a response that was sent, or never will be."""
        if response.callbacks or isinstance(response.body, AsyncGenerator):
            self.line.state.spawn(self.line.state.close_response(response))

    def begin(self, work: Coroutine[Any, Any, None]) -> None:
        """Run the sending as a task."""
        task = self.line.state.spawn(work)
        if not task.done():
            self.sender = task

    async def send(self, response: Response) -> None:
        """Send a response that takes its time, and close it."""
        try:
            response = await self.resolve(response)
            self.release()
            body = response.body
            if isinstance(body, bytes):
                self.send_whole(response, body)
            elif self.request.method == "HEAD" or not has_body(response.status):
                self.line.write(self.head(response, None))
            else:
                await self.stream(response, body)
        except asyncio.CancelledError:
            self.release()
            self.report()
            await self.line.state.close_response(response)
            raise
        except Exception as error:
            self.broken(response, error)
            return
        self.sender = None
        self.line.finish(self)
        await self.line.state.close_response(response)

    async def resolve(self, response: Response) -> Response:
        """Return what a late response (a file, say) becomes for this request."""
        for_request = getattr(response, "for_request", None)
        if for_request is None:
            return response
        try:
            found: Response = await for_request(self.request.method, self.request.headers)
        except Exception as error:
            self.closed(response)
            found = await self.line.state.pipeline.failed(self.request, error)
        return found

    async def stream(self, response: Response, body: Any) -> None:
        """Send a body piece by piece, at the pace of the client."""
        line, promised = self.line, promised_length(response)
        is_chunked = promised is None and self.is_recent
        if promised is None and not is_chunked:
            self.keep_alive = False  # HTTP/1.0: the end of the connection ends the body
        line.write(self.head(response, promised, is_chunked=is_chunked))
        number = 0
        async with aclosing(pieces_of(body)) as pieces:
            async for piece in pieces:
                self.size += len(piece)
                if promised is not None and self.size > promised:
                    raise ValueError(f"the body is longer than its content-length, {promised}")
                if is_chunked and piece:
                    line.write(b"%x\r\n%b\r\n" % (len(piece), piece))
                elif piece:
                    line.write(piece)
                number += 1
                if not line.is_writable:
                    await line.writable()
                elif number % _FAIR == 0:
                    await asyncio.sleep(0)
        if promised is not None and self.size < promised:
            raise ValueError(f"the body ended at {self.size} bytes of {promised}")
        if is_chunked:
            line.write(b"0\r\n\r\n")

    def send_whole(self, response: Response, body: bytes) -> None:
        """Send a buffered response."""
        wire = None
        if response._headers is None and self.request.method != "HEAD":  # noqa: SLF001
            wire = bake(response._baked)  # noqa: SLF001
        if wire is not None and self.is_recent and self.stays():
            head = b"%b%d%b" % (wire, len(body), self.line.state.clock.date)
        else:
            head = self.head(response, len(body))
        if self.request.method == "HEAD" or not has_body(response.status):
            body = b""
        self.status, self.size = response.status, len(body)
        if len(body) > _JOIN:
            self.line.write(head)
            self.line.write(body)
        else:
            self.line.write(head + body)

    def stays(self) -> bool:
        """Decide, once the answer is known, whether the connection serves further messages."""
        if self.line.state.is_draining:
            self.keep_alive = False
        body = self.body
        if (
            body is not None
            and not body.is_complete
            and (
                body.on_demand is not None  # nobody knows whether the client sends it now
                or body.has_failed
                or (body.length or 0) > self.line.state.limits.unread_body
            )
        ):
            self.keep_alive = False
        return self.keep_alive

    def head(self, response: Response, length: int | None, *, is_chunked: bool = False) -> bytes:
        """Return the head of an answer with `length` bytes of content, None where unknown."""
        status = response.status
        if response._headers is not None:  # noqa: SLF001 - a baked head is dressed
            response = self.line.state.app.dress(response)
        pairs = [pair for pair in response.headers.pairs() if pair[0] not in FRAMING]
        if "close" in response.headers.get("connection", "").lower():
            self.keep_alive = False
        if has_body(status):
            length = self.announced(response, length)
            if is_chunked:
                pairs.append(("transfer-encoding", "chunked"))
            elif length is not None:
                pairs.append(("content-length", str(length)))
        if not self.stays():
            pairs.append(("connection", "close"))
        elif not self.is_recent:
            pairs.append(("connection", "keep-alive"))
        head = render_head(status, pairs)
        self.status = status
        return head + (b"\r\n\r\n" if "date" in response.headers else self.line.state.clock.date)

    def announced(self, response: Response, length: int | None) -> int | None:
        """Return the length to announce: to HEAD that of the body which GET would get."""
        if self.request.method == "HEAD" and not length:
            promised = promised_length(response)
            return length if promised is None else promised
        return length


def promised_length(response: Response) -> int | None:
    """Return the length an application has announced. Raises ValueError where it is none."""
    text = response.headers.get("content-length")
    if text is not None and not (text.isascii() and text.isdigit()):
        raise ValueError(f"content-length {text!r} is not a number of bytes")
    return None if text is None else int(text)


async def pieces_of(body: Any) -> AsyncGenerator[bytes, None]:
    """Yield the pieces of an async body, or of a plain one that is stepped in a thread."""
    if isinstance(body, AsyncIterable):
        iterator: AsyncIterator[bytes] = aiter(body)
        try:
            async for piece in iterator:
                yield piece
        finally:
            if isinstance(iterator, AsyncGenerator):
                await iterator.aclose()
        return
    async with aclosing(batches(body)) as coming:
        async for batch in coming:
            yield b"".join(batch)


def too_late(state: ServerState) -> ServiceUnavailable:
    """Return the error of a handler that has passed its deadline."""
    return ServiceUnavailable("The answer took too long.", retry_after=state.limits.retry_after)


def name(request: Request) -> str:
    """Name a request in the log; `ascii` keeps control characters out of its lines."""
    return f"{request.method} {ascii(request.raw_path)[1:-1][:500]}"
