"""Injection on a running app: order, scopes, clean-up, and what is refused at start-up."""

import asyncio
import queue
import threading
from collections.abc import AsyncIterator, Iterator
from typing import Annotated, Any, Protocol

import pytest

from gambrel import App, Depends, Forbidden, GambrelError, Response, Router, Stream
from gambrel.testing import AsyncClient, Client


class Store(Protocol):
    def read(self) -> str: ...


class Memory:
    def read(self) -> str:
        return "from memory"


class Pool:
    def __init__(self) -> None:
        self.is_open = True


def test_a_dependency_is_made_once_per_request_whoever_asks():
    made: list[int] = []
    app = App()

    def number() -> int:
        made.append(len(made))
        return made[-1]

    def doubled(n: Annotated[int, Depends(number)]) -> int:
        return n * 2

    @app.get("/")
    async def show(
        n: Annotated[int, Depends(number)],
        d: Annotated[int, Depends(doubled)],
        own: Annotated[int, Depends(number, cached=False)],
    ) -> list[int]:
        return [n, d, own]

    with Client(app) as client:
        first, second = client.get("/").json(), client.get("/").json()

    assert first == [0, 0, 1]
    assert second == [2, 4, 3]


def test_generators_clean_up_in_reverse_also_after_an_error():
    log: list[str] = []
    app = App()

    async def outer() -> AsyncIterator[str]:
        try:
            yield "outer"
        except LookupError:
            log.append("rolled back")
            raise
        finally:
            log.append("outer closed")

    def inner(name: Annotated[str, Depends(outer)]) -> Iterator[str]:
        try:
            yield f"{name} inner"
        finally:
            log.append("inner closed")

    @app.get("/")
    async def show(name: Annotated[str, Depends(inner)]) -> str:
        return name

    @app.get("/fails")
    async def fail(name: Annotated[str, Depends(inner)]) -> str:
        raise KeyError(name)

    with Client(app, raise_server_errors=False) as client:
        fine = client.get("/")
        closed, log[:] = list(log), []
        failed = client.get("/fails")

    assert fine.text == "outer inner"
    assert closed == ["inner closed", "outer closed"]
    assert failed.status_code == 500
    assert log == ["inner closed", "rolled back", "outer closed"]


def test_a_failing_commit_is_an_error_and_a_late_exit_comes_after_the_last_byte():
    log: list[str] = []
    app = App()

    async def commit() -> AsyncIterator[None]:
        yield
        raise RuntimeError("cannot commit")

    async def late() -> AsyncIterator[list[str]]:
        yield log
        log.append("late exit")

    @app.get("/commit", dependencies=[Depends(commit)])
    async def write() -> str:
        return "written"

    @app.get("/stream")
    async def stream(seen: Annotated[list[str], Depends(late, exit="after")]) -> Stream:
        async def pieces() -> AsyncIterator[bytes]:
            for piece in (b"a", b"b"):
                seen.append(piece.decode())
                yield piece

        return Stream(pieces())

    with Client(app, raise_server_errors=False) as client:
        failed, streamed = client.get("/commit"), client.get("/stream")

    assert failed.status_code == 500
    assert streamed.content == b"ab"
    assert log == ["a", "b", "late exit"]


def test_what_a_generator_sets_on_the_response_after_its_yield_is_sent():
    own = Response("own")
    app = App()

    def marked(response: Response) -> Iterator[None]:
        response.headers["x-taken"] = "yes"
        response.set_cookie("before", "1")
        yield
        response.headers["x-after"] = "1"
        response.set_cookie("after", "1")
        del response.headers["x-taken"]

    @app.get("/", dependencies=[marked])
    async def text() -> str:
        return "text"

    @app.get("/own", dependencies=[marked])
    def answer() -> Response:
        return own

    with Client(app) as client:
        answers = [client.get("/"), client.get("/own"), client.get("/own")]

    for found in answers:
        names = [line.partition("=")[0] for line in found.headers.get_list("set-cookie")]
        assert (found.headers["x-after"], names) == ("1", ["before", "after"])
        assert "x-taken" not in found.headers
    assert "x-after" not in own.headers


def test_a_value_of_the_app_is_made_once_and_closed_with_it():
    log: list[str] = []
    app = App()

    async def pool() -> AsyncIterator[Pool]:
        log.append("open")
        made = Pool()
        yield made
        made.is_open = False
        log.append("closed")

    app.provide(Pool, pool, scope="app")

    @app.get("/")
    async def show(pool: Pool) -> bool:
        return pool.is_open

    with Client(app) as client:
        answers = [client.get("/").json(), client.get("/").json()]
        before = list(log)

    assert answers == [True, True]
    assert before == ["open"]
    assert log == ["open", "closed"]


def test_what_the_lifespan_opens_is_injected_by_type():
    app = App()

    @app.lifespan
    async def open_pool() -> AsyncIterator[Pool]:
        yield Pool()

    @app.get("/")
    async def show(pool: Pool) -> bool:
        return pool.is_open

    with Client(app) as client:
        answer = client.get("/")

    assert answer.json() is True


def test_an_interface_is_given_its_implementation():
    app = App()
    app.provide(Store, Memory)

    @app.get("/")
    async def show(store: Store) -> str:
        return store.read()

    with Client(app) as client:
        answer = client.get("/")

    assert answer.text == "from memory"


def test_dependencies_of_app_and_group_run_before_the_handler_and_may_refuse():
    log: list[str] = []

    def first() -> None:
        log.append("app")

    def second(token: str) -> None:
        log.append("group")

    app = App(dependencies=[Depends(first)])
    group = Router("/group", dependencies=[Depends(second)])

    @group.get("/")
    async def show() -> str:
        log.append("handler")
        return "shown"

    app.include(group)

    with Client(app) as client:
        fine, refused = client.get("/group/?token=t"), client.get("/group/")

    assert fine.text == "shown"
    assert refused.status_code == 422
    assert log[:3] == ["app", "group", "handler"]
    assert log.count("handler") == 1


def test_plain_functions_run_beside_the_event_loop():
    app = App()

    def where() -> str:
        return threading.current_thread().name

    async def on_loop() -> str:
        return threading.current_thread().name

    @app.get("/")
    def show(
        here: Annotated[str, Depends(where)], loop: Annotated[str, Depends(on_loop)]
    ) -> list[str]:
        return [here, loop, threading.current_thread().name]

    with Client(app) as client:
        dependency, loop, handler = client.get("/").json()

    assert dependency != loop
    assert handler != loop


def test_no_more_requests_hold_a_dependency_than_it_allows():
    app = App()
    held: list[int] = []
    now = 0

    async def slot() -> AsyncIterator[None]:
        nonlocal now
        now += 1
        held.append(now)
        yield
        now -= 1

    @app.get("/")
    async def show(_: Annotated[None, Depends(slot, max_concurrency=2)]) -> str:
        await asyncio.sleep(0)
        return "shown"

    async def run() -> list[str]:
        async with AsyncClient(app) as client:
            answers = await asyncio.gather(*(client.get("/") for _ in range(10)))
            return [answer.text for answer in answers]

    assert asyncio.run(run()) == ["shown"] * 10
    assert max(held) == 2


def test_plain_functions_that_wait_for_a_scarce_connection_never_wait_for_each_other():
    app = App(threads=3)
    connections: queue.Queue[str] = queue.Queue()
    connections.put("the only one")

    def connection() -> Iterator[str]:
        taken = connections.get(timeout=15)
        yield taken
        connections.put(taken)

    @app.get("/")
    def show(connection: Annotated[str, Depends(connection)]) -> str:
        return connection

    async def run() -> set[str]:
        async with AsyncClient(app) as client:
            answers = await asyncio.gather(*(client.get("/") for _ in range(20)))
            return {answer.text for answer in answers}

    assert asyncio.run(run()) == {"the only one"}
    assert connections.qsize() == 1


def test_a_circle_is_refused_at_start_up():
    app = App()
    app.provide(Memory, needs_pool)
    app.provide(Pool, needs_memory)

    @app.get("/")
    async def show(memory: Memory) -> str:
        return memory.read()

    with pytest.raises(GambrelError, match="need each other"):
        app.build()


def needs_pool(pool: Pool) -> Memory:
    return Memory()


def needs_memory(memory: Memory) -> Pool:
    return Pool()


def test_a_type_that_nobody_provides_is_refused_at_start_up():
    app = App()

    @app.get("/")
    async def show(store: Store) -> str:
        return store.read()

    with pytest.raises(GambrelError, match="Store"):
        app.build()


def test_a_wider_scope_cannot_depend_on_a_narrower_one():
    app = App()

    async def one_request() -> Memory:
        return Memory()

    app.provide(Memory, one_request)
    app.provide(Pool, needs_memory, scope="app")

    @app.get("/")
    async def show(pool: Pool) -> Any:
        return pool.is_open

    with pytest.raises(GambrelError, match="scope"):
        app.build()


def test_options_of_an_app_do_not_hold_for_the_pages_of_its_extensions() -> None:
    def refuse() -> None:
        raise Forbidden

    app = App(dependencies=[Depends(refuse)])

    @app.get("/")
    async def own() -> str:
        return "never"

    with Client(app) as client:
        assert client.get("/").status_code == 403
        assert client.get("/openapi.json").status_code == 200
