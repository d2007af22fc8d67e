import asyncio
import socket
import sys

from gambrel.server.workers.child import Child
from gambrel.server.workers.supervisor import Plan, Supervisor


def test_a_first_worker_that_does_not_start_ends_it_with_exit_code_1():
    async def main() -> tuple[int, list[str]]:
        told: list[str] = []
        command = [sys.executable, "-c", "raise SystemExit(1)"]
        listener = socket.create_server(("127.0.0.1", 0))
        supervisor = Supervisor(
            listener,
            Plan(workers=2),
            lambda name, is_first: Child(name, 0, command, [], b""),
            told.append,
            lambda: told.append("ready"),
        )
        async with asyncio.timeout(30):
            return await supervisor.run(), told

    assert asyncio.run(main()) == (1, [])
