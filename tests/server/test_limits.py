"""Each limit is a setting: its default refuses, and another value of it refuses something else."""

import asyncio
import math
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest

from gambrel.core.app.app import App
from gambrel.core.http.errors import GambrelError
from gambrel.defaults import ServerLimits
from gambrel.server.clock import Clock
from gambrel.server.limits import Limits, ServerSettings, limits_of, weakened
from gambrel.server.protocol import HTTPProtocol
from gambrel.server.serve import Server
from gambrel.server.state import ServerState
from tests.server.apps import echo_app
from tests.server.live import CLOSE, HOST, PATIENCE, request, run, serving, until
from tests.server.memory import MemoryTransport

SETTINGS = ServerSettings.__struct_fields__
FIELDS = [name for name in SETTINGS if name != "proxy_protocol"]  # which is no limit
DEFAULT = ServerSettings()


def app_with(**server: Any) -> App:
    """Return an app with settings of the server."""
    return echo_app(extensions=[ServerLimits()], server=server)[0]


def test_limits_cannot_be_changed_while_they_hold():
    with pytest.raises(AttributeError, match="immutable"):
        Limits().pending = 1  # type: ignore[misc]


@pytest.mark.parametrize(
    ("limits", "seconds"),
    [
        (Limits(), 1.0),
        (Limits(header_timeout=1.0), 0.5),
        (Limits(linger_timeout=0.0), 0.01),
        (Limits(idle_timeout=600.0), 1.0),
    ],
)
def test_the_clock_ticks_every_second_or_twice_within_the_shortest_time_out(limits, seconds):
    assert limits.tick == seconds


# The settings -----------------------------------------------------------------------------------


@pytest.mark.parametrize("name", FIELDS)
def test_every_limit_is_a_setting_of_the_section_server(name):
    value = getattr(DEFAULT, name) + 1

    limits = limits_of(app_with(**{name: value}))

    assert limits == Limits(**{name: value})


def test_an_app_without_the_section_has_the_defaults_and_its_own_grace():
    app, _ = echo_app(shutdown_grace=3)

    assert limits_of(app, idle_grace=0.5) == Limits(shutdown_grace=3, idle_grace=0.5)


def test_a_server_has_the_limits_of_its_app_unless_it_is_given_others():
    app = app_with(pending=7)

    assert Server(app, None).limits.pending == 7
    assert Server(app, None, limits=Limits(pending=8)).limits.pending == 8


@pytest.mark.parametrize("name", FIELDS)
def test_a_limit_below_what_makes_sense_is_refused(name):
    with pytest.raises(GambrelError, match=rf"server\.{name}"):
        app_with(**{name: -1}).build()


@pytest.mark.parametrize("name", FIELDS)
def test_more_than_the_default_is_weaker_unless_it_is_a_matter_of_taste(name):
    default = getattr(DEFAULT, name)
    more, less = (ServerSettings(**{name: value}) for value in (default + 1, default - 1))

    found = {kind: [one for one, *_ in weakened(kind)] for kind in (more, less, DEFAULT)}

    if name in {"backlog", "idle_grace", "retry_after", "shutdown_delay"}:
        weaker = []
    else:
        weaker = [less] if name == "body_rate" else [more]
    assert found == {kind: [name] if kind in weaker else [] for kind in (more, less, DEFAULT)}


def test_every_setting_of_the_server_says_what_it_is():
    section = app_with()
    section.build()

    told = [one for one in section.settings.describe() if one.section == "server"]

    assert [one.name for one in told if one.description] == list(SETTINGS)


# Sizes ------------------------------------------------------------------------------------------


def lines(count: int, size: int) -> bytes:
    """Return header lines of so many bytes each, without their ends."""
    return b"".join(b"X: " + b"x" * (size - 3) + b"\r\n" for _ in range(count))


SIZES: dict[str, tuple[int, bytes, int]] = {
    "request_line": (414, request("GET", "/?" + "x" * 8_192, CLOSE), 16_384),
    "header_line": (431, request("GET", "/", CLOSE + lines(1, 16_385)), 16_385),
    "header_block": (431, request("GET", "/", CLOSE + lines(3, 12_000)), 40_000),
    "header_fields": (431, request("GET", "/", CLOSE + lines(99, 10)), 101),
}


@pytest.mark.parametrize("name", SIZES)
def test_what_is_larger_than_the_default_is_refused_and_than_the_setting_taken(name):
    status, message, enough = SIZES[name]

    async def main(**server: Any) -> bytes:
        async with serving(app_with(**server)) as live:
            return await live.talk(message)

    assert run(main()).startswith(b"HTTP/1.1 %d " % status)
    assert run(main(**{name: enough})).startswith(b"HTTP/1.1 200 ")
    assert run(main(**{name: 256 if name != "header_fields" else 2})).startswith(
        b"HTTP/1.1 %d " % status
    )


def test_a_body_nobody_reads_keeps_the_connection_up_to_the_setting():
    async def main(**server: Any) -> bytes:
        async with serving(app_with(**server)) as live, await live.connect() as client:
            size = DEFAULT.unread_body + 1
            await client.send(request("POST", "/ignore", b"Content-Length: %d\r\n" % size))
            first = await client.answer()
            await client.send(b"x" * size + request("GET", "/", CLOSE))
            assert first.status == 200
            return await client.rest()

    assert run(main()) == b""
    assert run(main(unread_body=DEFAULT.unread_body + 1)).endswith(b"root")


def test_what_comes_ahead_of_the_handler_is_received_up_to_the_settings():
    pieces = {
        "body_buffer": request("POST", "/forget", b"Content-Length: 999999\r\n"),
        "pipeline_buffer": request("GET", "/later"),
    }

    async def main(name: str, size: int, **server: Any) -> bool:
        async with opened(**server) as line:
            line.feed(pieces[name])
            line.feed(b"x" * size)
            return line.is_paused

    for name in pieces:
        usual = getattr(DEFAULT, name)
        assert not run(main(name, usual))
        assert run(main(name, usual + 1))
        assert not run(main(name, usual + 1, **{name: usual * 2}))


# Times ------------------------------------------------------------------------------------------


class Line(MemoryTransport):
    """A connection whose clock is turned by hand, a second at a time."""

    def __init__(self, app: App) -> None:
        loop = asyncio.get_running_loop()
        self.state = ServerState(app, loop, Clock(loop), limits_of(app))
        self.state.clock.start()
        self.state.clock.stop()
        # Whole seconds: the sum of others is inexact, where the clock passes a power of two.
        self.time = self.state._ticked = math.floor(self.state.clock.now)
        self.has_left = False
        super().__init__(HTTPProtocol(self.state))

    def feed(self, data: bytes) -> None:
        self.protocol.data_received(data)

    def write_eof(self) -> None:
        self.has_left = True

    def get_write_buffer_size(self) -> int:
        return 1 << 20

    async def seconds(self, meanwhile: Callable[[], object] = lambda: None) -> int:
        """Return after how many seconds the server has had enough; 99 is never."""
        await settle()
        for second in range(1, 99):
            meanwhile()
            self.time += 1
            self.state.tick(self.time)
            await settle()
            if self.is_closing() or self.has_left:
                return second
        return 99


async def settle() -> None:
    """Let everything go on that can."""
    for _ in range(5):
        await asyncio.sleep(0)


@asynccontextmanager
async def opened(**server: Any) -> AsyncIterator[Line]:
    """Open an app with these settings, and a connection to it."""
    app = app_with(**server)
    async with app.running():
        line = Line(app)
        yield line
        line.state.abort()
        await asyncio.sleep(0)


UPLOAD = request("POST", "/echo", b"Content-Length: 99999\r\n")
TIMES = {
    "header_timeout": (b"GET / HTTP/1.1\r\n", b"", 408),
    "body_timeout": (UPLOAD + b"x" * 50_000, b"", 408),
    "body_rate_after": (UPLOAD, b"x", 408),
    "idle_timeout": (request("GET", "/"), b"", 200),
}


@pytest.mark.parametrize("name", TIMES)
@pytest.mark.parametrize("setting", [None, 3.0, 40.0])
def test_who_takes_longer_than_the_time_out_is_refused(name, setting):
    first, then, status = TIMES[name]

    async def main(**server: Any) -> tuple[int, bytes]:
        async with opened(**server) as line:
            line.feed(first)
            return await line.seconds(lambda: then and line.feed(then)), bytes(line.written)

    seconds, written = run(main(**({} if setting is None else {name: setting})))

    assert seconds == (getattr(DEFAULT, name) if setting is None else setting) + 1
    assert written.startswith(b"HTTP/1.1 %d " % status)
    assert written.count(b"HTTP/1.1 ") == 1


@pytest.mark.parametrize(("rate", "seconds"), [(None, 11), (200, 99), (201, 11)])
def test_a_body_that_arrives_more_slowly_than_its_rate_is_refused(rate, seconds):
    async def main(**server: Any) -> int:
        async with opened(**server) as line:
            line.feed(UPLOAD)
            return await line.seconds(lambda: line.feed(b"x" * 200))

    assert run(main(**({} if rate is None else {"body_rate": rate}))) == seconds


@pytest.mark.parametrize("setting", [None, 3.0, 40.0])
def test_who_does_not_read_is_cut_off_after_the_time_out(setting):
    async def main(**server: Any) -> int:
        async with opened(**server) as line:
            line.feed(request("GET", "/"))
            line.protocol.pause_writing()
            return await line.seconds()

    seconds = run(main(**({} if setting is None else {"write_timeout": setting})))

    assert seconds == (setting or DEFAULT.write_timeout) + 2  # the first look finds what is unsent


@pytest.mark.parametrize("setting", [None, 5.0])
def test_who_was_refused_has_the_time_to_read_why(setting):
    async def main(**server: Any) -> int:
        async with opened(**server) as line:
            line.feed(b"garbage\r\n\r\n")
            assert line.has_left
            line.has_left = False
            return await line.seconds()

    seconds = run(main(**({} if setting is None else {"linger_timeout": setting})))

    assert seconds == (setting or DEFAULT.linger_timeout) + 2


# Load -------------------------------------------------------------------------------------------


def test_one_connection_too_many_is_told_and_closed_and_there_is_room_again(caplog):
    async def main() -> tuple[bytes, int]:
        async with serving(app_with(connections=2, retry_after=9)) as live:
            async with await live.connect() as first, await live.connect() as second:
                for client in (first, second):
                    await client.send(request("GET", "/"))
                    assert (await client.answer()).status == 200
                refused = await live.talk(request("GET", "/"))
                await live.talk(request("GET", "/"))
            await until(lambda: not live.state.connections)
            return refused, (await live.get("/")).status

    refused, status = run(main())

    assert refused.startswith(b"HTTP/1.1 503 ")
    assert b"\r\nretry-after: 9\r\n" in refused
    assert refused.count(b"HTTP/1.1 ") == 1
    assert status == 200
    assert [record.getMessage() for record in caplog.records] == [
        "2 connections are open, as many as may be"
    ]


def test_requests_beyond_the_setting_are_told_when_to_come_again():
    async def main() -> tuple[int, str | None]:
        app, go = app_with(pending=1, retry_after=9), asyncio.Event()

        @app.get("/wait")
        async def wait() -> str:
            await asyncio.wait_for(go.wait(), PATIENCE)
            return "waited"

        async with serving(app) as live, await live.connect() as client:
            await client.send(b"GET /wait HTTP/1.1\r\n" + HOST + b"\r\n")
            await until(lambda: live.state.pending == 1)
            refused = await live.get("/")
            go.set()
            await client.answer()
            return refused.status, refused["retry-after"]

    assert run(main()) == (503, "9")
