"""The endpoint of a WebSocket route: a handshake that is answered while its handler goes on.

The handler runs in a task of its own with all it depends on, and the handshake is answered once it
accepts: with `Opening`, which makes the edge hand its connection over. One that ends before that
answers with what it returned or raised, as any handler.
"""

import asyncio
import sys
from collections.abc import Awaitable, Callable
from typing import Any, ClassVar, get_args, get_origin

from msgspec.structs import replace

from gambrel.core.http.errors import Forbidden, GambrelError
from gambrel.core.http.request import Request
from gambrel.core.http.response import Response
from gambrel.core.http.types import Receive, Send
from gambrel.origins import OriginRules, is_own
from gambrel.websockets.asgi import serve
from gambrel.websockets.closing import GOING_AWAY, outcome
from gambrel.websockets.codec import Decode, decoder
from gambrel.websockets.limits import Limits
from gambrel.websockets.session import Session, wake
from gambrel.websockets.socket import WebSocket

__all__ = ["Opening", "endpoint_of"]

Call = Callable[[Request], Awaitable[Response]]
_EAGER: dict[str, Any] = {"eager_start": True} if sys.version_info >= (3, 12) else {}
_FOREIGN = "This WebSocket was opened by a page of another site."


class Opening(Response):
    """The answer that opens a WebSocket (RFC 6455 §4.2.2)."""

    opens: ClassVar[bool] = True

    def __init__(self, socket: WebSocket[Any]) -> None:
        super().__init__(b"", 101, socket.answer_headers.pairs())
        self.session = socket.session
        self.on_close(self.give_up)

    def give_up(self) -> None:
        """End the socket where the client has gone before this was sent."""
        if self.session.wire is None:
            self.session.end()

    async def serve_asgi(
        self, headers: list[tuple[bytes, bytes]], receive: Receive, send: Send
    ) -> None:
        """Serve the socket through the messages of ASGI."""
        await serve(self.session, headers, receive, send)


def endpoint_of(call: Any, failed: Any, plan: Any, limits: Limits, origins: OriginRules) -> Call:
    """Return what answers the handshakes of a route, whose handler is `call`.

    Without a plan it takes messages as they are, and `call` is given the socket.

    Raises:
        GambrelError: The handler is no `async def`, or takes no `WebSocket`.
    """
    decode = None if plan is None else decode_of(plan)

    async def endpoint(request: Request) -> Response:
        if not is_welcome(request, origins):
            refused: Response = await failed(request, Forbidden(_FOREIGN))
            return refused
        session = Session(limits)
        request.state[WebSocket] = socket = WebSocket[Any](request, session, decode)
        work = live(call(request, socket) if plan is None else call(request), session)
        session.task = task = asyncio.Task(work, loop=session.loop, **_EAGER)
        task.add_done_callback(lambda _: wake(session.accepted))
        try:
            await session.accepted
        except asyncio.CancelledError:
            task.cancel()
            raise
        if session.opened is None:  # it ended, and has never used its socket
            response = task.result()
            if response.status >= 300 or response.body:
                return response
            session.task = asyncio.Task(end(session, response), loop=session.loop, **_EAGER)
        return Opening(socket)

    return endpoint


async def live(work: Awaitable[Response], session: Session) -> Response:
    """Run a handler, and close its socket as its outcome asks for."""
    try:
        response = await work
    except asyncio.CancelledError:
        session.begin_close(GOING_AWAY, "")
        raise
    if session.opened is not None:
        await end(session, response)
    return response


async def end(session: Session, response: Response) -> None:
    """Close a socket whose handler is done."""
    await response.close()
    if session.closed is None:
        await session.close(*outcome(response))


def is_welcome(request: Request, origins: OriginRules) -> bool:
    """Say whether a handshake comes from a page of ours, or from no page at all.

    Browsers let any page open a socket to any site, with its cookies: only `Origin` tells.
    """
    origin = request.headers.first("origin")
    return origin is None or origins.allows(origin) or is_own(origin, request)


def decode_of(plan: Any) -> Decode | None:
    """Return the decoder of the messages that a handler takes. Raises GambrelError."""
    signature = plan.signature
    if not signature.is_async or signature.is_generator:
        what, hint = "is no coroutine function", f"write `async def {signature.name}(…)`"
        raise GambrelError("websockets.handler", f"{signature.name} {what}", signature.where, hint)
    plan.message = Any
    kinds = [p.annotation for p in signature.parameters if p.source == "provider"]
    found = next((kind for kind in kinds if WebSocket in {kind, get_origin(kind)}), None)
    if found is None:
        what = f"{signature.name} answers WebSockets and takes none"
        hint = f"write `async def {signature.name}(ws: WebSocket)`"
        raise GambrelError("websockets.handler", what, signature.where, hint)
    if not get_args(found):
        return None
    (plan.message,) = get_args(found)
    return decoder(plan.message)


def limited(limits: Limits, max_message: int | None) -> Limits:
    """Return the limits of a route."""
    return limits if max_message is None else replace(limits, max_message=max_message)
