"""A request passes the rooms of ARCHITECTURE.md in order, and few frames stand above a handler."""

import asyncio
import sys
from collections.abc import Callable
from pathlib import Path
from types import FrameType
from typing import Any

import msgspec
import pytest

from gambrel.core.app.app import App
from gambrel.server.clock import Clock
from gambrel.server.protocol import HTTPProtocol
from gambrel.server.state import ServerState

# A call that opens a room → the room. Generated endpoints are files called `<endpoint …>`.
ROOMS = {
    ("core/routing/paths.py", "match"): "3 routing",
    ("<endpoint>", "endpoint"): "4 binding",
    ("handler", "show"): "5 handler",
    ("core/http/response.py", "__init__"): "6 the value becomes a Response",
}
ON_ASGI = {
    ("core/edges/asgi.py", "request_of"): "1 the wire becomes a Request",
    ("core/app/pipeline.py", "respond"): "2 pipeline",
    **ROOMS,
    ("core/edges/asgi.py", "send"): "7 the Response becomes the wire",
}
ON_NATIVE = {
    ("server/protocol.py", "data_received"): "1 the wire becomes a Request",
    ("core/app/pipeline.py", "enter"): "2 pipeline",
    **ROOMS,
    ("server/protocol.py", "deliver"): "7 the Response becomes the wire",
}
MESSAGE = b"GET /items/nail?count=3 HTTP/1.1\r\nHost: localhost\r\n\r\n"
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


def sample_app(above: list[str], *, is_waiting: bool = False) -> App:
    app = App()

    async def show(name: str, count: int) -> Item:
        above[:] = stack(sys._getframe())
        return Item(name, count)

    async def show_later(name: str, count: int) -> Item:
        above[:] = stack(sys._getframe())
        await asyncio.sleep(0)
        return Item(name, count)

    app.get("/items/{name}")(show_later if is_waiting else show)
    return app


class Transport(asyncio.Transport):
    """Takes what a connection writes."""

    def __init__(self) -> None:
        super().__init__()
        self.written = b""

    def write(self, data: Any) -> None:
        self.written += data

    def get_extra_info(self, name: str, default: Any = None) -> Any:
        return ("127.0.0.1", 80) if name.endswith("name") else default


def watching(doors: dict[tuple[str, str], str], entered: list[str]) -> Callable[..., None]:
    """Return a profiler that writes down the rooms in the order they are first entered."""

    def watch(frame: FrameType, event: str, _: object) -> None:
        room = doors.get(place(frame)) if event == "call" else None
        if room is not None and room not in entered:
            entered.append(room)

    return watch


async def receive() -> dict[str, Any]:
    return {"type": "http.request", "body": b"", "more_body": False}


async def by_asgi(app: App) -> tuple[list[str], bytes]:
    """Send one request through the ASGI edge; return the rooms entered and the body sent."""
    entered: list[str] = []
    sent: list[dict[str, Any]] = []

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    async with app.running():
        sys.setprofile(watching(ON_ASGI, entered))
        try:
            await app(dict(SCOPE), receive, send)
        finally:
            sys.setprofile(None)
    return entered, sent[1]["body"]


async def by_native(app: App) -> tuple[list[str], bytes]:
    """The same through a connection of the native server."""
    entered: list[str] = []
    loop, transport = asyncio.get_running_loop(), Transport()
    clock = Clock(loop)
    async with app.running():
        protocol = HTTPProtocol(ServerState(app, loop, clock))
        clock.start()
        protocol.connection_made(transport)
        sys.setprofile(watching(ON_NATIVE, entered))
        try:
            protocol.data_received(MESSAGE)
            while not transport.written:  # noqa: ASYNC110 - before 3.12 a task waits its turn
                await asyncio.sleep(0)
        finally:
            sys.setprofile(None)
        protocol.connection_lost(None)
        clock.stop()
    return entered, transport.written.rpartition(b"\r\n\r\n")[2]


@pytest.mark.parametrize(
    ("send", "doors"), [(by_asgi, ON_ASGI), (by_native, ON_NATIVE)], ids=["asgi", "native"]
)
def test_a_request_passes_the_rooms_in_their_order(send, doors):
    rooms, body = asyncio.run(send(sample_app([])))

    assert body == b'{"name":"nail","count":3}'
    assert rooms == sorted(doors.values())


ASGI_FRAMES = ["core/app/app.py", "core/edges/asgi.py", "core/edges/asgi.py", "core/app/app.py"]


def test_few_frames_stand_above_a_handler():
    above: list[str] = []

    asyncio.run(by_asgi(sample_app(above, is_waiting=True)))

    assert above == ["<endpoint>", "core/app/pipeline.py", *ASGI_FRAMES]


def test_a_handler_that_cannot_wait_has_one_more_that_runs_it():
    above: list[str] = []

    asyncio.run(by_asgi(sample_app(above)))

    pipeline = ["core/app/pipeline.py"] * 2
    assert above == ["core/binding/unwaiting.py", "<endpoint>", *pipeline, *ASGI_FRAMES]


@pytest.mark.skipif(sys.version_info < (3, 12), reason="a task starts in a turn of its own")
def test_fewer_stand_there_on_the_native_server():
    above: list[str] = []

    asyncio.run(by_native(sample_app(above, is_waiting=True)))

    pipeline = ["core/app/pipeline.py"] * 2
    assert above == ["<endpoint>", *pipeline, "server/protocol.py"]


def test_four_stand_there_where_a_handler_cannot_wait():
    above: list[str] = []

    asyncio.run(by_native(sample_app(above)))

    assert above == [
        "core/binding/unwaiting.py",
        "<endpoint>",
        "core/app/pipeline.py",
        "server/protocol.py",
    ]
