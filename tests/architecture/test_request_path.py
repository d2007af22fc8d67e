"""A request passes the rooms of ARCHITECTURE.md in order, and few frames stand above a handler."""

import asyncio
import sys
from pathlib import Path
from types import FrameType
from typing import Any

import msgspec

from gambrel.core.app.app import App

# A call that opens a room → the room. Generated endpoints are files called `<endpoint …>`.
DOORS = {
    ("core/edges/asgi.py", "request_of"): "1 the wire becomes a Request",
    ("core/app/pipeline.py", "respond"): "2 pipeline",
    ("core/routing/paths.py", "match"): "3 routing",
    ("<endpoint>", "endpoint"): "4 binding",
    ("handler", "show"): "5 handler",
    ("core/http/response.py", "__init__"): "6 the value becomes a Response",
    ("core/edges/asgi.py", "send"): "7 the Response becomes the wire",
}
SCOPE = {
    "type": "http",
    "http_version": "1.1",
    "method": "GET",
    "scheme": "http",
    "path": "/items/nail",
    "raw_path": b"/items/nail",
    "query_string": b"count=3",
    "root_path": "",
    "headers": [(b"host", b"localhost")],
    "client": ("127.0.0.1", 50000),
    "server": ("127.0.0.1", 80),
}


class Item(msgspec.Struct):
    name: str
    count: int


def place(frame: FrameType) -> tuple[str, str]:
    """Return file and function of a frame, as `DOORS` names them."""
    code = frame.f_code
    if code.co_filename == __file__:
        return "handler", code.co_name
    if code.co_filename.startswith("<endpoint"):
        return "<endpoint>", code.co_name
    return Path(code.co_filename).as_posix().rpartition("/gambrel/")[2], code.co_name


def stack(frame: FrameType | None) -> list[str]:
    """Return the framework's files above a frame, innermost first."""
    files = []
    while frame is not None:
        file = place(frame)[0]
        if file.startswith(("core/", "server/", "<endpoint>")):
            files.append(file)
        frame = frame.f_back
    return files


def sample_app(above: list[str]) -> App:
    app = App()

    @app.get("/items/{name}")
    async def show(name: str, count: int) -> Item:
        above[:] = stack(sys._getframe())
        return Item(name, count)

    return app


async def receive() -> dict[str, Any]:
    return {"type": "http.request", "body": b"", "more_body": False}


async def trace(app: App) -> tuple[list[str], list[dict[str, Any]]]:
    """Send one request through the ASGI edge; return the rooms entered and what was sent."""
    entered: list[str] = []
    sent: list[dict[str, Any]] = []

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    def watch(frame: FrameType, event: str, _: object) -> None:
        room = DOORS.get(place(frame)) if event == "call" else None
        if room is not None and room not in entered:
            entered.append(room)

    async with app.running():
        sys.setprofile(watch)
        try:
            await app(dict(SCOPE), receive, send)
        finally:
            sys.setprofile(None)
    return entered, sent


def test_an_asgi_request_passes_the_rooms_in_their_order():
    rooms, sent = asyncio.run(trace(sample_app([])))

    assert sent[1]["body"] == b'{"name":"nail","count":3}'
    assert rooms == sorted(DOORS.values())


def test_few_frames_stand_above_a_handler():
    above: list[str] = []

    asyncio.run(trace(sample_app(above)))

    assert above == [
        "<endpoint>",
        "core/app/pipeline.py",
        "core/app/app.py",
        "core/edges/asgi.py",
        "core/edges/asgi.py",
        "core/app/app.py",
    ]
