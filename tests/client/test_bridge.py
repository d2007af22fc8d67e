import asyncio
import threading
from contextvars import ContextVar
from typing import Any

import pytest

from gambrel import GambrelError
from gambrel.client import CallAbandoned
from gambrel.client.bridge import Ask, Bridge

NAME: ContextVar[str] = ContextVar("name", default="nobody")


def beside_a_loop(do: Any) -> Any:
    """Return `do(bridge)` from a thread."""

    async def main() -> Any:
        async with asyncio.timeout(30):
            return await asyncio.to_thread(do, Bridge(set()))

    return asyncio.run(main())


async def thread_of(_: Ask) -> int:
    return threading.get_ident()


def test_work_is_done_on_the_loop():
    def do(bridge: Bridge) -> tuple[int, int]:
        return bridge.call(thread_of), threading.get_ident()

    on_loop, in_thread = beside_a_loop(do)

    assert on_loop == threading.get_ident() != in_thread


def test_its_context_is_that_of_the_thread():
    async def named(_: Ask) -> str:
        return NAME.get()

    def do(bridge: Bridge) -> str:
        NAME.set("ada")
        return bridge.call(named)

    assert beside_a_loop(do) == "ada"
    assert NAME.get() == "nobody"


def test_it_may_ask_the_thread_meanwhile():
    async def ask_twice(ask: Ask) -> list[int]:
        return [await ask(threading.get_ident), await ask(threading.get_ident)]

    def do(bridge: Bridge) -> tuple[list[int], int]:
        return bridge.call(ask_twice), threading.get_ident()

    answers, own = beside_a_loop(do)

    assert answers == [own, own]


def test_an_error_comes_through_either_way():
    def fail() -> None:
        raise KeyError("mine")

    async def work(ask: Ask) -> None:
        try:
            await ask(fail)
        except KeyError as error:
            raise ValueError("on the loop") from error

    def do(bridge: Bridge) -> None:
        bridge.call(work)

    with pytest.raises(ValueError, match="on the loop") as told:
        beside_a_loop(do)

    assert repr(told.value.__cause__) == "KeyError('mine')"


def test_a_signal_in_the_thread_is_no_matter_of_the_loop():
    ended = []

    def interrupt() -> None:
        raise KeyboardInterrupt

    async def work(ask: Ask) -> None:
        try:
            await ask(interrupt)
        finally:
            ended.append(True)

    def do(bridge: Bridge) -> Any:
        with pytest.raises(KeyboardInterrupt):
            bridge.call(work)
        return bridge.call(thread_of)

    assert beside_a_loop(do) == threading.get_ident()
    assert ended == [True]


def test_on_the_loop_it_is_refused():
    async def main() -> None:
        Bridge(set()).call(thread_of)

    with pytest.raises(GambrelError) as told:
        asyncio.run(main())

    assert told.value.code == "client.on-the-loop"


def test_another_loop_in_the_thread_is_its_own_affair():
    def do(bridge: Bridge) -> int:
        async def main() -> int:
            return bridge.call(thread_of)

        return asyncio.run(main())

    assert beside_a_loop(do) == threading.get_ident()


def test_without_a_loop_it_is_refused():
    async def made() -> Bridge:
        return Bridge(set())

    bridge = asyncio.run(made())

    for refused in (lambda: Bridge(set()), lambda: bridge.call(thread_of)):
        with pytest.raises(GambrelError) as told:
            refused()
        assert told.value.code == "client.no-loop"


def until_abandoned(bridge: Bridge, begun: threading.Event | None = None) -> bool:
    async def wait(_: Ask) -> None:
        if begun is not None:
            begun.set()
        await asyncio.get_running_loop().create_future()

    try:
        bridge.call(wait)
    except CallAbandoned:
        return True
    return False


def test_it_ends_when_the_task_that_it_is_for_is_cancelled():
    async def main() -> list[bool]:
        begun, seen, after = threading.Event(), asyncio.Event(), []
        loop = asyncio.get_running_loop()

        def work(bridge: Bridge) -> None:
            after.append(until_abandoned(bridge, begun))
            after.append(until_abandoned(bridge))  # once more: at once
            loop.call_soon_threadsafe(seen.set)

        async def request() -> None:
            bridge = Bridge(set())
            thread = asyncio.ensure_future(asyncio.to_thread(work, bridge))
            await asyncio.shield(thread)

        task = asyncio.create_task(request())
        await asyncio.to_thread(begun.wait)
        task.cancel()
        async with asyncio.timeout(30):
            await seen.wait()
        return after

    assert asyncio.run(main()) == [True, True]


def test_what_gives_something_back_is_done_in_any_case():
    async def main() -> list[str]:
        done: list[str] = []

        async def give_back(_: Ask) -> None:
            await asyncio.sleep(0)
            done.append("given back")

        async def request() -> Bridge:
            return Bridge(set())

        async def cancelled() -> Bridge:
            bridge = Bridge(set())
            task = asyncio.current_task()
            assert task is not None
            task.cancel()
            try:
                await asyncio.sleep(0)
            except asyncio.CancelledError:
                return bridge
            raise AssertionError

        bridge = await asyncio.create_task(cancelled())
        await asyncio.to_thread(lambda: bridge.call(give_back, in_any_case=True))
        assert await asyncio.to_thread(until_abandoned, bridge)
        return done

    assert asyncio.run(main()) == ["given back"]


def test_it_ends_when_it_is_cancelled_among_the_calls():
    async def main() -> bool:
        calls: set[asyncio.Task[Any]] = set()
        begun = threading.Event()
        thread = asyncio.ensure_future(asyncio.to_thread(until_abandoned, Bridge(calls), begun))
        await asyncio.to_thread(begun.wait)
        for call in calls:
            call.cancel()
        async with asyncio.timeout(30):
            return await thread

    assert asyncio.run(main())
