import asyncio
import contextlib
import os
import signal
import socket
import sys
from collections.abc import AsyncIterator, Callable

from gambrel.server.workers import supervisor as module
from gambrel.server.workers.child import Child, State
from gambrel.server.workers.supervisor import Plan, Supervisor
from tests.server.live import until

# A worker without an app: ready at once, and gone when it is told to drain.
WORKER = """
import socket, sys
channel = socket.socket(fileno=int(sys.argv[-1]))
channel.recv(100)
channel.send(b'{"type":"ready","grace":0.1,"beats":false}\\n')
channel.recv(1000)
"""


class Trial:
    """A supervisor of workers without an app, and what it has told."""

    def __init__(self, workers: int, script: str = WORKER) -> None:
        self.told: list[str] = []
        self.script = script
        self.started = 0
        self.fault: OSError | None = None
        listener = socket.create_server(("127.0.0.1", 0))
        plan = Plan(workers=workers, hang_timeout=60)
        self.supervisor = Supervisor(
            listener, plan, self.spawn, self.told.append, lambda: self.told.append("ready")
        )

    def spawn(self, name: str, is_first: bool) -> Child:
        if self.fault is not None:
            raise self.fault
        self.started += 1
        return Child(name, 0, [sys.executable, "-S", "-c", self.script], [], b"")

    @property
    def ready(self) -> list[Child]:
        return self.supervisor.workers.ready

    def is_settled(self, number: int) -> bool:
        children = self.supervisor.workers.children
        return len(self.ready) == number == len(children)


@contextlib.asynccontextmanager
async def running(workers: int) -> AsyncIterator[Trial]:
    trial = Trial(workers)
    task = asyncio.ensure_future(trial.supervisor.run())
    try:
        async with asyncio.timeout(60):
            await until(lambda: "ready" in trial.told)
            yield trial
            trial.supervisor.stop()
            assert await task == 0
    finally:
        for child in trial.supervisor.everybody:
            child.kill()


def run(test: Callable[[], object]) -> None:
    asyncio.run(test())  # type: ignore[arg-type]  # a coroutine function


def test_a_first_worker_that_does_not_start_ends_it_with_exit_code_1():
    async def main() -> tuple[int, list[str]]:
        trial = Trial(2, "raise SystemExit(1)")
        async with asyncio.timeout(30):
            return await trial.supervisor.run(), trial.told

    assert asyncio.run(main()) == (1, [])


def test_a_first_worker_that_cannot_be_started_is_told():
    async def main() -> tuple[int, list[str]]:
        trial = Trial(2)
        trial.fault = OSError(2, "no such program")
        async with asyncio.timeout(30):
            return await trial.supervisor.run(), trial.told

    assert asyncio.run(main()) == (
        1,
        ["no process can be started: [Errno 2] no such program"],
    )


def test_a_worker_that_dies_during_a_reload_is_replaced_once():
    async def main() -> None:
        async with running(2) as trial:
            _, second = trial.ready
            reload = asyncio.ensure_future(trial.supervisor.reload())
            await until(lambda: trial.started == 3)
            second.kill()

            assert await reload == ""
            await until(lambda: trial.is_settled(2))
            assert second not in trial.ready

    run(main)


def test_many_signals_are_one_reload_and_one_that_waits():
    async def main() -> None:
        async with running(1) as trial:
            for _ in range(30):
                os.kill(os.getpid(), signal.SIGHUP)
                await asyncio.sleep(0)
            await until(lambda: trial.told.count("reloaded") >= 1)
            await until(lambda: trial.is_settled(1))
            await until(lambda: not trial.supervisor._one_change.locked())

            assert trial.started <= 3

    run(main)


def test_a_reload_ends_where_the_server_stops():
    async def main() -> None:
        async with running(2) as trial:
            reload = asyncio.ensure_future(trial.supervisor.reload())
            await until(lambda: trial.started == 3)
            trial.supervisor.stop()

            assert await reload == module.STOPPING
            assert trial.started == 3

    run(main)


def test_a_worker_that_is_starting_is_reloaded_too():
    async def main() -> None:
        async with running(1) as trial:
            child = trial.supervisor.workers.start()
            assert child.state is State.STARTING

            assert await trial.supervisor.reload() == ""
            assert child not in trial.ready

    run(main)


def test_where_no_process_can_be_started_the_others_go_on():
    async def main() -> None:
        async with running(2) as trial:
            first, second = trial.ready
            trial.fault = BlockingIOError(11, "no more processes")
            first.kill()
            await until(lambda: any("no worker can be started" in line for line in trial.told))

            assert trial.ready == [second]
            assert "no process can be started" in await trial.supervisor.reload()
            trial.fault = None
            await until(lambda: trial.is_settled(2))

    run(main)


def test_one_that_is_too_many_ends():
    async def main() -> None:
        async with running(1) as trial:
            trial.supervisor.workers.start()
            await until(lambda: trial.is_settled(1))

    run(main)
