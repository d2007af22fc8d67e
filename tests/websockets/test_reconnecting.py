"""One socket after the other: when to open another, and after how long."""

import asyncio
import gc
from typing import Any

import pytest

from gambrel.websockets import ConnectionClosed, HandshakeFailed, connect
from gambrel.websockets.reconnecting import is_hopeless, pause, reconnecting
from tests.server.live import run
from tests.websockets.others import bare, foreign, opening, saying

BUSY = saying(b"503 Service Unavailable", b"Retry-After: 7")


def visited(*codes: tuple[int, str]) -> tuple[list[Any], list[float]]:
    """Return what comes on sockets that a server closes one by one, and the waits between."""
    slept: list[float] = []
    left = iter(codes)

    async def handle(ws: Any) -> None:
        await ws.send("hello")
        await ws.close(*next(left))

    async def sleep(seconds: float) -> None:
        slept.append(seconds)

    async def main() -> list[Any]:
        found: list[Any] = []
        async with foreign(handle) as url:
            try:
                async for ws in reconnecting(connect(url).open, sleep, lambda: 0.5):
                    found += [message async for message in ws]
            except ConnectionClosed as closed:
                found.append(closed.code)
        return found

    return run(main()), slept


def test_another_is_opened_until_one_is_closed_in_peace():
    found, slept = visited((1001, ""), (1012, "restarting; retry-after=3.2"), (1000, ""))

    assert found == ["hello"] * 3
    assert slept == [0.5, 3.7]


def test_waits_grow_while_sockets_do_not_last():
    _, slept = visited(*[(1011, "")] * 4, (1000, ""))

    assert slept == [0.5, 1.0, 2.0, 4.0]


def test_a_socket_that_has_lasted_begins_anew():
    slept: list[float] = []
    times = iter([0.0, 1.0, 1.0, 2.0, 2.0, 60.0, 60.0, 61.0])
    left = iter([1001, 1001, 1001, 1000])

    async def handle(ws: Any) -> None:
        await ws.close(next(left))

    async def sleep(seconds: float) -> None:
        slept.append(seconds)

    async def main() -> None:
        async with foreign(handle) as url:
            sockets = reconnecting(connect(url).open, sleep, lambda: 0.5, lambda: next(times))
            async for ws in sockets:
                async for _ in ws:
                    pass

    run(main())

    assert slept == [0.5, 1.0, 0.5]


@pytest.mark.parametrize("code", [1003, 1007, 1008, 1009])
def test_what_would_fail_again_is_raised(code):
    assert visited((1001, ""), (code, "no"))[0] == ["hello", "hello", code]


def test_a_server_that_cannot_be_reached_or_is_busy_is_tried_again():
    slept: list[float] = []

    async def sleep(seconds: float) -> None:
        slept.append(seconds)

    async def follow(url: str) -> None:
        async for ws in reconnecting(connect(url).open, sleep, lambda: 0.5):
            ws.session.wire.abort()
            with pytest.raises(ConnectionClosed):
                await ws.receive()

    async def main() -> HandshakeFailed:
        async with bare(BUSY, opening(), saying(b"403 Forbidden")) as (url, _):
            with pytest.raises(HandshakeFailed) as told:
                await follow(url)
            return told.value

    assert run(main()).status == 403
    assert slept == [7.5, 1.0]


def test_a_block_that_ends_early_closes_its_socket():
    async def main() -> list[int]:
        closed: list[int] = []
        told = asyncio.Event()

        async def handle(ws: Any) -> None:
            await ws.wait_closed()
            closed.append(ws.close_code)
            told.set()

        async with foreign(handle) as url:
            async for _ in connect(url):
                break
            gc.collect()
            await told.wait()
        return closed

    assert run(main()) == [1001]


def test_who_closes_the_socket_itself_has_done():
    async def main() -> int:
        count = 0

        async def handle(ws: Any) -> None:
            await ws.wait_closed()

        async with foreign(handle) as url:
            async for ws in connect(url):
                count += 1
                await ws.close()
        return count

    assert run(main()) == 1


def test_who_leaves_it_open_gets_another():
    slept: list[float] = []

    async def sleep(seconds: float) -> None:
        slept.append(seconds)

    async def main() -> list[int]:
        codes: list[int] = []

        async def handle(ws: Any) -> None:
            await ws.send("hello")
            await ws.wait_closed()
            codes.append(ws.close_code)

        async with foreign(handle) as url:
            async for ws in reconnecting(connect(url).open, sleep, lambda: 0.5):
                assert await ws.receive() == "hello"
                if slept:
                    await ws.close(1000)
        return codes

    assert run(main()) == [1000, 1000]
    assert slept == [0.5]


@pytest.mark.parametrize(
    ("status", "hopeless"),
    [(None, False), (101, True), (302, True), (401, True), (404, True), (408, False),
     (425, False), (429, False), (500, False), (503, False)],
)  # fmt: skip
def test_a_refusal_is_hopeless_and_a_busy_server_is_not(status, hopeless):
    assert is_hopeless(HandshakeFailed("no", status)) is hopeless


def test_waits_are_bounded_and_differ():
    assert pause(1, None, lambda: 1.0) == 1.0
    assert pause(99, None, lambda: 1.0) == 30.0
    assert pause(3, None, lambda: 0.0) == 0.0
    assert pause(1, 1e9, lambda: 0.0) == 300.0
    assert pause(9, 5.0, lambda: 1.0) == 6.0
