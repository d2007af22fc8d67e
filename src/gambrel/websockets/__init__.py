"""WebSockets (RFC 6455): typed messages both ways, and a handler that lives as long as the socket.

    @app.websocket("/echo")
    async def echo(ws: WebSocket) -> None:
        async for message in ws:
            await ws.send(message)

The handshake is a request: middleware, dependencies and errors are those of any route. `connect`
opens one to another server.
"""

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from gambrel.websockets.client import ClientWebSocket, connect
    from gambrel.websockets.closing import WebSocketClosed
    from gambrel.websockets.extension import WebSockets
    from gambrel.websockets.failures import (
        ConnectionClosed,
        HandshakeFailed,
        UnexpectedMessage,
        WebSocketFailed,
    )
    from gambrel.websockets.limits import Limits
    from gambrel.websockets.socket import WebSocket, broadcast

__all__ = [
    "ClientWebSocket",
    "ConnectionClosed",
    "HandshakeFailed",
    "Limits",
    "UnexpectedMessage",
    "WebSocket",
    "WebSocketClosed",
    "WebSocketFailed",
    "WebSockets",
    "broadcast",
    "connect",
]

_HOMES = {
    "ClientWebSocket": "websockets.client",
    "ConnectionClosed": "websockets.failures",
    "HandshakeFailed": "websockets.failures",
    "Limits": "websockets.limits",
    "UnexpectedMessage": "websockets.failures",
    "WebSocket": "websockets.socket",
    "WebSocketClosed": "websockets.closing",
    "WebSocketFailed": "websockets.failures",
    "WebSockets": "websockets.extension",
    "broadcast": "websockets.socket",
    "connect": "websockets.client",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(importlib.import_module(f"gambrel.{_HOMES[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
