"""`Exchange`: one request through an app's ASGI door, seen from the client's side.

The transports drive it: `take` tells what the app has sent or wants, `feed` hands over pieces of
the request body, `leave` hangs up. Pieces are never joined or held back; an app that outruns its
reader waits, as it would on a full socket. Knows no HTTP client.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any

from gambrel.core.http.request import ClientGone
from gambrel.core.http.types import ASGIApp, Message, Scope
from gambrel.extend import RequestFailed

__all__ = ["End", "Event", "Exchange", "Head", "Want", "watch_failures"]

HIGH_WATER = 64 * 1024
"""Bytes an app may be ahead of its reader: what a socket buffers, more or less."""

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS", "TRACE"})
_FAILED = "gambrel.testing.failed"
_GRACE = 5.0


@dataclass(frozen=True, slots=True)
class Head:
    """The app has begun its answer."""

    status: int
    headers: list[tuple[bytes, bytes]]


class Want(Enum):
    """The app waits for the next piece of the request body."""

    BODY = "body"


@dataclass(frozen=True, slots=True)
class End:
    """The app is done with the request; `error` is what it raised in the server's face."""

    error: BaseException | None
    is_complete: bool


Event = Head | bytes | Want | End


class Exchange:
    """One request and its answer; lives on the loop of the app.

    `body` is the whole request body, or None where `feed` brings it piece by piece. `error` is what
    the app raised in the server's face, `reported` an error that it did not expect and answered.
    """

    def __init__(self, app: ASGIApp, scope: Scope, body: bytes | None) -> None:
        self.error: BaseException | None = None
        self.reported: BaseException | None = None
        self.has_started = False
        self.is_complete = False
        self._app = app
        self._scope = {**scope, _FAILED: self._note}
        self._has_left = False
        self._wants_body = body is None
        self._inbox: asyncio.Queue[Message] = asyncio.Queue()
        self._events: list[Event] = []
        self._ahead = 0
        self._announced: int | None = None
        self._news = asyncio.Event()
        self._taken = asyncio.Event()
        if body is not None:
            self._inbox.put_nowait({"type": "http.request", "body": body, "more_body": False})
        self.task = asyncio.get_running_loop().create_task(self._run())

    async def take(self) -> Sequence[Event]:
        """Return what has happened since the last call; waits for something to happen."""
        while not self._events:
            self._news.clear()
            await self._news.wait()
        events, self._events = self._events, []
        self._ahead = 0
        self._taken.set()
        return events

    def feed(self, piece: bytes | None) -> None:
        """Hand over the next piece of the request body; None is its end."""
        if self._wants_body:
            self._wants_body = piece is not None
            body = {"body": piece or b"", "more_body": self._wants_body}
            self._inbox.put_nowait({"type": "http.request", **body})

    async def leave(self) -> None:
        """Hang up. An answer under way is cancelled, and so is a safe request; wait for its end.

        A request that may have changed something runs to its end, unwatched.
        """
        if not self.is_complete:
            self._has_left = True
            self._inbox.put_nowait({"type": "http.disconnect"})
            self._taken.set()
            if not self.has_started and self._scope["method"] not in SAFE_METHODS:
                return
            self.task.cancel()
        await asyncio.wait({self.task}, timeout=_GRACE)

    async def _run(self) -> None:
        try:
            await self._app(self._scope, self._receive, self._send)
        except (ClientGone, asyncio.CancelledError) as error:
            if not self._has_left:
                self.error = error
        except BaseException as error:  # an exit must end the test, not the loop
            self.error = error
        finally:
            self._put(End(self.error, self.is_complete))

    async def _receive(self) -> Message:
        if self._wants_body and self._inbox.empty():
            self._put(Want.BODY)
        message = await self._inbox.get()
        if message["type"] == "http.disconnect":  # said to everybody who asks
            self._inbox.put_nowait(message)
        return message

    async def _send(self, message: Message) -> None:
        kind = message["type"]
        if self._has_left:
            raise ClientGone("the client has left")
        if kind not in {"http.response.start", "http.response.body"}:
            raise RuntimeError(f"the app sent {kind!r} in answer to a request")
        if self.is_complete or self.has_started == (kind == "http.response.start"):
            raise RuntimeError(f"the app sent {kind!r} out of turn")
        if kind == "http.response.start":
            self.has_started = True
            self._begin(message["status"], [(bytes(n), bytes(v)) for n, v in message["headers"]])
        else:
            await self._send_piece(bytes(message.get("body", b"")), message.get("more_body", False))

    def _begin(self, status: int, headers: list[tuple[bytes, bytes]]) -> None:
        if self._scope["method"] != "HEAD" and status != 304:  # there it tells of another answer
            lengths = [value for name, value in headers if name.lower() == b"content-length"]
            self._announced = int(lengths[0]) if lengths else None
        self._put(Head(status, headers))

    async def _send_piece(self, piece: bytes, has_more: bool) -> None:
        if self._announced is not None:
            self._announced -= len(piece)
            if self._announced < 0 or (self._announced and not has_more):
                raise RuntimeError("the app sent more or less than its Content-Length announced")
        if piece and self._scope["method"] != "HEAD":
            self._put(piece)
            self._ahead += len(piece)
        if not has_more:
            self.is_complete = True
            self._inbox.put_nowait({"type": "http.disconnect"})
        elif self._ahead < HIGH_WATER:
            await asyncio.sleep(0)  # the reader and a cancellation have their turn
        else:
            self._taken.clear()
            await self._taken.wait()

    def _put(self, event: Event) -> None:
        self._events.append(event)
        self._news.set()

    def _note(self, error: BaseException) -> None:
        if not self._has_left:
            self.reported = error


@dataclass(frozen=True, slots=True)
class _FailureWatch:
    """A listener of the app that tells each exchange of its own errors."""

    event: type[RequestFailed] = RequestFailed
    priority: int = 0

    def hear(self, event: RequestFailed) -> None:
        scope = getattr(event.request.connection, "scope", {})
        if _FAILED in scope:
            scope[_FAILED](event.error)


def watch_failures(app: Any) -> None:
    """Let the exchanges of an app know the errors that it answers; once per app.

    Of an app in ASGI middleware, the app inside: by convention the attribute `app`.
    """
    while app is not None and not hasattr(app, "events"):
        app = getattr(app, "app", None)
    events = getattr(app, "events", None)
    if events is not None and not any(
        isinstance(entry, _FailureWatch) for entry in events.listeners(RequestFailed)
    ):
        events.add(_FailureWatch())
