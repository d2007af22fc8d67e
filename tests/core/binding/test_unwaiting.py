import asyncio
import functools
import weakref
from collections.abc import AsyncIterator

import pytest

from gambrel.core.app.app import App
from gambrel.core.binding.unwaiting import Runner, can_wait
from gambrel.core.http.errors import NotFound, ServerError
from tests.core.harness import ask


async def numbers() -> AsyncIterator[int]:
    yield 1


async def plain(a: int = 1) -> int:
    return a + 1


async def awaits() -> None:
    await asyncio.sleep(0)


async def awaits_in_a_branch(a: int = 1) -> None:
    if a > 5:
        await asyncio.sleep(0)


async def iterates() -> None:
    async for _ in numbers():
        pass


async def enters() -> None:
    async with asyncio.TaskGroup():
        pass


async def comprehends() -> list[int]:
    return [number async for number in numbers()]


async def holds_one_that_waits() -> int:
    async def inner() -> None:
        await asyncio.sleep(0)

    inner().close()
    return 1


async def asks_for_its_task() -> bool:
    return asyncio.current_task() is None


class Views:
    async def method(self) -> int:
        return 1

    async def __call__(self) -> int:
        return 1


@functools.wraps(plain)
def wrapper(*arguments: int):
    return awaits()


@pytest.mark.parametrize("call", [plain, holds_one_that_waits, Views().method])
def test_a_function_without_await_cannot_wait(call):
    assert not can_wait(call)


@pytest.mark.parametrize(
    "call",
    [
        awaits,
        awaits_in_a_branch,
        iterates,
        enters,
        comprehends,
        asks_for_its_task,
        wrapper,
        functools.partial(plain, 1),
        Views(),
        lambda: awaits(),
    ],
)
def test_whatever_may_wait_or_hides_its_code_can(call):
    assert can_wait(call)


def test_a_runner_returns_one_result_after_the_other():
    runner = Runner()

    assert [runner.run(plain(number)) for number in range(3)] == [1, 2, 3]


def test_a_runner_goes_on_after_an_error():
    async def fails() -> None:
        raise KeyError("x")

    runner = Runner()
    with pytest.raises(KeyError) as caught:
        runner.run(fails())

    assert runner.failed(caught.value) is caught.value
    assert runner.run(plain(1)) == 2


def test_cancelled_from_inside_is_an_error_of_the_server():
    answered = Runner().failed(asyncio.CancelledError())

    assert isinstance(answered, ServerError)


@pytest.mark.parametrize("error", [GeneratorExit(), KeyboardInterrupt(), BaseException()])
def test_what_ends_the_loop_is_raised_and_leaves_the_runner_ready(error):
    runner = Runner()

    with pytest.raises(type(error)):
        runner.failed(error)

    assert runner.run(plain(1)) == 2


def test_a_request_after_one_that_was_interrupted_is_answered():
    app, errors = App(), [KeyboardInterrupt(), GeneratorExit()]

    @app.get("/")
    async def root() -> str:
        if errors:
            raise errors.pop()
        return "root"

    for error in (GeneratorExit, KeyboardInterrupt):
        with pytest.raises(error):
            ask(app, "GET", "/")

    assert ask(app, "GET", "/").body == b"root"


def test_a_result_is_not_kept_until_the_next_one():
    class Result:
        pass

    async def make() -> Result:
        return Result()

    runner = Runner()
    seen = weakref.ref(runner.run(make()))

    assert seen() is None
    assert runner.run(plain(1)) == 2


def test_requests_are_answered_after_one_that_failed():
    app = App()

    @app.get("/{number}")
    async def half(number: int) -> int:
        match number:
            case 0:
                raise NotFound("no such number")
            case 1:
                raise asyncio.CancelledError
        return number // 2

    statuses = [ask(app, "GET", f"/{number}").status for number in (4, 0, 6, 1, 8, 0, 1, 2)]

    assert statuses == [200, 404, 200, 500, 200, 404, 500, 200]
