import sys

from gambrel.server.workers.child import Child
from gambrel.server.workers.group import Group
from tests.server.live import run, until


def test_who_dies_early_is_replaced_after_a_wait_and_that_is_told():
    async def main() -> tuple[list[str], int]:
        told: list[str] = []
        command = [sys.executable, "-c", "raise SystemExit(3)"]
        group = Group("worker", 1, lambda: Child("worker 1", 0, command, [], b""), told.append)
        group.look()
        await until(group.children[0].has_ended)
        group.look()
        left = len(group.children)
        return told, left

    told, left = run(main())

    assert told[0].endswith("it ended with exit code 3; it is replaced in 0.1 s")
    assert left == 0


def test_who_was_asked_to_end_is_not_told_of_whoever_saw_it_first():
    async def main() -> tuple[list[str], int]:
        told: list[str] = []
        command = [sys.executable, "-c", "import time; time.sleep(60)"]
        group = Group("worker", 1, lambda: Child("worker 1", 0, command, [], b""), told.append)
        child = group.start()
        child.drain()
        await until(child.has_ended)  # as a reload does, which waits for it
        group.wanted = 0
        group.look()
        return told, len(group.children)

    assert run(main()) == ([], 0)
