"""Echo at /ws, and a room at /room whose visitors all get what is posted there."""

from gambrel import App, WebSocket
from gambrel.websockets import broadcast

app = App()
room: set[WebSocket] = set()


@app.get("/plaintext")
async def plaintext() -> str:
    return "Hello, World!"


@app.websocket("/ws")
async def echo(ws: WebSocket) -> None:
    async for message in ws:
        await ws.send(message)


@app.websocket("/room")
async def enter(ws: WebSocket) -> None:
    await ws.accept()
    room.add(ws)
    try:
        async for _ in ws:
            pass
    finally:
        room.discard(ws)


@app.post("/room")
async def say() -> int:
    return broadcast(room, {"said": "hello"})
