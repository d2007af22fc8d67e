"""The short way and the general way give the same answers; order, logs and hand-overs."""

import asyncio
from collections.abc import AsyncIterator
from contextvars import ContextVar
from typing import Annotated

import httptools
import msgspec
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from gambrel.core.app.app import App
from gambrel.core.binding.markers import Depends
from gambrel.core.http.request import Request
from gambrel.core.http.response import Response
from gambrel.server.clock import Clock
from gambrel.server.protocol import HTTPProtocol
from gambrel.server.state import ServerState
from tests.server import live
from tests.server.apps import echo_app
from tests.server.live import CLOSE, HOST, PATIENCE, request, run, serving, until
from tests.server.memory import MemoryTransport

pytestmark = pytest.mark.usefixtures("every_loop")


def ask(*messages: bytes, app: App | None = None, **options):
    """Return the answers to messages on one connection, each sent after the answer before it."""

    async def main() -> list:
        served = app or echo_app()[0]
        async with serving(served, **options) as live, await live.connect() as client:
            found = []
            for message in messages:
                await client.send(message)
                found.append(await client.answer())
            return found

    return run(main())


def test_a_connection_serves_one_request_after_the_other():
    answers = ask(*[request("GET", path) for path in ("/", "/later", "/thread", "/", "/stream")])

    assert [answer.body for answer in answers] == [
        b"root",
        b"later",
        b"thread",
        b"root",
        b"piece 0;piece 1;piece 2;",
    ]


def test_headers_that_change_between_requests_are_those_of_their_own_request():
    first, second, third = ask(
        request("GET", "/headers", b"Cookie: a=1\r\n"),
        request("GET", "/headers", b"Cookie: a=2\r\n"),
        request("GET", "/headers"),
    )

    assert b'"a=1"' in first.body
    assert b'"a=2"' in second.body
    assert b"cookie" not in third.body


def test_pipelined_requests_see_their_own_headers():
    async def main() -> list[bytes]:
        app, _ = echo_app()
        async with serving(app) as live, await live.connect() as client:
            one = request("GET", "/headers", b"Cookie: a=1\r\n")
            two = request("GET", "/headers", b"Cookie: a=2\r\n")
            await client.send(one + two + one)
            return [(await client.answer()).body for _ in range(3)]

    bodies = run(main())

    assert [b"a=1" in body for body in bodies] == [True, False, True]


def test_pipelined_requests_are_answered_in_order_however_long_each_takes():
    async def main() -> list[bytes]:
        app, _ = echo_app()
        async with serving(app) as live, await live.connect() as client:
            paths = ["/later", "/", "/thread", "/stream", "/", "/nothing", "/later", "/rows"] * 10
            await client.send(b"".join(request("GET", path) for path in paths))
            return [(await client.answer()).body for _ in paths]

    bodies = run(main())

    assert bodies[:8] == [
        b"later",
        b"root",
        b"thread",
        b"piece 0;piece 1;piece 2;",
        b"root",
        b"",
        b"later",
        b"one;two;three;",
    ]
    assert bodies == bodies[:8] * 10


def test_a_foreign_host_after_one_of_ours_is_refused():
    async def main() -> tuple[int, bytes]:
        app, _ = echo_app()
        async with serving(app) as live, await live.connect() as client:
            await client.send(request("GET", "/"))
            first = await client.answer()
            await client.send(b"GET / HTTP/1.1\r\nHost: evil.example\r\n\r\n")
            return first.status, await client.rest()

    status, received = run(main())

    assert status == 200
    assert received.startswith(b"HTTP/1.1 400 ")


def test_a_request_that_asks_to_close_is_the_last():
    async def main() -> bytes:
        app, _ = echo_app()
        async with serving(app) as live, await live.connect() as client:
            await client.send(request("GET", "/", CLOSE))
            return await client.rest()

    received = run(main())

    assert b"\r\nconnection: close\r\n" in received
    assert received.endswith(b"root")


def test_methods_that_are_not_plain_reach_the_app():
    app = App()

    @app.route("/", methods=["PROPFIND"])
    async def found() -> str:
        return "found"

    (answer,) = ask(request("PROPFIND", "/"), app=app)

    assert answer.body == b"found"


def test_an_upgrade_nobody_takes_is_an_ordinary_request_with_its_body():
    upgrade = b"Connection: upgrade\r\nUpgrade: h2c\r\n"

    first, second = ask(request("POST", "/echo", upgrade, b"body"), request("GET", "/", upgrade))

    assert (first.status, first.body) == (200, b"body")
    assert second.body == b"root"


def test_the_connection_of_a_request_tells_its_addresses_and_version():
    async def main() -> tuple[int, list]:
        found = []
        app = App()

        @app.get("/")
        async def root(request: Request) -> str:
            connection = request.connection
            found.append(
                (request.client, connection.server[1], request.scheme, connection.http_version)
            )
            return ""

        async with serving(app) as live:
            await live.get("/")
            await live.talk(b"GET / HTTP/1.0\r\n" + HOST + b"\r\n")
            return live.port, found

    port, found = run(main())

    assert found == [("127.0.0.1", port, "http", "1.1"), ("127.0.0.1", port, "http", "1.0")]


def test_every_answer_is_told_to_the_access_log():
    lines = []

    def log(request: Request, status: int, size: int, seconds: float) -> None:
        lines.append((request.method, request.raw_path, status, size))
        assert 0 <= seconds < PATIENCE

    ask(
        *[request("GET", path) for path in ("/", "/later", "/rows", "/missing", "/nothing")],
        log=log,
    )

    assert lines == [
        ("GET", "/", 200, 4),
        ("GET", "/later", 200, 5),
        ("GET", "/rows", 200, 14),
        ("GET", "/missing", 404, 55),
        ("GET", "/nothing", 204, 0),
    ]


def test_an_access_log_that_fails_fails_alone(caplog):
    def log(*facts: object) -> None:
        raise OSError("disk full")

    first, second = ask(request("GET", "/"), request("GET", "/"), log=log)

    assert (first.body, second.body) == (b"root", b"root")
    assert [record.message for record in caplog.records] == ["an observer of answers failed"] * 2


def test_values_without_a_status_line_break_out_of_no_header():
    app = App()

    @app.get("/")
    async def root(request: Request) -> Response:
        return Response(b"", 200, {"x-echo": request.query["v"]})

    first, second = ask(
        request("GET", "/?v=a%0d%0aset-cookie:%20x=1"), request("GET", "/?v=fine"), app=app
    )

    assert first.status == 500
    assert first["set-cookie"] is None
    assert (second.status, second["x-echo"]) == (200, "fine")


def test_connections_leave_nothing_behind():
    async def main() -> None:
        app, _ = echo_app()
        async with serving(app) as live:
            for path in ("/", "/later", "/thread", "/stream", "/missing"):
                await live.get(path)
            client = await live.connect()
            await client.send(request("GET", "/later") * 3)
            client.close()
            await until(lambda: live.state.is_quiet)
            assert live.state.pending == 0
            assert not live.state.orphans

    run(main())


class Order(msgspec.Struct):
    item: str


@pytest.mark.parametrize("path", ["/async", "/thread", "/inline", "/with-dependency"])
def test_a_body_that_came_in_one_piece_keeps_the_limit_of_its_route(path):
    app = App()

    @app.post("/async", max_body=20)
    async def on_the_loop(order: Order) -> str:
        return order.item

    @app.post("/thread", max_body=20)
    def in_a_thread(order: Order) -> str:
        return order.item

    @app.post("/inline", max_body=20, inline=True)
    def inline(order: Order) -> str:
        return order.item

    async def ordered(order: Order) -> str:
        return order.item

    @app.post("/with-dependency", max_body=20)
    async def with_dependency(order: Annotated[str, Depends(ordered)]) -> str:
        return order

    def order(item: str) -> bytes:
        body = b'{"item":"%b"}' % item.encode()
        return request("POST", path, b"Content-Type: application/json\r\n", body)

    small, large = ask(order("tea"), order("t" * 20), app=app)

    assert (small.status, small.body, large.status) == (200, b"tea", 413)


def test_what_an_inline_handler_sets_in_its_context_ends_with_it():
    visitor: ContextVar[str] = ContextVar("visitor", default="nobody")
    app = App()

    @app.get("/inline", inline=True)
    def inline() -> str:
        visitor.set("somebody")
        return "set"

    @app.get("/after")
    async def after() -> str:
        return visitor.get()

    assert [
        answer.body for answer in ask(request("GET", "/inline"), request("GET", "/after"), app=app)
    ] == [b"set", b"nobody"]


def hinting(*, is_kept: bool = False) -> tuple[App, list[Request]]:
    """Return an app whose pages hint at their style sheet, and the requests it was sent."""
    app, kept = App(), []

    async def hint_first(request: Request, call_next):
        kept.append(request)
        await request.hint("</a.css>; rel=preload; as=style", "</b.js>; rel=preload")
        if is_kept:
            await kept[0].hint("</late.css>; rel=preload")
        return await call_next(request)

    @app.get("/page", middleware=[hint_first])
    async def page() -> str:
        return "page"

    @app.post("/page", middleware=[hint_first])
    async def save(request: Request) -> int:
        return len(await request.body())

    return app, kept


def test_an_early_hint_goes_ahead_of_the_answer():
    app, _ = hinting()

    early, page, early_again, saved = ask(
        request("GET", "/page"), b"", request("POST", "/page", b"", b"1234"), b"", app=app
    )

    assert [one.status for one in (early, page, early_again, saved)] == [103, 200, 103, 200]
    assert early.headers == [
        ("link", "</a.css>; rel=preload; as=style"),
        ("link", "</b.js>; rel=preload"),
    ]
    assert (page.body, saved.body) == (b"page", b"4")


def test_no_hint_is_sent_to_old_clients_or_for_a_request_that_was_answered():
    app, _ = hinting(is_kept=True)

    async def main() -> tuple[bytes, list[int]]:
        async with serving(app) as live:
            old = await live.talk(b"GET /page HTTP/1.0\r\n" + HOST + b"\r\n")
            async with await live.connect() as client:
                await client.send(request("GET", "/page") * 2)
                return old, [(await client.answer()).status for _ in range(4)]

    old, statuses = run(main())

    assert old.startswith(b"HTTP/1.1 200")
    assert statuses == [103, 200, 103, 200]


def test_what_a_handler_sets_in_its_context_ends_with_it():
    seen: ContextVar[int] = ContextVar("seen", default=0)
    app = App()

    @app.get("/")
    async def count() -> int:
        seen.set(seen.get() + 1)
        return seen.get()

    answers = ask(*[request("GET", "/")] * 3, app=app)

    assert [answer.body for answer in answers] == [b"1", b"1", b"1"]


@pytest.mark.parametrize("error", [GeneratorExit, KeyboardInterrupt, StopIteration, BaseException])
def test_whatever_a_thread_raises_is_answered(error):
    app = App()

    @app.get("/")
    def fail() -> str:
        raise error

    @app.get("/next")
    def follow() -> str:
        return "next"

    failed, answer = ask(request("GET", "/"), request("GET", "/next"), app=app)

    assert (failed.status, answer.body) == (500, b"next")


def test_an_error_handler_sees_what_the_handler_has_set_in_its_context():
    seen: ContextVar[str] = ContextVar("seen", default="nothing")
    app = App()

    @app.get("/")
    async def fail() -> str:
        seen.set("something")
        raise LookupError

    @app.get("/after")
    async def after() -> str:
        return seen.get()

    @app.on_error(LookupError)
    async def tell(_request: Request, _error: LookupError) -> Response:
        return Response(seen.get())

    answers = ask(request("GET", "/"), request("GET", "/after"), app=app)

    assert [answer.body for answer in answers] == [b"something", b"nothing"]


class Parsed:
    """What httptools makes of a message."""

    def __init__(self, message: bytes) -> None:
        self.target = b""
        self.ends = 0
        parser = httptools.HttpRequestParser(self)
        parser.feed_data(message)
        self.method = parser.get_method().decode()

    def on_url(self, piece: bytes) -> None:
        self.target += piece

    def on_message_complete(self) -> None:
        self.ends += 1


class Short(MemoryTransport):
    """A connection of which only the short way is left: it keeps what it took there."""

    def __init__(self, state: ServerState) -> None:
        self.taken: list[Request] = []
        state.enter = self.enter
        super().__init__(HTTPProtocol(state))

    def enter(self, request: Request) -> None:
        if self.protocol.reader is None:
            self.taken.append(request)
        self.protocol.is_idle = True


TAIL = b" HTTP/1.1\r\n" + HOST + b"\r\n"
LINES = st.one_of(
    st.binary(max_size=30),
    st.tuples(
        st.sampled_from([b"GET", b"get", b"PUT", b"HEAD", b"BREW", b"GET /x HTTP/1.1\r\nPOST"]),
        st.sampled_from([b" ", b"  ", b"\t", b"", b" /", b" /%"]),
        st.text(st.characters(max_codepoint=0x2FF), max_size=20).map(str.encode),
    ).map(b"".join),
)


@given(line=LINES)
@example(line=b"GET /users/42?limit=5&q=abc")
@example(line=b"GET /\x7f")
@example(line=b"GET /\r\n\r\nGET /")
@example(line=b"GET /#fragment")
def test_a_line_before_a_known_tail_is_read_as_the_parser_reads_it(line):
    async def main() -> list[Request]:
        app, _ = echo_app()
        loop = asyncio.get_running_loop()
        async with app.running():
            transport = Short(ServerState(app, loop, Clock(loop)))
            transport.protocol.data_received(b"GET /" + TAIL)
            transport.protocol.data_received(line + TAIL)
        return transport.taken

    first, *others = run(main())

    assert first.raw_path == "/"
    for taken in others:
        parsed = Parsed(line + TAIL)
        query = f"?{taken.query_string}" if "?" in parsed.target.decode() else ""
        assert parsed.ends == 1
        assert (parsed.method, parsed.target) == (taken.method, (taken.raw_path + query).encode())


@given(sizes=st.tuples(st.integers(1, 300), st.integers(0, 300)))
@example(sizes=(201, 70))
def test_part_of_a_body_behind_a_known_tail_is_not_taken_for_all_of_it(sizes):
    length, received = sizes

    async def main() -> list[Request]:
        app, _ = echo_app()
        loop = asyncio.get_running_loop()
        async with app.running():
            transport = Short(ServerState(app, loop, Clock(loop)))
            head = request("POST", "/echo", b"Content-Length: %d\r\n" % length)
            transport.protocol.data_received(head + b"x" * length)
            transport.protocol.data_received(head + b"y" * received)
        return transport.taken

    assert len(run(main())) == 1 + (received == length)


@pytest.mark.parametrize("debug", [True, False])
def test_a_developer_is_told_why_a_request_was_refused(debug, caplog):
    app, _ = echo_app(debug=debug)

    async def main() -> bytes:
        async with serving(app) as live:
            return await live.talk(b"GET / HTTP/1.1\r\n\r\n")

    received = run(main())

    assert received.startswith(b"HTTP/1.1 400 ")
    told = "a request was refused with 400: there is not exactly one Host"
    assert caplog.messages == ([told] if debug else [])


@pytest.mark.parametrize("debug", [True, False])
def test_a_refused_host_is_told_once(debug, caplog):
    app, _ = echo_app(debug=debug)

    async def main() -> None:
        async with serving(app) as live:
            for _ in range(2):
                await live.talk(b"GET / HTTP/1.1\r\nHost: other.example\r\n\r\n")

    run(main())

    [message] = caplog.messages
    assert message.startswith("host 'other.example' is refused")
    assert "GAMBREL_HOSTS" in message


def test_every_answer_is_logged_once_whichever_way_it_takes():
    app = App()

    @app.get("/plain")
    async def plain() -> str:
        return "plain"

    @app.get("/thread")
    def thread() -> str:
        return "thread"

    @app.get("/stream")
    async def stream() -> AsyncIterator[bytes]:
        yield b"stream"

    @app.get("/headers")
    async def headers() -> Response:
        return Response(b"headers", 201, {"x-a": "1"})

    lines: list[tuple[str, int, int]] = []
    paths = ["/plain", "/plain", "/thread", "/stream", "/headers", "/none", "/plain"]

    def log(request, status, size, seconds) -> None:
        assert 0 <= seconds < 60
        lines.append((request.raw_path, status, size))

    live.ask(app, *paths, log=log)

    assert [line[0] for line in lines] == paths
    assert [line[1] for line in lines] == [200, 200, 200, 200, 201, 404, 200]
    assert [line[2] for line in lines[:5]] == [5, 5, 6, 6, 7]
