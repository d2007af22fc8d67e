"""What the scenarios ask for."""

import asyncio
import os
import time
from collections.abc import AsyncIterator

from gambrel import App, Request

app = App()
left: list[str] = []
LARGE = bytes(10_000_000)


@app.lifespan
async def told() -> AsyncIterator[None]:
    if "DIES" in os.environ:
        asyncio.get_running_loop().call_later(0.1, os._exit, 3)
    yield
    print("closed", ",".join(left), flush=True)  # noqa: T201 - read by the tests


@app.get("/")
async def home() -> str:
    return "here"


@app.get("/pid")
async def pid() -> int:
    return os.getpid()


@app.get("/wait/{seconds}")
async def wait(seconds: float) -> str:
    try:
        await asyncio.sleep(seconds)
    except asyncio.CancelledError:
        left.append(f"cancelled {seconds:g}")
        raise
    return "waited"


@app.get("/busy/{seconds}")
async def busy(seconds: float) -> str:
    time.sleep(seconds)  # noqa: ASYNC251 - as somebody does who knows no better
    return "busy"


@app.get("/large")
async def large() -> bytes:
    return LARGE


@app.post("/upload", max_body=10_000_000)
async def upload(request: Request) -> int:
    return sum([len(piece) async for piece in request.stream()])
