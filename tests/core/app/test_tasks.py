import asyncio
import logging
from collections.abc import Coroutine
from typing import Any

import pytest

from gambrel.core.app.events import ErrorReported, Events, Listener
from gambrel.core.app.tasks import Tasks
from gambrel.core.http.errors import GambrelError


class Broken(Exception):
    pass


async def fail() -> None:
    raise Broken


async def forever(log: list[str]) -> None:
    try:
        await asyncio.Event().wait()
    finally:
        log.append("ended")


def run(scenario: Coroutine[Any, Any, Any]) -> Any:
    return asyncio.run(scenario)


def test_a_task_runs_beside_others_and_gives_its_value():
    async def work() -> int:
        await asyncio.sleep(0)
        return 3

    async def scenario() -> tuple[Any, ...]:
        tasks = Tasks(Events())
        task = tasks.spawn(work(), name="count")
        names = [one.get_name() for one in tasks]
        return names, await task, list(tasks)

    assert run(scenario()) == (["count"], 3, [])


def test_a_task_is_found_and_cancelled_by_its_name():
    log: list[str] = []

    async def scenario() -> tuple[Any, ...]:
        tasks = Tasks(Events())
        tasks.spawn(forever(log), name="pump")
        await asyncio.sleep(0)
        found = tasks.get("pump")
        assert found is not None
        found.cancel()
        await asyncio.wait([found])
        return tasks.get("pump"), tasks.get("other")

    assert run(scenario()) == (None, None)
    assert log == ["ended"]


def test_an_error_is_logged_once_and_announced(caplog: pytest.LogCaptureFixture):
    heard: list[ErrorReported] = []

    async def scenario() -> None:
        tasks = Tasks(Events([Listener(ErrorReported, heard.append)]))
        await asyncio.wait([tasks.spawn(fail())])

    run(scenario())

    (record,) = caplog.records
    assert record.levelno == logging.ERROR
    assert (record.exc_info or ())[0] is Broken
    assert [(event.place, type(event.error)) for event in heard] == [("task fail", Broken)]
    assert heard[0].incident in record.getMessage()


def test_who_awaits_a_task_gets_its_error():
    async def scenario() -> None:
        await Tasks(Events()).spawn(fail())

    with pytest.raises(Broken):
        run(scenario())


def test_closing_cancels_a_task_and_waits_until_it_has_cleaned_up():
    log: list[str] = []

    async def scenario() -> asyncio.Task[None]:
        tasks = Tasks(Events())
        task = tasks.spawn(forever(log))
        await asyncio.sleep(0)
        await tasks.close()
        return task

    assert run(scenario()).cancelled()
    assert log == ["ended"]


def test_a_task_may_be_cancelled_before_it_has_begun():
    async def scenario() -> asyncio.Task[None]:
        task = Tasks(Events()).spawn(fail())
        task.cancel()
        await asyncio.wait([task])
        return task

    assert run(scenario()).cancelled()


def test_a_task_with_grace_may_end_by_itself():
    async def short() -> str:
        for _ in range(5):
            await asyncio.sleep(0)
        return "done"

    async def scenario() -> str:
        tasks = Tasks(Events())
        task = tasks.spawn(short(), grace=60)
        await tasks.close()
        return task.result()

    assert run(scenario()) == "done"


def test_a_task_that_does_not_end_is_told(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
):
    monkeypatch.setattr("gambrel.core.app.tasks._CLEAN_UP", 0)

    async def scenario() -> None:
        may_end = asyncio.Event()

        async def stubborn() -> None:
            try:
                await asyncio.Event().wait()
            finally:
                await may_end.wait()

        tasks = Tasks(Events())
        task = tasks.spawn(stubborn(), name="mule")
        await asyncio.sleep(0)
        await tasks.close()
        may_end.set()
        await asyncio.wait([task])

    run(scenario())

    assert [record.getMessage() for record in caplog.records] == [
        "the task mule did not end when it was cancelled"
    ]


def test_a_worker_thread_spawns_on_the_loop_of_the_app():
    async def work() -> int:
        return 3

    async def scenario() -> tuple[str, int, list[Any]]:
        tasks = Tasks(Events())
        tasks.loop = asyncio.get_running_loop()
        task = await asyncio.to_thread(lambda: tasks.spawn(work(), name="count"))
        return task.get_name(), await task, list(tasks)

    assert run(scenario()) == ("count", 3, [])


def test_a_thread_cannot_spawn_while_the_app_is_not_running():
    work = fail()

    with pytest.raises(GambrelError, match=r"app\.not-running"):
        Tasks(Events()).spawn(work)

    work.close()


def test_a_function_that_was_not_called_is_no_task():
    async def scenario() -> None:
        Tasks(Events()).spawn(fail)  # type: ignore[arg-type]  # the mistake

    with pytest.raises(GambrelError, match=r"app\.task.*no coroutine") as caught:
        run(scenario())

    assert "spawn(job())" in caught.value.hint
