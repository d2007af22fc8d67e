import asyncio
import os
import time
from collections.abc import AsyncIterator, Iterator
from contextvars import ContextVar
from pathlib import Path

import pytest

from gambrel.core.app.app import App
from gambrel.core.http.bodies.forms import Upload
from gambrel.core.http.errors import NotFound
from gambrel.core.http.response import Response, Stream
from gambrel.files.response import FileResponse
from tests.server.apps import answering, echo_app
from tests.server.live import CLOSE, HOST, Answer, ask, request, run, serving, until

MEGABYTE = 1 << 20

pytestmark = pytest.mark.usefixtures("every_loop")


# Lengths -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", ["/", "/thread", "/later", "/target", "/missing"])
def test_head_is_answered_like_get_without_the_body(path):
    app, _ = echo_app()
    (got,) = ask(app, path)
    app, _ = echo_app()
    first, second = ask(app, path, "/", method="HEAD")

    assert first.status == got.status
    assert first["content-length"] == got["content-length"]
    assert second.status == 200


@pytest.mark.parametrize(("path", "status"), [("/nothing", 204), ("/cached", 304)])
def test_a_status_without_content_has_no_body_and_no_length(path, status):
    app, _ = echo_app()

    first, second = ask(app, path, "/")

    assert first.status == status
    assert first["content-length"] is None
    assert first["transfer-encoding"] is None
    assert second.body == b"root"


def test_a_stream_with_a_status_without_content_is_closed_unread():
    closed = []

    def response() -> Response:
        def pieces() -> Iterator[bytes]:
            closed.append("started")
            yield b"never"

        answer = Stream(pieces(), status=204)
        answer.on_close(lambda: closed.append("closed"))
        return answer

    first, second = ask(answering(response), "/", "/next")

    assert (first.status, first["transfer-encoding"]) == (204, None)
    assert second.body == b"next"
    assert closed == ["closed"]


def test_the_length_is_that_of_the_body_whatever_the_app_says():
    first, second = ask(
        answering(lambda: Response(b"four", 200, {"content-length": "99"})), "/", "/next"
    )

    assert (first["content-length"], first.body, second.body) == ("4", b"four", b"next")


def test_205_has_an_empty_body():
    (answer,) = ask(answering(lambda: Response(b"", 205)), "/")

    assert answer["content-length"] == "0"


def test_framing_fields_of_the_app_are_left_out():
    fields = {"transfer-encoding": "gzip", "keep-alive": "x", "upgrade": "y", "trailer": "z"}

    first, second = ask(answering(lambda: Response(b"body", 200, fields)), "/", "/next")

    assert not {name for name, _ in first.headers} & set(fields)
    assert second.body == b"next"


def test_an_app_may_close_the_connection():
    async def main() -> bytes:
        app = answering(lambda: Response(b"bye", 200, {"connection": "close"}))
        async with serving(app) as live, await live.connect() as client:
            await client.send(request("GET", "/"))
            return await client.rest()

    received = run(main())

    assert b"\r\nconnection: close\r\n" in received
    assert received.endswith(b"bye")


def test_a_date_of_the_app_is_the_only_one():
    date = "Mon, 01 Jan 2024 00:00:00 GMT"
    (answer,) = ask(answering(lambda: Response(b"", 200, {"date": date})), "/")

    assert [value for name, value in answer.headers if name == "date"] == [date]


def test_a_large_body_arrives_whole():
    (answer,) = ask(answering(lambda: Response(bytes(5 * MEGABYTE))), "/")

    assert len(answer.body) == 5 * MEGABYTE


def test_default_fields_are_set_on_answers_that_were_not_baked():
    app = answering(lambda: Response(b"body"))
    app.setup.response_header("X-Frame-Options", "DENY")

    first, second, third = ask(app, "/", "/next", "/missing")

    assert {first["x-frame-options"], second["x-frame-options"], third["x-frame-options"]} == {
        "DENY"
    }


# HTTP/1.0 ----------------------------------------------------------------------------------------


def test_http_1_0_closes_after_the_answer_unless_asked_not_to():
    async def main() -> tuple[bytes, int, bytes]:
        app, _ = echo_app()
        async with serving(app) as live:
            once = await live.talk(b"GET / HTTP/1.0\r\n" + HOST + b"\r\n")
            async with await live.connect() as client:
                stay = b"GET / HTTP/1.0\r\nConnection: keep-alive\r\n" + HOST + b"\r\n"
                await client.send(stay)
                first = await client.answer()
                await client.send(stay)
                return once, first.status, (await client.answer()).body

    once, status, body = run(main())

    assert once.startswith(b"HTTP/1.1 200 OK")
    assert (status, body) == (200, b"root")


def test_a_stream_to_http_1_0_is_ended_by_the_connection():
    async def main() -> bytes:
        app, _ = echo_app()
        async with serving(app) as live:
            keep = b"Connection: keep-alive\r\n"
            return await live.talk(b"GET /stream HTTP/1.0\r\n" + keep + HOST + b"\r\n")

    received = run(main())

    assert b"transfer-encoding" not in received
    assert b"\r\nconnection: close\r\n" in received
    assert received.endswith(b"\r\n\r\npiece 0;piece 1;piece 2;")


# Streams -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("path", "body"), [("/stream", b"piece 0;piece 1;piece 2;"), ("/rows", b"one;two;three;")]
)
def test_a_stream_is_chunked_and_the_connection_goes_on(path, body):
    app, _ = echo_app()

    first, second = ask(app, path, "/")

    assert first["transfer-encoding"] == "chunked"
    assert first["content-length"] is None
    assert (first.body, second.body) == (body, b"root")


def test_a_stream_of_known_length_is_not_chunked():
    async def pieces() -> AsyncIterator[bytes]:
        yield b"abc"
        yield b""
        yield b"de"

    first, second = ask(
        answering(lambda: Response(pieces(), 200, {"content-length": "5"})), "/", "/next"
    )

    assert first["transfer-encoding"] is None
    assert (first.body, second.body) == (b"abcde", b"next")


@pytest.mark.parametrize("length", ["2", "9"])
def test_a_stream_of_another_length_than_promised_breaks_off(length, caplog):
    async def pieces() -> AsyncIterator[bytes]:
        yield b"abc"

    async def main() -> bytes:
        app = answering(lambda: Response(pieces(), 200, {"content-length": length}))
        async with serving(app) as live:
            return await live.talk(request("GET", "/"))

    received = run(main())

    assert len(received.partition(b"\r\n\r\n")[2]) <= int(length)
    assert [record.levelname for record in caplog.records] == ["ERROR"]


@pytest.mark.parametrize("is_async", [True, False])
def test_an_error_in_a_stream_breaks_off_and_is_logged_once(is_async, caplog):
    closed = []

    async def broken() -> AsyncIterator[bytes]:
        yield b"first"
        raise RuntimeError("no more")

    def broken_too() -> Iterator[bytes]:
        yield b"first"
        raise RuntimeError("no more")

    def response() -> Response:
        answer = Stream(broken() if is_async else broken_too())
        answer.on_close(lambda: closed.append(True))
        return answer

    async def main() -> tuple[bytes, int]:
        async with serving(answering(response)) as live:
            received = await live.talk(request("GET", "/"))
            return received, (await live.get("/next")).status

    received, status = run(main())

    assert not received.endswith(b"0\r\n\r\n")
    assert status == 200
    assert [record.message for record in caplog.records] == ["sending the answer to GET / failed"]
    assert closed == [True]


def test_the_head_of_a_stream_is_there_before_its_first_piece():
    async def main() -> tuple[int, bytes]:
        go = asyncio.Event()

        async def pieces() -> AsyncIterator[bytes]:
            await go.wait()
            yield b"data"

        app = answering(lambda: Stream(pieces()))
        async with serving(app) as live, await live.connect() as client:
            await client.send(request("GET", "/"))
            head = await client.head()
            go.set()
            return head.status, await client.chunk()

    assert run(main()) == (200, b"data")


def test_a_stream_waits_for_a_client_that_does_not_read():
    async def main() -> tuple[int, int]:
        produced = 0

        async def pieces() -> AsyncIterator[bytes]:
            nonlocal produced
            for _ in range(50):
                produced += 1
                yield bytes(MEGABYTE)

        app = answering(lambda: Stream(pieces()))
        async with serving(app) as live, await live.connect() as client:
            client.writer.transport.pause_reading()
            await client.send(request("GET", "/"))
            await until(lambda: produced)
            before = -1
            while before != produced:
                before = produced
                await asyncio.sleep(0.1)
            client.writer.transport.resume_reading()
            await client.head()
            total = 0
            while chunk := await client.chunk():
                total += len(chunk)
            return before, total

    unread, total = run(main())

    assert unread < 20
    assert total == 50 * MEGABYTE


def test_a_client_that_leaves_ends_its_stream():
    async def main() -> list[str]:
        events: list[str] = []

        async def pieces() -> AsyncIterator[bytes]:
            try:
                while True:
                    yield b"tick"
                    await asyncio.sleep(0.001)
            finally:
                events.append("generator closed")

        def response() -> Response:
            answer = Stream(pieces())
            answer.on_close(lambda: events.append("response closed"))
            return answer

        async with serving(answering(response)) as live:
            client = await live.connect()
            await client.send(request("GET", "/"))
            await client.head()
            client.close()
            await until(lambda: len(events) == 2)
            await until(lambda: live.state.is_quiet)
        return events

    assert run(main()) == ["generator closed", "response closed"]


def test_a_sync_stream_whose_client_leaves_is_closed():
    async def main() -> list[str]:
        events: list[str] = []

        def pieces() -> Iterator[bytes]:
            try:
                while True:
                    yield bytes(10_000)
                    time.sleep(0.001)
            finally:
                events.append("closed")

        async with serving(answering(lambda: Stream(pieces()))) as live:
            client = await live.connect()
            await client.send(request("GET", "/"))
            await client.head()
            client.close()
            await until(lambda: events)
        return events

    assert run(main()) == ["closed"]


# Broken answers ----------------------------------------------------------------------------------


class Unheard(Response):
    """A response whose fields went past every check."""

    def __init__(self) -> None:
        super().__init__(b"body")
        self.headers.pairs().append(("x-bad", "a\r\nset-cookie: evil=1"))


class Odd(Response):
    """A response whose body is nothing that can be sent."""

    def __init__(self) -> None:
        super().__init__(b"")
        self.body = object()  # type: ignore[assignment]


@pytest.mark.parametrize("response", [Unheard, Odd])
def test_an_answer_that_cannot_be_sent_never_kills_the_worker(response, caplog):
    async def main() -> tuple[bytes, bytes]:
        async with serving(answering(response)) as live:
            received = await live.talk(request("GET", "/"))
            return received, (await live.get("/next")).body

    received, following = run(main())

    assert b"evil" not in received
    assert following == b"next"
    assert len(caplog.records) == 1


def test_a_failing_close_callback_is_logged_and_the_others_run(caplog):
    ran = []

    def response() -> Response:
        answer = Response(b"body")
        answer.on_close(lambda: 1 / 0)
        answer.on_close(lambda: ran.append("second"))
        return answer

    first, second = ask(answering(response), "/", "/next")

    assert (first.body, second.body, ran) == (b"body", b"next", ["second"])
    assert len(caplog.records) == 1


def test_a_file_is_sent_whole_in_parts_or_not_at_all(tmp_path):
    path = tmp_path / "data.bin"
    path.write_bytes(bytes(range(256)) * 1000)
    os.utime(path, (1_700_000_000, 1_700_000_000))

    async def main() -> list:
        app = answering(lambda: FileResponse(path))
        async with serving(app) as live, await live.connect() as client:
            await client.send(request("GET", "/"))
            whole = await client.answer()
            etag = f"If-None-Match: {whole['etag']}\r\n".encode()
            answers = [whole]
            for method, fields in (("HEAD", b""), ("GET", b"Range: bytes=1-3\r\n"), ("GET", etag)):
                await client.send(request(method, "/", fields))
                answers.append(await client.answer(method))
            await client.send(request("GET", "/next"))
            return [*answers, await client.answer()]

    whole, head, part, unchanged, following = run(main())

    assert (whole.status, len(whole.body)) == (200, 256_000)
    assert (head.status, head["content-length"]) == (200, "256000")
    assert (part.status, part.body) == (206, b"\x01\x02\x03")
    assert (unchanged.status, unchanged["content-length"]) == (304, None)
    assert following.body == b"next"


def test_a_response_that_is_made_for_its_request_is():
    class Late(Response):
        async def for_request(self, method: str, headers: object) -> Response:
            await asyncio.sleep(0)
            return Response(method.encode())

    first, second = ask(answering(Late), "/", "/next")

    assert (first.body, second.body) == (b"GET", b"next")


def test_an_error_of_a_late_response_is_answered_by_the_app():
    class Late(Response):
        async def for_request(self, method: str, headers: object) -> Response:
            raise NotFound

    first, second = ask(answering(Late), "/", "/next")

    assert (first.status, first["content-type"]) == (404, "application/problem+json")
    assert second.body == b"next"


def test_a_body_that_is_cancelled_from_within_breaks_off(caplog):
    async def pieces() -> AsyncIterator[bytes]:
        yield b"piece"
        waited_for = asyncio.ensure_future(asyncio.sleep(60))
        waited_for.cancel()
        await waited_for

    async def main() -> bytes:
        async with serving(answering(lambda: Stream(pieces()))) as live:
            got = await live.talk(request("GET", "/"))
            assert live.state.is_quiet
            return got

    got = run(main())

    assert got.endswith(b"5\r\npiece\r\n")
    assert "sending the answer to GET / failed" in caplog.text


def test_what_a_stream_sets_in_its_context_ends_with_it():
    visitor: ContextVar[str] = ContextVar("visitor", default="nobody")

    async def pieces() -> AsyncIterator[bytes]:
        visitor.set("somebody")
        yield b"piece"
        await asyncio.sleep(0)

    app = answering(lambda: Stream(pieces()))

    @app.get("/who")
    async def who() -> str:
        return visitor.get()

    async def main() -> list[bytes]:
        async with serving(app) as live, await live.connect() as client:
            await client.send(request("GET", "/") + request("GET", "/who"))
            return [(await client.answer()).body for _ in range(2)]

    assert run(main()) == [b"piece", b"nobody"]


@pytest.mark.parametrize("path", ["/baked", "/own", "/nothing"])
@pytest.mark.parametrize(
    ("proto", "expected"), [(b"https", "max-age=60"), (b"http", None), (b"", None)]
)
def test_fields_for_https_alone_are_sent_where_the_request_came_by_it(path, proto, expected):
    app = App(trusted_proxies=["127.0.0.1"])
    app.setup.response_header("strict-transport-security", "max-age=60", on="https")
    app.get("/baked")(baked)
    app.get("/own")(own)
    app.get("/nothing")(nothing)
    forwarded = b"X-Forwarded-Proto: " + proto + b"\r\nX-Forwarded-For: 192.0.2.1\r\n"

    async def main() -> Answer:
        async with serving(app) as live, await live.connect() as client:
            await client.send(request("GET", path, forwarded if proto else b""))
            await client.answer()  # the second one could take the short way
            await client.send(request("GET", path, forwarded if proto else b""))
            return await client.answer()

    assert run(main())["strict-transport-security"] == expected


# Uploads -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", ["/baked", "/thread", "/streamed", "/callback", "/broken"])
def test_uploads_on_disk_are_closed_with_the_answer_though_something_refers_to_them(path):
    app, kept, seen = App(), [], []

    @app.post("/baked")
    async def _(file: Upload) -> str:
        kept.append(file)
        return str(len(await file.read()))

    @app.post("/thread")
    def _(file: Upload) -> str:
        kept.append(file)
        return str(file.size)

    @app.post("/streamed")
    async def _(file: Upload) -> AsyncIterator[str]:
        kept.append(file)
        yield ""
        yield str(len(await file.read()))

    @app.post("/callback")
    async def _(file: Upload) -> Response:
        async def read() -> None:
            seen.append(len(await file.read()))

        kept.append(file)
        response = Response(str(file.size))
        response.on_close(read)
        return response

    @app.post("/broken")
    async def _(file: Upload) -> AsyncIterator[str]:
        kept.append(file)
        yield str(file.size)
        raise ValueError

    async def main() -> None:
        async with serving(app) as live:
            await live.get("/")  # what a first connection opens stays open
            before = descriptors()
            for number in range(1, 6):
                async with await live.connect() as client:
                    await client.send(request("POST", path, MULTIPART + CLOSE, UPLOAD))
                    assert b"%d" % (MEGABYTE + 1) in await client.rest()
                await until(lambda: len(kept) == number and kept[-1]._file.closed)  # noqa: B023
            await until(lambda: descriptors() <= before)

    run(main())

    assert not kept[0].in_memory
    assert seen == ([MEGABYTE + 1] * 5 if path == "/callback" else [])


def test_an_upload_is_closed_when_its_client_leaves_before_the_answer():
    app, kept = App(), []

    @app.post("/", cancel_on_disconnect=True)
    async def _(file: Upload) -> None:
        kept.append(file)
        await asyncio.Event().wait()

    async def main() -> None:
        async with serving(app) as live:
            async with await live.connect() as client:
                await client.send(request("POST", "/", MULTIPART, UPLOAD))
                await until(lambda: kept)
            await until(lambda: kept[0]._file.closed)

    run(main())


def descriptors() -> int:
    return len([*Path("/dev/fd").iterdir()])


MULTIPART = b"Content-Type: multipart/form-data; boundary=b\r\n"
UPLOAD = (
    b'--b\r\nContent-Disposition: form-data; name="file"; filename="f"\r\n\r\n%b\r\n--b--'
    % bytes(MEGABYTE + 1)
)


async def baked() -> str:
    return "baked"


async def own() -> Response:
    return Response("own")


async def nothing() -> None:
    """Answer 204."""
