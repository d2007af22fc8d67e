import asyncio
import threading
from collections.abc import AsyncIterator, Iterator
from typing import Any

import httpx2
import pytest

from gambrel import App, Request, Response, Stream
from gambrel.testing import AsyncClient, Client


class Log(list[str]):
    """What has happened, in order; written and read from several threads."""


async def count(log: Log) -> Response:
    async def numbers() -> AsyncIterator[bytes]:
        try:
            for number in range(10**9):
                yield b"%d\n" % number
        finally:
            log.append("closed")

    return Response(numbers())


async def tap() -> Stream:
    async def drops() -> AsyncIterator[str]:
        yield "first"
        yield "second"

    return Stream(drops())


async def fall_silent(log: Log) -> Response:
    async def nothing() -> AsyncIterator[bytes]:
        try:
            yield b"begun"
            await asyncio.Event().wait()
        finally:
            log.append("cancelled")

    return Response(nothing())


async def never_answer(log: Log) -> str:
    try:
        await asyncio.Event().wait()
    finally:
        log.append("cancelled")
    return ""


async def buy(request: Request, log: Log) -> str:
    log.append("begun")
    await request.gone()
    log.append("done")
    return ""


async def echo(request: Request, log: Log) -> Stream:
    async def pieces() -> AsyncIterator[bytes]:
        async for piece in request.stream():
            log.append(f"got {piece.decode()}")
            yield piece.upper()

    return Stream(pieces())


async def ignore() -> str:
    return "not read"


async def measure(request: Request) -> int:
    return len(await request.body())


async def break_off() -> Stream:
    async def pieces() -> AsyncIterator[str]:
        yield "one"
        raise KeyError("lost")

    return Stream(pieces())


async def do_more(log: Log) -> Response:
    response = Response("sent")
    response.on_close(lambda: log.append("after"))
    return response


async def leave_empty() -> None:
    return None


async def leave() -> None:
    raise SystemExit(3)


async def fail() -> None:
    pytest.fail("seen in the handler")


def make_app(log: Log) -> App:
    app = App()
    app.provide(Log, lambda: log)
    for path, handler in {
        "/count": count,
        "/tap": tap,
        "/silent": fall_silent,
        "/slow": never_answer,
        "/broken": break_off,
        "/after": do_more,
        "/exit": leave,
        "/fail": fail,
    }.items():
        app.get(path)(handler)
    for path, handler in {"/slow": buy, "/echo": echo, "/ignore": ignore, "/size": measure}.items():
        app.post(path)(handler)
    app.get("/empty", status=204)(leave_empty)
    return app


def test_a_stream_is_read_while_it_is_made():
    log = Log()

    with Client(make_app(log)) as client, client.stream("GET", "/count") as answer:
        lines = answer.iter_lines()
        first = [next(lines) for _ in range(3)]

        assert first == ["0", "1", "2"]
        assert log == []


def test_closing_a_stream_ends_the_generator():
    log = Log()

    with Client(make_app(log)) as client:
        with client.stream("GET", "/count") as answer:
            next(answer.iter_lines())
        closed = list(log)

    assert closed == ["closed"]


def test_closing_a_stream_cancels_a_generator_that_waits():
    log = Log()

    with Client(make_app(log)) as client:
        with client.stream("GET", "/silent") as answer:
            first = next(answer.iter_text())
        closed = list(log)

    assert (first, closed) == ("begun", ["cancelled"])


def test_pieces_come_one_by_one():
    with Client(make_app(Log())) as client, client.stream("GET", "/tap") as answer:
        assert list(answer.iter_raw()) == [b"first", b"second"]


def test_a_request_body_is_given_when_the_app_asks_and_answered_in_between():
    log = Log()

    def body() -> Iterator[bytes]:
        for letter in (b"a", b"b"):
            log.append(f"give {letter.decode()}")
            yield letter

    with (
        Client(make_app(log)) as client,
        client.stream("POST", "/echo", content=body()) as answer,
    ):
        for piece in answer.iter_raw():
            log.append(f"back {piece.decode()}")

    assert log == ["give a", "got a", "back A", "give b", "got b", "back B"]


def test_a_request_body_is_iterated_where_the_test_runs():
    threads = set()

    def body() -> Iterator[bytes]:
        threads.add(threading.current_thread())
        yield b"x"

    with Client(make_app(Log())) as client:
        size = client.post("/size", content=body()).json()

    assert (size, threads) == (1, {threading.current_thread()})


def test_a_request_body_that_the_app_does_not_read_is_not_iterated():
    def body() -> Iterator[bytes]:
        raise AssertionError("nobody asked")
        yield b""

    with Client(make_app(Log())) as client:
        answer = client.post("/ignore", content=body())

    assert answer.text == "not read"


def test_an_error_in_a_request_body_is_raised_and_cuts_the_upload_off():
    def body() -> Iterator[bytes]:
        yield b"x"
        raise OSError("the disk is gone")

    with Client(make_app(Log())) as client:
        with pytest.raises(OSError, match="the disk is gone"):
            client.post("/size", content=body())
        afterwards = client.post("/size", content=b"whole").json()

    assert afterwards == 5


def test_what_runs_after_the_answer_has_run_when_the_test_goes_on():
    log = Log()

    with Client(make_app(log)) as client:
        client.get("/after")

        assert log == ["after"]


def test_an_error_in_the_middle_of_a_stream_is_raised():
    with (
        Client(make_app(Log())) as client,
        client.stream("GET", "/broken") as answer,
        pytest.raises(KeyError, match="lost"),
    ):
        answer.read()


def test_without_raising_a_broken_stream_looks_as_on_a_socket():
    with (
        Client(make_app(Log()), raise_server_errors=False) as client,
        client.stream("GET", "/broken") as answer,
        pytest.raises(httpx2.RemoteProtocolError, match="broke off"),
    ):
        answer.read()


def test_a_time_out_is_raised_and_the_request_cancelled():
    log = Log()

    with Client(make_app(log), timeout=0.05) as client:
        with pytest.raises(httpx2.ReadTimeout, match="/slow"):
            client.get("/slow")
        cancelled = list(log)

    assert cancelled == ["cancelled"]


def test_an_unsafe_request_runs_to_its_end_before_the_app_is_closed():
    log = Log()

    with Client(make_app(log)) as client, pytest.raises(httpx2.ReadTimeout):
        client.post("/slow", timeout=0.01)

    assert log == ["begun", "done"]


def test_an_answer_without_content_has_none():
    with Client(make_app(Log())) as client:
        answer = client.get("/empty")

    assert (answer.status_code, answer.content) == (204, b"")
    assert "content-length" not in answer.headers


@pytest.mark.parametrize("raising", [True, False])
def test_a_failure_of_the_test_in_a_handler_ends_the_test_whatever_is_asked(raising: bool):
    with (
        Client(make_app(Log()), raise_server_errors=raising) as client,
        pytest.raises(pytest.fail.Exception, match="seen in the handler"),
    ):
        client.get("/fail")


def test_an_exit_in_a_handler_is_the_error_that_the_app_makes_of_it():
    with Client(make_app(Log())) as client, pytest.raises(RuntimeError) as caught:
        client.get("/exit")

    assert repr(caught.value.__cause__) == "SystemExit(3)"


def test_an_exit_in_a_handler_is_answered_as_by_the_server():
    with Client(make_app(Log()), raise_server_errors=False) as client:
        assert client.get("/exit").status_code == 500


def test_several_threads_share_a_client():
    answers: list[str] = []

    with Client(make_app(Log())) as client:
        threads = [
            threading.Thread(target=lambda: answers.append(client.post("/ignore").text))
            for _ in range(8)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    assert answers == ["not read"] * 8


def test_the_async_client_streams_both_ways():
    log = Log()

    async def body() -> AsyncIterator[bytes]:
        for letter in (b"a", b"b"):
            log.append(f"give {letter.decode()}")
            yield letter

    async def talk() -> None:
        async with (
            AsyncClient(make_app(log)) as client,
            client.stream("POST", "/echo", content=body()) as answer,
        ):
            async for piece in answer.aiter_raw():
                log.append(f"back {piece.decode()}")

    asyncio.run(talk())

    assert log == ["give a", "got a", "back A", "give b", "got b", "back B"]


def test_closing_a_stream_of_the_async_client_ends_the_generator():
    log = Log()

    async def read_one() -> list[str]:
        async with AsyncClient(make_app(log)) as client:
            async with client.stream("GET", "/silent") as answer:
                await anext(answer.aiter_text())
            return list(log)

    assert asyncio.run(read_one()) == ["cancelled"]


def test_cancelling_the_async_client_cancels_the_request():
    log = Log()

    async def give_up() -> list[str]:
        async with AsyncClient(make_app(log)) as client:
            with pytest.raises(TimeoutError):
                async with asyncio.timeout(0.05):
                    await client.get("/slow")
            return list(log)

    assert asyncio.run(give_up()) == ["cancelled"]


def test_requests_of_the_async_client_run_side_by_side():
    app = App()
    together = asyncio.Barrier(2)

    @app.get("/meet")
    async def meet() -> str:
        await together.wait()
        return "met"

    async def both() -> list[Any]:
        async with AsyncClient(app) as client:
            return await asyncio.gather(client.get("/meet"), client.get("/meet"))

    assert [answer.text for answer in asyncio.run(both())] == ["met", "met"]
