import asyncio
import contextvars
import importlib
import logging
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from gambrel import App
from gambrel.mounts import wsgi
from tests.core.edges.server import Visit, scope_of, under_way, until, visit

Start = Callable[..., Any]


def mounting(app: Any, at: str = "/in", **options: Any) -> App:
    outer = App()
    outer.mount(at, app, **options)
    return outer


def environ_for(target: str = "/in/", method: str = "GET", **given: Any) -> dict[str, Any]:
    """Return what a WSGI app is told of a request."""
    told: dict[str, Any] = {}

    def show(environ: dict[str, Any], start_response: Start) -> list[bytes]:
        told.update(environ, body=environ["wsgi.input"].read())
        start_response("204 No Content", [])
        return []

    assert visit(mounting(show, given.pop("at", "/in")), target, method, **given).status == 204
    return told


# The environment -------------------------------------------------------------------------------


def test_the_path_is_split_at_the_mount():
    environ = environ_for("/in/caf%C3%A9/a%2Fb?x=%20", at="/in/{shop}")

    assert environ["SCRIPT_NAME"].encode("latin-1").decode() == "/in/café"
    assert (environ["PATH_INFO"], environ["QUERY_STRING"]) == ("/a/b", "x=%20")


def test_request_line_and_addresses():
    environ = environ_for("/in/", "DELETE")

    assert environ["REQUEST_METHOD"] == "DELETE"
    assert environ["SERVER_PROTOCOL"] == "HTTP/1.1"
    assert (environ["REMOTE_ADDR"], environ["SERVER_NAME"]) == ("127.0.0.1", "127.0.0.1")
    assert (environ["SERVER_PORT"], environ["wsgi.url_scheme"]) == ("80", "http")


def test_fields_are_joined_and_content_fields_have_their_own_names():
    environ = environ_for(
        "/in/",
        "POST",
        headers=[
            (b"content-type", b"text/plain"),
            (b"x-a", b"1"),
            (b"x-a", b"2"),
            (b"cookie", b"a=1"),
            (b"cookie", b"b=2"),
            (b"x-b", b"\xe9"),
        ],
        body=[b"abc"],
    )

    assert (environ["CONTENT_TYPE"], environ["CONTENT_LENGTH"]) == ("text/plain", "3")
    assert (environ["HTTP_X_A"], environ["HTTP_COOKIE"]) == ("1, 2", "a=1; b=2")
    assert environ["HTTP_X_B"] == "é"
    assert environ["HTTP_HOST"] == "localhost"
    assert not {"HTTP_CONTENT_TYPE", "HTTP_CONTENT_LENGTH"} & set(environ)


def test_a_client_sets_neither_a_proxy_nor_another_field():
    environ = environ_for(
        headers=[(b"proxy", b"http://evil"), (b"x_a", b"1"), (b"remote_user", b"root")]
    )

    assert not {"HTTP_PROXY", "HTTP_X_A", "HTTP_REMOTE_USER", "REMOTE_USER"} & set(environ)


def test_a_unix_socket_has_no_addresses():
    environ = environ_for(client=None, server=None)

    assert (environ["REMOTE_ADDR"], environ["SERVER_NAME"]) == ("", "localhost")


@pytest.mark.parametrize("size", [0, 10, 1_000_000])
def test_the_body_is_whole_and_can_be_read_like_a_file(size):
    lines: list[bytes] = []

    def read(environ: dict[str, Any], start_response: Start) -> list[bytes]:
        body = environ["wsgi.input"]
        lines.append(body.readline())
        start_response("200 OK", [])
        return [str(sum(map(len, body))).encode()]

    pieces = [b"first\n", *[b"x" * 10_000] * (size // 10_000)]
    sent = visit(mounting(read, max_body=1 << 21), "/in/", "POST", body=pieces)

    assert lines == [b"first\n"]
    assert int(sent.body) == size // 10_000 * 10_000


def test_a_large_body_goes_to_the_disk(monkeypatch):
    monkeypatch.setattr(wsgi, "_SPOOL", 1000)
    told = []

    def look(environ: dict[str, Any], start_response: Start) -> list[bytes]:
        told.append(environ["wsgi.input"]._rolled)
        start_response("204 No Content", [])
        return []

    for size in (1000, 1001):
        visit(mounting(look), "/in/", "POST", body=[b"x" * size])

    assert told == [False, True]


def test_a_body_too_large_never_reaches_the_app():
    def never(environ: dict[str, Any], start_response: Start) -> list[bytes]:
        raise AssertionError

    assert visit(mounting(never, max_body=10), "/in/", "POST", body=[b"x" * 11]).status == 413


# Answers ---------------------------------------------------------------------------------------


def test_head_and_body_pass_through():
    def app(environ: dict[str, Any], start_response: Start) -> list[bytes]:
        start_response("201 Made", [("X-One", "1"), ("Content-Length", "4")])
        return [b"ab", b"", b"cd"]

    sent = visit(mounting(app), "/in/")

    assert (sent.status, sent.header("x-one"), sent.body) == (201, "1", b"abcd")
    assert sent.header("content-length") == "4"


def test_what_is_written_comes_before_what_is_returned():
    def app(environ: dict[str, Any], start_response: Start) -> list[bytes]:
        write = start_response("200 OK", [])
        write(b"a")
        write(b"b")
        return [b"c"]

    assert visit(mounting(app), "/in/").body == b"abc"


def test_a_generator_starts_its_response_when_it_likes():
    def app(environ: dict[str, Any], start_response: Start) -> Iterator[bytes]:
        yield b""
        start_response("200 OK", [])
        yield b"late"

    assert visit(mounting(app), "/in/").body == b"late"


def test_one_thread_serves_a_request_from_start_to_end():
    threads = []
    variable: contextvars.ContextVar[str] = contextvars.ContextVar("variable", default="unset")

    class Result:
        def __iter__(self) -> Iterator[bytes]:
            for _ in range(3):
                threads.append(threading.current_thread())
                yield variable.get().encode()

        def close(self) -> None:
            threads.append(threading.current_thread())

    def app(environ: dict[str, Any], start_response: Start) -> Result:
        threads.append(threading.current_thread())
        variable.set("set")
        start_response("200 OK", [])
        return Result()

    assert visit(mounting(app), "/in/").body == b"set" * 3
    assert len(threads) == 5
    assert len(set(threads)) == 1
    assert threading.main_thread() not in threads


def test_the_threads_end_with_the_app_and_come_back_with_it():
    threads: list[threading.Thread] = []

    def app(environ: dict[str, Any], start_response: Start) -> list[bytes]:
        threads.append(threading.current_thread())
        start_response("204 No Content", [])
        return []

    outer = mounting(app)
    for _ in range(2):
        assert visit(outer, "/in/").status == 204
        threads[-1].join(10)
        assert not threads[-1].is_alive()

    assert threads[0] is not threads[1]


def test_a_stream_goes_at_the_pace_of_the_client():
    made = 0

    def app(environ: dict[str, Any], start_response: Start) -> Iterator[bytes]:
        nonlocal made
        start_response("200 OK", [])
        for made in range(1, 101):  # noqa: B007
            yield b"x" * 100

    async def scenario() -> tuple[int, int]:
        outer, one, gate = mounting(app), Visit(scope_of("/in/")), asyncio.Event()

        async def hold(message: dict[str, Any]) -> None:
            if message["type"] == "http.response.body":
                await gate.wait()

        one.on_send = hold
        async with outer.running(), under_way(outer, one):
            await until(lambda: made)
            await asyncio.sleep(0.02)
            ahead = made
            gate.set()
        return ahead, len(one.body)

    ahead, size = asyncio.run(scenario())

    assert ahead < 6
    assert size == 10_000


def test_a_client_that_leaves_ends_the_stream_and_closes_it():
    told = []

    class Endless:
        def __iter__(self) -> Iterator[bytes]:
            while True:
                yield b"x"

        def close(self) -> None:
            told.append("closed")

    def app(environ: dict[str, Any], start_response: Start) -> Endless:
        start_response("200 OK", [])
        return Endless()

    async def scenario() -> None:
        outer, one = mounting(app), Visit(scope_of("/in/"))
        async with outer.running(), under_way(outer, one):
            await until(lambda: len(one.sent) > 3)
            one.left.set()
        await until(lambda: told)

    asyncio.run(scenario())

    assert told == ["closed"]


def test_requests_run_side_by_side():
    both = threading.Barrier(2, timeout=10)

    def app(environ: dict[str, Any], start_response: Start) -> list[bytes]:
        both.wait()
        start_response("200 OK", [])
        return [b"met"]

    async def scenario() -> list[bytes]:
        outer = mounting(app)
        async with outer.running():
            visits = [Visit(scope_of("/in/")).run(outer) for _ in range(2)]
            return [one.body for one in await asyncio.gather(*visits)]

    assert asyncio.run(scenario()) == [b"met", b"met"]


# Errors ----------------------------------------------------------------------------------------


def raises(environ: dict[str, Any], start_response: Start) -> list[bytes]:
    raise ValueError("inside")


def exits(environ: dict[str, Any], start_response: Start) -> list[bytes]:
    raise SystemExit(3)


def never_starts(environ: dict[str, Any], start_response: Start) -> list[bytes]:
    return [b"body"]


def never_starts_nor_says(environ: dict[str, Any], start_response: Start) -> list[bytes]:
    return []


def starts_twice(environ: dict[str, Any], start_response: Start) -> list[bytes]:
    start_response("200 OK", [])
    start_response("200 OK", [])
    return []


def bad_status(environ: dict[str, Any], start_response: Start) -> list[bytes]:
    start_response("OK", [])
    return []


def bad_header(environ: dict[str, Any], start_response: Start) -> list[bytes]:
    start_response("200 OK", [("X", "a\r\nY: b")])
    return []


def fails_before_its_first_piece(environ: dict[str, Any], start_response: Start) -> Iterator[bytes]:
    start_response("200 OK", [])
    raise ValueError("inside")
    yield b""


@pytest.mark.parametrize(
    "app",
    [
        raises,
        exits,
        never_starts,
        never_starts_nor_says,
        starts_twice,
        bad_status,
        bad_header,
        fails_before_its_first_piece,
    ],
)
def test_an_app_that_fails_is_a_500_logged_once(app, caplog):
    with caplog.at_level(logging.WARNING):
        sent = visit(mounting(app), "/in/")

    assert sent.status == 500
    assert len(caplog.records) == 1


def test_an_app_may_start_anew_after_an_error():
    def app(environ: dict[str, Any], start_response: Start) -> list[bytes]:
        start_response("200 OK", [])
        try:
            raise ValueError("inside")
        except ValueError as error:
            start_response("500 Oops", [], (type(error), error, error.__traceback__))
        return [b"oops"]

    assert visit(mounting(app), "/in/").status == 500


def test_an_error_after_the_first_piece_breaks_the_stream_off_and_closes_it():
    told = []

    class Breaking:
        def __iter__(self) -> Iterator[bytes]:
            yield b"x"
            yield b"y"
            raise ValueError("halfway")

        def close(self) -> None:
            told.append("closed")

    def app(environ: dict[str, Any], start_response: Start) -> Breaking:
        start_response("200 OK", [])
        return Breaking()

    with pytest.raises(ValueError, match="halfway"):
        visit(mounting(app), "/in/")

    assert told == ["closed"]


# Frameworks ------------------------------------------------------------------------------------


def test_flask_within():
    flask = pytest.importorskip("flask")
    app = flask.Flask("inner")

    @app.get("/hello/<name>")
    def hello(name: str) -> str:
        return f"{name} {flask.request.path} {flask.url_for('hello', name='b')}"

    @app.post("/upload")
    def upload() -> str:
        return str(len(flask.request.get_data()))

    @app.post("/form")
    def form() -> str:
        return str(flask.request.form["a"])

    @app.get("/numbers")
    def numbers() -> Any:
        return flask.stream_with_context(str(n) for n in range(3)), 200

    outer = mounting(app, "/in/{tenant}")
    kind = (b"content-type", b"application/x-www-form-urlencoded")

    assert visit(outer, "/in/t/hello/a").body == b"a /hello/a /in/t/hello/b"
    assert visit(outer, "/in/t/upload", "POST", body=[b"x" * 10] * 10).body == b"100"
    assert visit(outer, "/in/t/form", "POST", headers=[kind], body=[b"a=1"]).body == b"1"
    assert visit(outer, "/in/t/numbers").body == b"012"
    assert visit(outer, "/in/t/nowhere").status == 404
    assert visit(outer, "/in/t/hello/a", "HEAD").body == b""
    assert visit(outer, "/in/t/hello/a", "OPTIONS").header("allow") is not None


def test_django_within():
    pytest.importorskip("django")
    django_app = importlib.import_module("tests.mounts.django_app")
    outer = mounting(django_app.wsgi_application())

    assert visit(outer, "/in/hello/a").body == b"a /in/hello/a /in/hello/b"
    assert visit(outer, "/in/upload", "POST", body=[b"x" * 10]).body == b"10"
    assert visit(outer, "/in/numbers").body == b"012"
    assert visit(outer, "/in/nowhere").status == 404
    assert visit(outer, "/in/fail").status == 500
