import asyncio
import io
import json
import threading
from collections.abc import Callable
from typing import Any

import pytest

from gambrel.core.http.errors import BadRequest
from gambrel.core.http.request import Request
from gambrel.observability import access
from gambrel.observability.access import AccessWriter, Answered, render_line, render_object
from gambrel.testing import make_request

ONE = Answered(0.5, "192.0.2.1", "GET", "/items/7", "/items/{id}", 200, 12, 0.00123, "ab-1", "curl")


class Recorder(io.StringIO):
    """A stream that remembers how often it was written to."""

    writes = 0

    def __init__(self) -> None:
        super().__init__()
        self.was_written = threading.Event()

    def write(self, text: str) -> int:
        self.writes += 1
        written = super().write(text)
        self.was_written.set()
        return written


def written(request: Request, times: int = 1, **options: Any) -> Recorder:
    stream = Recorder()

    async def run() -> None:
        writer = AccessWriter(render_object, stream, **options)
        for _ in range(times):
            writer.record(request, 200, 12, 0.001)
        await writer.close()

    asyncio.run(run())
    return stream


def test_an_answer_is_a_json_object():
    assert json.loads(render_object(ONE)) == {
        "time": "1970-01-01T00:00:00.500Z",
        "logger": "access",
        "client": "192.0.2.1",
        "method": "GET",
        "path": "/items/7",
        "route": "/items/{id}",
        "status": 200,
        "size": 12,
        "seconds": 0.00123,
        "request": "ab-1",
        "agent": "curl",
    }


def test_an_answer_is_a_line_for_people():
    line = render_line(ONE)

    assert line == "1970-01-01T00:00:00.500Z 192.0.2.1 GET /items/7 200 12 1.2ms ab-1"
    assert render_line(ONE._replace(size=None, client="")).split()[1:6] == [
        "-", "GET", "/items/7", "200", "-",
    ]  # fmt: skip


@pytest.mark.parametrize("render", [render_object, render_line])
def test_no_path_or_header_can_forge_a_line(render: Callable[[Answered], str]):
    hostile = '/a\n{"status":200}\r\x1b[2J\u202e\u2028\x85\x7f'

    line = render(ONE._replace(path=hostile, agent=hostile, method="G\nET", client="a\nb"))

    assert all(" " <= char <= "~" for char in line)


def test_the_query_and_a_megabyte_of_path_are_not_told():
    request = make_request(
        "GET", "/" + "x" * 1_000_000 + "?token=abc", headers={"user-agent": "u" * 9_999}
    )

    line = written(request).getvalue()

    assert "token" not in line
    assert len(line) < 2_000


def test_lines_are_written_in_one_batch():
    stream = written(make_request(), 50)

    assert stream.writes == 1
    assert len(stream.getvalue().splitlines()) == 50


def test_a_full_batch_does_not_wait():
    stream = Recorder()

    async def run() -> None:
        writer = AccessWriter(render_object, stream, batch=3, delay=3_600)
        for _ in range(3):
            writer.record(make_request(), 200, 0, 0.0)
        assert await asyncio.to_thread(stream.was_written.wait, 10)

    asyncio.run(run())

    assert len(stream.getvalue().splitlines()) == 3


def test_a_few_lines_are_written_after_the_delay():
    stream = Recorder()

    async def run() -> None:
        writer = AccessWriter(render_object, stream, delay=0.001)
        writer.record(make_request(), 200, 0, 0.0)
        assert await asyncio.to_thread(stream.was_written.wait, 10)

    asyncio.run(run())

    assert len(stream.getvalue().splitlines()) == 1


def test_what_a_slow_disk_cannot_take_is_counted(monkeypatch):
    monkeypatch.setattr(access, "PENDING", 3)

    lines = written(make_request(), 10).getvalue().splitlines()

    assert len(lines) == 4
    assert json.loads(lines[-1]) == {"logger": "access", "lost": 7}


def test_a_stream_that_fails_is_told_once_and_ends_nothing(caplog):
    class Full(io.StringIO):
        def write(self, text: str) -> int:
            raise OSError("no space left")

    async def run() -> None:
        writer = AccessWriter(render_object, Full())
        writer.record(make_request(), 200, 0, 0.0)
        await writer.close()
        writer.record(make_request(), 200, 0, 0.0)
        await writer.close()

    asyncio.run(run())

    assert [record.getMessage() for record in caplog.records] == [
        "the access log could not be written"
    ] * 2


def test_nonsense_of_a_proxy_does_not_keep_an_answer_from_the_log():
    class Proxied:
        @property
        def proxies(self) -> Any:
            return self

        def resolve(self, *_: object) -> None:

            raise BadRequest("malformed forwarded scheme")

    line = written(make_request(app=Proxied())).getvalue()

    assert json.loads(line)["client"] == "127.0.0.1"
