"""Every kind of answer, for the long trials."""

import asyncio
import time
from collections.abc import AsyncIterator

from gambrel import App, Request, Response, ServerSentEvent, WebSocket
from gambrel.observability.metrics import Metrics

app = App(extensions=[Metrics()])


@app.get("/json")
async def json() -> dict[str, str]:
    return {"message": "Hello, World!"}


@app.get("/say/{word}")
async def say(word: str) -> str:
    return word


@app.get("/late/{word}")
async def late(word: str) -> str:
    await asyncio.sleep(0.001)
    return word


@app.get("/thread")
def thread() -> str:
    time.sleep(0.002)
    return "from a thread"


@app.get("/fail")
async def fail() -> Response:
    return Response("failed", 500)


@app.get("/large")
async def large() -> bytes:
    return bytes(2_000_000)


@app.get("/events")
async def events() -> AsyncIterator[ServerSentEvent]:
    number = 0
    while True:
        yield ServerSentEvent(number)
        number += 1
        await asyncio.sleep(0.01)


@app.post("/upload", max_body=10_000_000)
async def upload(request: Request) -> int:
    return sum([len(piece) async for piece in request.stream()])


@app.websocket("/echo")
async def echo(ws: WebSocket) -> None:
    async for message in ws:
        await ws.send(message)
