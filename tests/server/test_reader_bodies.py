"""Bodies over real sockets: in pieces, chunked, asked about, unread, cut off, too slow."""

import asyncio
import tracemalloc

import pytest

from gambrel.core.app.app import App
from gambrel.core.http.request import ClientGone, Request
from gambrel.server.limits import Limits
from tests.server.apps import echo_app
from tests.server.live import CLOSE, request, run, serving, until

MEGABYTE = 1 << 20
CHUNKED = b"Transfer-Encoding: chunked\r\n"

pytestmark = pytest.mark.usefixtures("every_loop")


def echo(*pieces: bytes) -> bytes:
    """Return what a fresh echo server answers to pieces sent with a pause between them."""

    async def main() -> bytes:
        app, _ = echo_app()
        async with serving(app) as live, await live.connect() as client:
            for piece in pieces:
                await client.send(piece)
                await asyncio.sleep(0.01)
            return await client.rest()

    return run(main())


def content(received: bytes) -> bytes:
    return received.partition(b"\r\n\r\n")[2]


def test_a_body_in_pieces_arrives_whole():
    head = request("POST", "/echo", CLOSE + b"Content-Length: 9\r\n")

    assert content(echo(head, b"one", b"two", b"six")) == b"onetwosix"


def test_a_chunked_body_arrives_without_its_framing_and_trailers():
    head = request("POST", "/echo", CLOSE + CHUNKED)

    received = echo(head, b"3;x=y\r\none\r\n", b"0003\r\ntwo\r\n0\r\n", b"X-Trailer: z\r\n\r\n")

    assert content(received) == b"onetwo"


@pytest.mark.parametrize(
    "chunks",
    [
        b"0x3\r\nabc\r\n0\r\n\r\n",
        b"+3\r\nabc\r\n0\r\n\r\n",
        b"-1\r\n",
        b"3 \r\nabc\r\n0\r\n\r\n",
        b"3\nabc\n0\n\n",
        b"3\r\nabcd\r\n0\r\n\r\n",
        b"3\r\nabc0\r\n\r\n",
        b"3;x\ny\r\nabc\r\n0\r\n\r\n",
        b"FFFFFFFFFFFFFFFFF\r\n",
        b"\r\n",
        b"0\r\nContent-Length: 5\r\n\r\n",
        b"0\r\nTransfer-Encoding: chunked\r\n\r\n",
        b"0\r\n\n",
        b"1;" + b"x" * 20_000 + b"\r\na\r\n0\r\n\r\n",
        b"0\r\n" + b"X: y\r\n" * 4_000 + b"\r\n",
    ],
)
def test_broken_chunks_are_refused_and_nothing_after_them_is_read(chunks):
    head = request("POST", "/echo", CHUNKED)

    received = echo(head + chunks + request("GET", "/", CLOSE))

    assert received.startswith(b"HTTP/1.1 400 ")
    assert received.count(b"HTTP/1.1 ") == 1


def test_100_continue_is_sent_when_the_handler_wants_the_body():
    async def main() -> tuple[int, bytes, bytes]:
        app, _ = echo_app()
        async with serving(app) as live, await live.connect() as client:
            head = b"Expect: 100-continue\r\nContent-Length: 4\r\n"
            await client.send(request("POST", "/echo", head))
            interim = await client.head()
            await client.send(b"body")
            first = await client.answer()
            await client.send(request("GET", "/"))
            return interim.status, first.body, (await client.answer()).body

    assert run(main()) == (100, b"body", b"root")


def test_without_interest_in_the_body_there_is_no_100_and_the_connection_closes():
    received = echo(
        request("POST", "/ignore", b"Expect: 100-continue\r\nContent-Length: 4\r\n"),
        b"body" + request("GET", "/", CLOSE),
    )

    assert received.count(b"HTTP/1.1 ") == 1
    assert received.startswith(b"HTTP/1.1 200 ")
    assert b"\r\nconnection: close\r\n" in received


@pytest.mark.parametrize("path", ["/ignore", "/missing"])
def test_a_small_body_nobody_reads_is_read_over(path):
    received = echo(
        request("POST", path, b"Content-Length: 4\r\n"), b"body" + request("GET", "/", CLOSE)
    )

    assert received.count(b"HTTP/1.1 ") == 2
    assert received.endswith(b"root")


def test_after_a_large_body_nobody_reads_the_connection_closes():
    received = echo(
        request("POST", "/ignore", b"Content-Length: 100000\r\n"),
        bytes(100_000) + request("GET", "/", CLOSE),
    )

    assert received.count(b"HTTP/1.1 ") == 1
    assert b"\r\nconnection: close\r\n" in received


def chunks_nobody_reads(number: int) -> bytes:
    """Return what is answered to a body of so many chunks of 32 KiB, and a request behind it."""
    chunk = b"8000\r\n" + bytes(0x8000) + b"\r\n"
    rest = chunk * number + b"0\r\n\r\n" + request("GET", "/", CLOSE)
    return echo(request("POST", "/ignore", CHUNKED), rest)


def test_chunks_under_way_when_the_answer_is_sent_are_read_over():
    received = chunks_nobody_reads(8)

    assert received.count(b"HTTP/1.1 ") == 2
    assert received.endswith(b"root")


def test_after_many_chunks_nobody_reads_the_connection_closes():
    assert chunks_nobody_reads(64).count(b"HTTP/1.1 ") == 1


def test_an_answer_behind_more_chunks_than_are_read_over_says_that_it_is_the_last():
    async def main() -> bytes:
        app = App()

        @app.post("/some")
        async def some(request: Request) -> int:
            total = 0
            async for piece in request.stream():
                total += len(piece)
                if total > 100_000:
                    break
            return total

        async with serving(app) as live, await live.connect() as client:
            chunk = b"8000\r\n" + bytes(0x8000) + b"\r\n"
            await client.send(request("POST", "/some", CHUNKED) + chunk * 4)
            return await client.rest()

    received = run(main())

    assert received.startswith(b"HTTP/1.1 200 ")
    assert b"\r\nconnection: close\r\n" in received


def test_an_answer_before_the_body_reaches_a_client_that_goes_on_sending():
    async def main() -> bytes:
        app, _ = echo_app()
        async with serving(app) as live, await live.connect() as client:
            await client.send(request("POST", "/ignore", b"Content-Length: 500000\r\n"))
            for _ in range(20):
                await client.send(bytes(10_000))
                await asyncio.sleep(0.002)
            return await client.rest()

    assert run(main()).startswith(b"HTTP/1.1 200 ")


def test_a_large_body_is_received_at_the_pace_of_its_handler():
    async def main() -> tuple[int, dict[str, int]]:
        go = asyncio.Event()
        found = {"bytes": 0}
        app = App()

        @app.post("/", max_body=100 * MEGABYTE, deadline=60)
        async def take(request: Request) -> None:
            await go.wait()
            async for piece in request.stream():
                found["bytes"] += len(piece)

        async with serving(app) as live, await live.connect() as client:
            await client.send(request("POST", "/", b"Content-Length: %d\r\n" % (50 * MEGABYTE)))
            await until(lambda: live.state.tasks)
            (connection,) = live.state.connections
            piece = bytes(MEGABYTE // 4)
            tracemalloc.start()
            sending = asyncio.create_task(send_all(client, piece, 200))
            await until(lambda: not connection.is_reading)
            waiting = not sending.done()
            go.set()
            await sending
            answer = await client.answer()
            peak = tracemalloc.get_traced_memory()[1]
            tracemalloc.stop()
            assert waiting
            assert answer.status == 204
            return peak, found

    peak, found = run(main())

    assert found == {"bytes": 50 * MEGABYTE}
    assert peak < 8 * MEGABYTE


async def send_all(client, piece: bytes, times: int) -> None:
    for _ in range(times):
        client.writer.write(piece)
        await client.writer.drain()


def test_a_client_that_leaves_in_the_middle_of_its_body_is_told_to_the_handler():
    async def main() -> list[str]:
        events: list[str] = []
        app = App()

        @app.post("/")
        async def take(request: Request) -> str:
            try:
                async for piece in request.stream():
                    events.append(piece.decode())  # noqa: PERF401 - one by one, until it fails
            except ClientGone:
                events.append("gone")
            return ""

        async with serving(app) as live:
            client = await live.connect()
            await client.send(request("POST", "/", b"Content-Length: 9\r\n") + b"some")
            await until(lambda: events)
            client.close()
            await until(lambda: len(events) == 2)
            await until(lambda: live.state.is_quiet)
        return events

    assert run(main()) == ["some", "gone"]


def test_many_requests_at_once_wait_without_being_read():
    async def main() -> tuple[bool, int, int]:
        go = asyncio.Event()
        app = App()

        @app.get("/wait")
        async def wait() -> str:
            await go.wait()
            return "waited"

        @app.get("/")
        async def root() -> str:
            return "root"

        async with serving(app) as live, await live.connect() as client:
            flood = request("GET", "/") * 200_000
            sending = asyncio.create_task(client.send(request("GET", "/wait") + flood))
            await until(lambda: live.state.pending)
            (connection,) = live.state.connections
            await until(lambda: not connection.is_reading)
            held, waiting = len(connection.reader.buffer), not sending.done()
            go.set()
            bodies = [(await client.answer()).body for _ in range(1001)]
            client.close()
            await asyncio.wait([sending])
            return waiting, held, bodies.count(b"root")

    waiting, held, answered = run(main())

    assert waiting
    assert held < MEGABYTE
    assert answered == 1000


# Time-outs ---------------------------------------------------------------------------------------


def closing_after(limits: Limits, *pieces: bytes, path: str = "/") -> bytes:
    """Return what a client receives until the server gives up on it."""

    async def main() -> bytes:
        app, _ = echo_app()
        async with serving(app, limits) as live, await live.connect() as client:
            for piece in pieces:
                await client.send(piece)
                await asyncio.sleep(0.01)
            return await client.rest()

    return run(main())


def test_a_head_that_does_not_arrive_is_refused():
    limits = Limits(header_timeout=0.1)

    assert closing_after(limits, b"GET / HTTP/1.1\r\nHost: ").startswith(b"HTTP/1.1 408 ")
    assert closing_after(limits, request("GET", "/"), b"G").count(b"HTTP/1.1 ") == 2


def test_a_head_that_trickles_is_refused():
    async def main() -> bytes:
        app, _ = echo_app()
        limits = Limits(header_timeout=0.2)
        async with serving(app, limits) as live, await live.connect() as client:
            reading = asyncio.create_task(client.rest())
            await client.send(b"GET / HTTP/1.1\r\n")
            while not reading.done():
                await client.send(b"X: y\r\n")
                await asyncio.sleep(0.02)
            return reading.result()

    assert run(main()).startswith(b"HTTP/1.1 408 ")


def test_a_body_that_stops_is_answered_408():
    head = request("POST", "/echo", b"Content-Length: 9\r\n")

    received = closing_after(Limits(body_timeout=0.1), head, b"some")

    assert received.startswith(b"HTTP/1.1 408 ")
    assert b"\r\nconnection: close\r\n" in received


def test_a_body_that_trickles_is_answered_408():
    async def main() -> bytes:
        app, _ = echo_app()
        limits = Limits(body_rate_after=0.1, body_rate=1000)
        async with serving(app, limits) as live, await live.connect() as client:
            reading = asyncio.create_task(client.rest())
            await client.send(request("POST", "/echo", b"Content-Length: 9000\r\n"))
            while not reading.done():
                await client.send(b"x")
                await asyncio.sleep(0.02)
            return reading.result()

    assert run(main()).startswith(b"HTTP/1.1 408 ")


def test_a_handler_that_takes_its_time_is_no_slow_client():
    async def main() -> bytes:
        app = App()

        @app.post("/")
        async def slow(request: Request) -> str:
            await asyncio.sleep(0.4)
            return str(len(await request.body()))

        limits = Limits(body_timeout=0.1, body_rate_after=0.1, body_buffer=1000)
        async with serving(app, limits) as live, await live.connect() as client:
            await client.send(request("POST", "/", b"Content-Length: 9000\r\n") + bytes(8000))
            await asyncio.sleep(0.05)
            await client.send(bytes(1000))
            return (await client.answer()).body

    assert run(main()) == b"9000"


def test_an_unread_body_that_stops_closes_the_connection():
    head = request("POST", "/ignore", b"Content-Length: 9\r\n")

    received = closing_after(Limits(body_timeout=0.1), head, b"some")

    assert received.startswith(b"HTTP/1.1 200 ")
    assert received.count(b"HTTP/1.1 ") == 1


def test_an_idle_connection_is_closed():
    limits = Limits(idle_timeout=0.1)

    assert closing_after(limits) == b""
    assert closing_after(limits, request("GET", "/")).endswith(b"root")
    assert closing_after(limits, request("GET", "/"), b"\r\n").endswith(b"root")


def test_a_client_that_never_reads_is_cut_off():
    async def main() -> None:
        app = App()

        @app.get("/")
        async def large() -> bytes:
            return bytes(20 * MEGABYTE)

        limits = Limits(write_timeout=0.1, linger_timeout=0.1)
        async with serving(app, limits) as live, await live.connect() as client:
            client.writer.transport.pause_reading()
            await client.send(request("GET", "/"))
            await until(lambda: live.state.connections)
            await until(lambda: not live.state.connections)

    run(main())
