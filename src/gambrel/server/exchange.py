"""One request answered the general way: every kind of answer, at the pace of its client.

The short way needs none of this. The connection opens an `Exchange` when an answer does not come
at once, or is more than a baked head with some bytes.
"""

import asyncio
import logging
from collections.abc import AsyncGenerator, AsyncIterable, AsyncIterator, Coroutine
from contextlib import aclosing
from time import perf_counter
from typing import Any

from gambrel.core.http.response import Response
from gambrel.core.http.status import has_body
from gambrel.core.http.threads import batches
from gambrel.server.wire import FRAMING, bake, render_head, render_refusal
from gambrel.server.work import Work, name

__all__ = ["JOINED", "Exchange"]

JOINED = 64 * 1024
"""Bytes of the largest body that is copied, so that head and body are one write."""
CLIENT_GONE = 499
"""Told of where the client has left before its answer; never sent."""
_FAIR = 64
_log = logging.getLogger("gambrel.server")


class Exchange(Work):
    """A request and its answer on one connection."""

    is_endless = False
    """Whether the answer is a stream of events, which goes on as long as its client stays."""
    is_recent = True
    """Whether the client speaks HTTP/1.1."""
    size = 0
    started = 0.0
    status = 0

    def answer(self, response: Response) -> None:
        """Send `response`; once."""
        if self.is_answered or self.line.is_gone:
            self.drop(response)
            return
        self.is_answered = True
        self.task = None
        try:
            if response.opens:
                self.release()
                self.status = response.status
                self.line.switch(self, response)
                self.closed(response)
            elif response.for_request is not None or not isinstance(response.body, bytes):
                self.begin(self.send(response))
            else:
                self.release()
                self.send_whole(response, response.body)
                self.closed(response)
                self.line.finish(self)
        except Exception as error:
            self.broken(response, error)

    def hint(self, links: list[tuple[str, str]]) -> None:
        """Send an early hint (RFC 8297), if there is time for it and the client may know it."""
        if self.is_recent and not self.is_answered and not self.line.is_gone:
            self.line.write(render_head(103, links) + b"\r\n\r\n")

    def drop(self, response: Response) -> None:
        """Close an answer that nobody waits for any more."""
        self.is_answered = True
        if self.is_stuck:
            self.unstick()
        self.closed(response)
        self.release()

    def abandon(self) -> None:
        """The client has gone: stop what nobody needs, and tell of it if there was no answer."""
        super().abandon()
        if not self.is_answered:
            self.status = CLIENT_GONE
            self.report()

    def report(self) -> None:
        """Tell the access log, if there is one."""
        seconds = perf_counter() - self.started
        self.line.state.report(self.request, self.status, self.size, seconds)

    def broken(self, response: Response, error: BaseException) -> None:
        """Log an answer that cannot be sent, once, and break the connection off."""
        _log.error("sending the answer to %s failed", name(self.request), exc_info=error)
        self.sender = None
        self.release()
        self.closed(response)
        if not self.status and not self.line.is_gone:
            self.keep_alive = False
            self.status = 500
            is_head = self.request.method == "HEAD"
            self.line.write(render_refusal(500, self.line.state.clock.date, is_head=is_head))
            self.line.finish(self)
        else:
            self.report()
            self.line.abort()

    def closed(self, response: Response) -> None:
        """Give back what a response that was sent, or never will be, and its request hold."""
        is_whole = response.body.__class__ is bytes
        if response.callbacks or (not is_whole and isinstance(response.body, AsyncGenerator)):
            self.line.state.spawn(self.close(response))
        elif not self.is_stuck:
            self.request.close()

    async def close(self, response: Response) -> None:
        """Run the callbacks of a response, then drop the uploads that they may have used."""
        await self.line.state.close_response(response)
        if not self.is_stuck:  # what could not be stopped may still read them
            self.request.close()

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
        except asyncio.CancelledError as error:
            if not self.line.is_gone:  # nobody asked for that: it comes out of the body
                self.broken(response, error)
                return
            self.release()
            self.report()
            await self.close(response)
            raise
        except (Exception, SystemExit) as error:
            self.broken(response, error)
            return
        self.sender = None
        # The next request must not see what this body has set in its context.
        self.line.state.context.copy().run(self.line.finish, self)
        await self.close(response)

    async def resolve(self, response: Response) -> Response:
        """Return what a late response (a file, say) becomes for this request."""
        if response.for_request is None:
            return response
        try:
            method, headers = self.request.method, self.request.headers
            found: Response = await response.for_request(method, headers)
        except Exception as error:
            self.closed(response)
            found = await self.line.state.pipeline.failed(self.request, error)
        return found

    async def stream(self, response: Response, body: Any) -> None:
        """Send a body piece by piece, at the pace of the client."""
        line, promised = self.line, promised_length(response)
        self.is_endless = response.headers.get("content-type", "").startswith("text/event-stream")
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
        is_baked = response._headers is None and not self.line.is_dressed  # noqa: SLF001
        if is_baked and self.request.method != "HEAD":
            wire = bake(response._baked)  # noqa: SLF001
        if wire is not None and self.is_recent and self.stays():  # only a status with a body has it
            head = wire + b"%d" % len(body) + self.line.state.clock.date
        else:
            head = self.head(response, len(body))
            if self.request.method == "HEAD" or not has_body(response.status):
                body = b""
        self.status, self.size = response.status, len(body)
        if len(body) > JOINED:
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
                or max(body.received, body.length or 0) > self.line.state.limits.unread_body
            )
        ):
            self.keep_alive = False
        return self.keep_alive

    def head(self, response: Response, length: int | None, *, is_chunked: bool = False) -> bytes:
        """Return the head of an answer with `length` bytes of content, None where unknown."""
        status = response.status
        pairs = response.headers.pairs()
        # A baked head has the fields of all requests.
        if response._headers is not None or self.line.is_dressed:  # noqa: SLF001
            pairs = self.line.state.dress(response, self.request)
        if status == 426:
            pairs = [pair for pair in pairs if pair[0] not in FRAMING - {"upgrade"}]
            pairs.append(("connection", "upgrade"))
        else:
            pairs = [pair for pair in pairs if pair[0] not in FRAMING]
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
