import asyncio
import logging
import threading
from collections.abc import AsyncIterator, Iterator
from typing import Annotated, Any

import pytest

from gambrel import Form, Request, Response, Stream, Upload
from gambrel.core.app.app import App
from gambrel.core.edges import asgi
from gambrel.core.http.errors import GambrelError
from gambrel.core.http.response import Baked, Reply
from tests.core.edges.server import Visit, scope_of, under_way, until, visit


def app_of(handler: Any, method: str = "GET", path: str = "/", **options: Any) -> App:
    app = App()
    app.add(path, handler, [method], **options)
    return app


# Requests --------------------------------------------------------------------------------------


def test_ports_that_come_as_text_are_numbers():
    async def show(request: Request) -> list[Any]:
        connection = request.connection
        return [connection.client, connection.server, request.client]

    sent = visit(app_of(show), client=("10.0.0.1", "99"), server=("127.0.0.1", "8000"))

    assert sent.body == b'[["10.0.0.1",99],["127.0.0.1",8000],"10.0.0.1"]'


def test_a_unix_socket_has_no_addresses():
    async def show(request: Request) -> list[Any]:
        return [request.connection.client, request.client]

    assert visit(app_of(show), client=None, server=None).body == b'[null,""]'


def test_the_root_path_is_part_of_urls_and_not_of_routes():
    app = App()

    @app.get("/items/{name}")
    async def show(name: str, request: Request) -> list[str]:
        return [
            request.path,
            request.root_path,
            str(request.url),
            request.url_for("show", name="b"),
        ]

    sent = visit(app, "/api%2Fv1/items/a", root_path="/api/v1")

    assert sent.body == (
        b'["/items/a","/api%2Fv1","http://localhost/api%2Fv1/items/a","/api%2Fv1/items/b"]'
    )


def test_redirects_for_slashes_keep_the_root_path():
    app = app_of(lambda: "x", path="/folder/")

    sent = visit(app, "/api/folder?a=b", root_path="/api")

    assert (sent.status, sent.header("location")) == (308, "/api/folder/?a=b")


def test_a_body_of_many_pieces_is_one_body():
    async def size(request: Request) -> int:
        return len(await request.body())

    assert visit(app_of(size, "POST"), "/", "POST", body=[b"ab"] * 50).body == b"100"


def test_http_2_has_bodies_without_length_and_no_connection_field():
    async def size(request: Request) -> Response:
        return Response(str(len(await request.body())), headers={"connection": "close"})

    async def scenario() -> Visit:
        app = app_of(size, "POST")
        async with app.running():
            return await Visit(scope_of("/", "POST", http_version="2"), [b"ab", b"c"]).run(app)

    sent = asyncio.run(scenario())

    assert (sent.body, sent.header("connection")) == (b"3", None)


def test_a_body_that_does_not_arrive_is_408(monkeypatch):
    monkeypatch.setattr(asgi, "_SILENCE", 0.01)

    async def size(request: Request) -> int:
        return len(await request.body())

    sent = visit(app_of(size, "POST"), "/", "POST", body=[b"ab", None, b"never"])

    assert (sent.status, sent.header("connection")) == (408, "close")


def test_a_body_that_drips_is_408(monkeypatch):
    monkeypatch.setattr(asgi, "_SLOW_AFTER", 0.0)

    async def size(request: Request) -> int:
        return len(await request.body())

    async def scenario() -> Visit:
        app = app_of(size, "POST")
        one = Visit(scope_of("/", "POST", headers=[(b"content-length", b"9")]), [b"a", None, b"b"])
        async with app.running(), under_way(app, one):
            await until(lambda: one.received == 2 or one.sent)
            await asyncio.sleep(0.01)
            one.go.set()
        return one

    assert asyncio.run(scenario()).status == 408


def test_a_handler_may_read_while_it_streams_and_leave_the_rest():
    async def first(request: Request) -> Stream:
        async def answer() -> AsyncIterator[bytes]:
            yield b"<"
            async for piece in request.stream():
                yield piece
                return

        return Stream(answer())

    assert visit(app_of(first, "POST"), "/", "POST", body=[b"a", b"b"]).body == b"<a"


def test_what_comes_before_it_is_read_is_kept_up_to_a_limit():
    reading, left = asyncio.Event(), 0

    async def count(request: Request) -> Stream:
        async def answer() -> AsyncIterator[bytes]:
            yield b"wait"
            await reading.wait()
            yield str(sum([len(piece) async for piece in request.stream()])).encode()

        return Stream(answer())

    async def scenario() -> tuple[int, bytes]:
        app = app_of(count, "POST", max_body=1 << 24)
        one = Visit(scope_of("/", "POST", headers=[(b"content-length", b"1000000")]))
        one.pieces = [b"x" * 10_000] * 100
        async with app.running(), under_way(app, one):
            await until(lambda: len(one.pieces) < 95)
            for _ in range(50):
                await asyncio.sleep(0)
            left = len(one.pieces)
            reading.set()
        return left, one.body

    left, body = asyncio.run(scenario())

    assert left > 90
    assert body == b"wait1000000"


# Responses -------------------------------------------------------------------------------------


def test_the_messages_of_an_answer():
    sent = visit(app_of(lambda: "text"))

    assert [message["type"] for message in sent.sent] == [
        "http.response.start",
        "http.response.body",
    ]
    assert (sent.status, sent.header("content-length"), sent.body) == (200, "4", b"text")


@pytest.mark.parametrize("status", [99, 101, 199, 600, 1000])
def test_an_impossible_status_never_reaches_the_server(status):
    sent = visit(app_of(lambda: Reply(Baked(status, ()), b"")))

    assert sent.status == 500


@pytest.mark.parametrize("bad", ["\r", "\n", "\0", "\u20ac"])
def test_a_bad_field_past_all_checks_never_reaches_the_server(bad, caplog):
    sent = visit(app_of(lambda: Reply(Baked(200, [("x", f"a{bad}b")]), b"")))

    assert (sent.status, sent.header("x")) == (500, None)
    assert len(caplog.records) == 1


def test_framing_is_the_servers():
    async def handler() -> Response:
        return Response(b"abc", headers={"transfer-encoding": "chunked", "content-length": "99"})

    sent = visit(app_of(handler))

    assert (sent.header("transfer-encoding"), sent.header("content-length")) == (None, "3")


def test_a_wish_to_close_is_passed_on():
    sent = visit(app_of(lambda: Response(b"", headers={"connection": "Close"})))

    assert sent.header("connection") == "close"


@pytest.mark.parametrize(("size", "connection"), [(1000, None), (100_000, "close")])
def test_a_large_body_that_nobody_read_closes(size, connection):
    async def handler() -> str:
        return "no"

    async def scenario() -> Visit:
        app = app_of(handler, "POST")
        headers = [(b"content-length", str(size).encode())]
        async with app.running():
            return await Visit(scope_of("/", "POST", headers=headers), [b"x", None]).run(app)

    assert asyncio.run(scenario()).header("connection") == connection


def test_a_head_is_sent_without_asking_the_stream():
    asked = []

    def pieces() -> Iterator[bytes]:
        asked.append("piece")
        yield b"x"

    async def handler() -> Stream:
        return Stream(pieces(), headers={"content-length": "1"})

    sent = visit(app_of(handler), method="HEAD")

    assert (sent.body, sent.header("content-length"), asked) == (b"", "1", [])


def test_a_plain_generator_is_stepped_in_a_thread():
    threads = set()

    def pieces() -> Iterator[bytes]:
        threads.add(threading.current_thread())
        yield b"x"

    async def handler() -> Stream:
        return Stream(pieces())

    assert visit(app_of(handler)).body == b"x"
    assert threading.main_thread() not in threads


def test_a_slow_server_slows_the_stream_down():
    made = 0

    async def handler() -> Stream:
        async def pieces() -> AsyncIterator[bytes]:
            nonlocal made
            for made in range(1, 1001):  # noqa: B007
                yield b"x"

        return Stream(pieces())

    async def scenario() -> int:
        app, one = app_of(handler), Visit(scope_of("/"))
        gate = asyncio.Event()

        async def hold(message: dict[str, Any]) -> None:
            if message["type"] == "http.response.body":
                await gate.wait()

        one.on_send = hold
        async with app.running(), under_way(app, one):
            await until(lambda: made)
            await asyncio.sleep(0.01)
            ahead = made
            gate.set()
        return ahead

    assert asyncio.run(scenario()) == 1


# Files -----------------------------------------------------------------------------------------


class Late(Response):
    """A response that is completed when its request is known, and that a server may send itself."""

    sendable = "/srv/large.bin"

    async def for_request(self, method, headers):
        return Response(self.body, 200 if "range" not in headers else 206)


async def pieces():
    yield b"x" * 100_000


OFFER = {"http.response.pathsend": {}}


def test_a_whole_file_is_left_to_a_server_that_offers_it():
    sent = visit(app_of(lambda: Late(pieces())), extensions=OFFER)

    assert sent.sent[1] == {"type": "http.response.pathsend", "path": "/srv/large.bin"}


@pytest.mark.parametrize(
    ("extensions", "headers"), [({}, []), (None, []), (OFFER, [(b"range", b"bytes=0-9")])]
)
def test_without_the_offer_or_in_parts_it_is_streamed(extensions, headers):
    sent = visit(app_of(lambda: Late(pieces())), extensions=extensions, headers=headers)

    assert len(sent.body) == 100_000


# Clean-up --------------------------------------------------------------------------------------


def closing(closed: list[str], body: Any = b"") -> Response:
    response = Response(body)
    response.on_close(lambda: closed.append("closed"))
    return response


def test_callbacks_run_after_the_answer():
    closed: list[str] = []

    visit(app_of(lambda: closing(closed)))

    assert closed == ["closed"]


def test_callbacks_run_when_the_answer_cannot_be_sent():
    closed: list[str] = []

    async def handler() -> Response:
        response = closing(closed)
        response.headers.pairs().append(("x", "a\nb"))
        return response

    assert (visit(app_of(handler)).status, closed) == (500, ["closed"])


def test_callbacks_run_when_the_stream_fails():
    closed: list[str] = []

    def broken() -> Iterator[bytes]:
        yield b"x"
        raise OSError("disk")

    with pytest.raises(OSError, match="disk"):
        visit(app_of(lambda: closing(closed, broken())))

    assert closed == ["closed"]


@pytest.mark.parametrize("type_", ["http.response.start", "http.response.body"])
def test_callbacks_run_when_the_server_says_that_the_client_has_left(type_):
    closed: list[str] = []

    async def refuse(message: dict[str, Any]) -> None:
        if message["type"] == type_:
            raise OSError("gone")

    async def scenario() -> None:
        app, one = app_of(lambda: closing(closed, iter([b"x"]))), Visit(scope_of("/"))
        one.on_send = refuse
        async with app.running():
            await one.run(app)

    asyncio.run(scenario())

    assert closed == ["closed"]


def test_a_failing_callback_is_logged_and_spoils_nothing(caplog):
    async def handler() -> Response:
        response = Response("fine")
        response.on_close(lambda: 1 / 0)
        return response

    with caplog.at_level(logging.ERROR):
        assert visit(app_of(handler)).body == b"fine"

    assert ["ZeroDivisionError" in str(record.exc_info) for record in caplog.records]
    assert len(caplog.records) == 1


def test_uploads_are_closed_with_the_request():
    kept: list[Upload] = []

    async def handler(file: Upload, note: Annotated[str, Form] = "") -> str:
        kept.append(file)
        return (await file.read()).decode() + note

    body = (
        b'--b\r\nContent-Disposition: form-data; name="file"; filename="f"\r\n\r\ncontent\r\n--b--'
    )
    kind = (b"content-type", b"multipart/form-data; boundary=b")
    sent = visit(app_of(handler, "POST"), "/", "POST", headers=[kind], body=[body])

    assert sent.body == b"content"
    assert kept[0]._file.closed


# Leaving ---------------------------------------------------------------------------------------


def leaving(method: str, **options: Any) -> list[str]:
    """Leave while a handler waits; return what became of it."""
    told = ["waits"]
    done = asyncio.Event()

    async def handler() -> str:
        try:
            await asyncio.wait_for(done.wait(), 0.05)
        except TimeoutError:
            told.append("ended")
        except asyncio.CancelledError:
            told.append("cancelled")
            raise
        return "answer"

    async def scenario() -> None:
        app, one = app_of(handler, method, **options), Visit(scope_of("/", method))
        async with app.running(), under_way(app, one):
            await asyncio.sleep(0)
            one.left.set()

    asyncio.run(scenario())
    return told


@pytest.mark.parametrize(
    ("method", "options", "end"),
    [
        ("GET", {}, "cancelled"),
        ("QUERY", {}, "cancelled"),
        ("POST", {}, "ended"),
        ("DELETE", {}, "ended"),
        ("GET", {"cancel_on_disconnect": False}, "ended"),
        ("POST", {"cancel_on_disconnect": True}, "cancelled"),
    ],
)
def test_who_leaves_stops_what_is_safe_to_stop(method, options, end):
    assert leaving(method, **options) == ["waits", end]


def test_who_leaves_stops_a_stream_and_its_generator():
    told: list[str] = []

    async def handler() -> Response:
        async def ticks() -> AsyncIterator[bytes]:
            try:
                while True:
                    yield b"tick"
                    await asyncio.sleep(0)
            finally:
                told.append("generator")

        response = Stream(ticks())
        response.on_close(lambda: told.append("callback"))
        return response

    async def scenario() -> None:
        app, one = app_of(handler, "POST"), Visit(scope_of("/", "POST"))
        async with app.running(), under_way(app, one):
            await until(lambda: len(one.sent) > 3)
            one.left.set()

    asyncio.run(scenario())

    assert told == ["generator", "callback"]


def test_a_body_that_is_cut_off_is_no_body(caplog):
    told = []

    async def handler(request: Request) -> None:
        try:
            await request.body()
        except ConnectionError as error:
            told.append(type(error).__name__)
            raise

    async def scenario() -> None:
        app = app_of(handler, "POST")
        one = Visit(scope_of("/", "POST", headers=[(b"content-length", b"9")]), [b"abc", None])
        async with app.running(), under_way(app, one):
            await until(lambda: one.received == 2)
            one.left.set()
            one.go.set()

    asyncio.run(scenario())

    assert (told, caplog.records) == (["ClientGone"], [])


def test_a_server_that_cancels_cancels_the_handler():
    told = []

    async def handler() -> None:
        try:
            await asyncio.sleep(60)
        finally:
            told.append("cancelled")

    async def scenario() -> None:
        app, one = app_of(handler, "POST"), Visit(scope_of("/", "POST"))
        async with app.running():
            task = asyncio.create_task(one.run(app))
            await asyncio.sleep(0.01)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task

    asyncio.run(scenario())

    assert told == ["cancelled"]


def test_no_task_is_left_behind():
    async def handler() -> str:
        await asyncio.sleep(0.001)
        return "done"

    async def scenario() -> set[Any]:
        app = app_of(handler)
        async with app.running():
            before = asyncio.all_tasks()
            await Visit(scope_of("/")).run(app)
            await asyncio.sleep(0)
            return asyncio.all_tasks() - before

    assert asyncio.run(scenario()) == set()


# Lifespan and other scopes -----------------------------------------------------------------------


def live(app: Any, *kinds: str) -> list[dict[str, Any]]:
    """Run the lifespan protocol; return what the app says."""
    told: list[dict[str, Any]] = []
    asked = [{"type": f"lifespan.{kind}"} for kind in kinds]

    async def receive() -> dict[str, Any]:
        return asked.pop(0)

    async def send(message: dict[str, Any]) -> None:
        told.append(message)

    async def scenario() -> None:
        await app({"type": "lifespan"}, receive, send)

    try:
        asyncio.run(scenario())
    except (RuntimeError, GambrelError) as error:
        told.append({"raised": error})
    return told


def test_the_lifespan_opens_and_closes_the_app():
    told, app = [], App()

    @app.lifespan
    async def life() -> AsyncIterator[None]:
        told.append("open")
        yield
        told.append("closed")

    said = [message["type"] for message in live(app, "startup", "shutdown")]

    assert said == ["lifespan.startup.complete", "lifespan.shutdown.complete"]
    assert told == ["open", "closed"]


def test_a_start_that_fails_is_told_with_its_trace():
    app = App()

    @app.lifespan
    async def life() -> AsyncIterator[None]:
        raise RuntimeError("no database")
        yield

    failed, raised = live(app, "startup")

    assert failed["type"] == "lifespan.startup.failed"
    assert "RuntimeError: no database" in failed["message"]
    assert "Traceback" in failed["message"]
    assert str(raised["raised"]) == "no database"


def test_a_mistake_of_the_application_is_told_in_its_own_words():
    app = App()
    app.add("/{a}", lambda: "", ["GET"], name="same")
    app.add("/b/{c}", lambda: "", ["GET"], name="same")
    app.add("/{a}", lambda: "", ["GET"])

    failed, _ = live(app, "startup")

    assert failed["type"] == "lifespan.startup.failed"
    assert "Traceback" not in failed["message"]


def test_a_stop_that_fails_is_told():
    app = App()

    @app.lifespan
    async def life() -> AsyncIterator[None]:
        yield
        raise RuntimeError("cannot close")

    kinds = [message.get("type") for message in live(app, "startup", "shutdown")]

    assert kinds == ["lifespan.startup.complete", "lifespan.shutdown.failed", None]


def test_without_a_lifespan_a_request_says_what_is_missing():
    app = app_of(lambda: "x")

    with pytest.raises(GambrelError, match="before the app was started") as error:
        asyncio.run(Visit(scope_of("/")).run(app))

    assert "lifespan" in error.value.hint


def test_a_refusal_is_a_bare_problem_and_runs_nothing():
    app = App()

    @app.middleware
    async def never(request: Any, call_next: Any) -> Any:
        raise AssertionError(request)

    sent = visit(app, "/", "TRACE")

    problem = b'{"type":"about:blank","title":"Method Not Allowed","status":405}'
    assert (sent.status, sent.body, sent.header("content-length")) == (405, problem, "64")
    assert sent.header("content-type") == "application/problem+json"
    assert sent.header("connection") == "close"
    assert visit(App(), "*", "OPTIONS").header("content-length") is None
