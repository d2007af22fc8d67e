"""The WebSockets of the app under test."""

import asyncio

from msgspec import Struct

from gambrel import Forbidden, Router, WebSocket

router = Router("/sockets")
ended = waits = 0


class Number(Struct):
    n: int


@router.websocket("/echo")
async def echo(ws: WebSocket) -> None:
    global ended
    async for message in ws:
        await ws.send(message)
    ended += 1


@router.websocket("/waiting")
async def waiting(ws: WebSocket) -> None:
    global waits, ended
    waits += 1
    try:
        await asyncio.Event().wait()
    finally:
        ended += 1


@router.get("/waits")
async def how_many_wait() -> int:
    return waits


@router.get("/ended")
async def how_many_ended() -> int:
    return ended


@router.websocket("/told/{room}")
async def told(ws: WebSocket, room: str, limit: int) -> None:
    await ws.accept("v2" if "v2" in ws.subprotocols else None, {"x-room": room})
    await ws.send([room, limit, ws.cookies["who"], ws.headers["x-a"], ws.request.scheme])
    await ws.close(4001, "enough")


@router.websocket("/no")
async def no(ws: WebSocket) -> None:
    raise Forbidden("not you")


@router.websocket("/typed")
async def typed(ws: WebSocket[Number]) -> None:
    async for _ in ws:
        pass


@router.websocket("/text")
async def text(ws: WebSocket[str]) -> None:
    async for _ in ws:
        pass


@router.websocket("/bytes")
async def octets(ws: WebSocket[bytes]) -> None:
    async for _ in ws:
        pass


@router.websocket("/strict")
async def strict(ws: WebSocket) -> None:
    await ws.receive()
    raise Forbidden("not that")


@router.websocket("/broken")
async def broken(ws: WebSocket) -> None:
    await ws.receive()
    raise RuntimeError("broken handler")


@router.websocket("/small", max_body=100)
async def small(ws: WebSocket) -> None:
    async for _ in ws:
        pass
