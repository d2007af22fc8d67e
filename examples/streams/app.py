"""Streams in both directions: pieces that come, pieces that go, and both at once."""

import asyncio
from collections.abc import AsyncIterator

from msgspec import Struct

from gambrel import App, JSONLines, Request, ServerSentEvent, Stream

app = App()
LARGE = 2**31


class Reading(Struct):
    """One value of a sensor."""

    at: int
    celsius: float


@app.post("/stream", max_body=LARGE)
async def answer_while_receiving(request: Request) -> Stream:
    """Send the body back with every 1 as an A, while it still comes."""

    async def pieces() -> AsyncIterator[bytes]:
        async for piece in request.stream():
            yield piece.replace(b"1", b"A")

    return Stream(pieces())


@app.put("/count", max_body=LARGE)
async def count(request: Request) -> int:
    """Count the bytes of a body of any size, in constant memory."""
    return sum([len(piece) async for piece in request.stream()])


@app.route("/words")
class Words:
    """The same in a class: words that end in a later piece are counted once."""

    async def post(self, request: Request) -> dict[str, int]:
        words, is_inside = 0, False
        async for piece in request.stream():
            for byte in piece:
                was_inside, is_inside = is_inside, not chr(byte).isspace()
                words += is_inside and not was_inside
        return {"words": words}


@app.get("/readings")
async def readings(number: int = 3) -> AsyncIterator[Reading]:
    """Typed items, one JSON value a line (JSON Lines)."""
    for at in range(number):
        yield Reading(at, 20 + at / 10)


@app.get("/table")
def table(rows: int = 3) -> JSONLines:
    """A plain generator runs in a thread, never on the event loop."""
    return JSONLines({"row": row, "square": row * row} for row in range(rows))


@app.get("/ticks")
async def ticks(
    request: Request, number: int = 3, pause: float = 0.0
) -> AsyncIterator[ServerSentEvent]:
    """Server-sent events; a browser that comes again goes on where it was."""
    last = request.headers.get("last-event-id", "-1")
    start = int(last) + 1 if last.isdecimal() else 0
    for tick in range(start, number):
        yield ServerSentEvent({"tick": tick}, event="tick", id=str(tick), retry=1000)
        await asyncio.sleep(pause)
