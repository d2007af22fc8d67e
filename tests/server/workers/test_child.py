import asyncio
import os
import sys

from gambrel.server.workers.child import Child, State, describe_exit, memory_of
from tests.server.live import run, until

READY = """
import socket, sys
channel = socket.socket(fileno=int(sys.argv[1]))
assert channel.recv(100) == b"order\\n"
channel.sendall(sys.argv[0].encode() and b'{"type":"ready","grace":3.0}\\n')
channel.recv(100)
"""


def test_a_child_is_ready_when_it_says_so_and_ends_when_it_is_asked():
    async def main() -> tuple[float, str]:
        child = Child("worker 1", 0, [sys.executable, "-c", READY], [], b"order")
        await until(lambda: child.state is State.READY)
        child.drain()
        await until(child.has_ended)
        return child.grace, child.reason

    assert run(main()) == (3.0, "it ended with exit code 0")


def test_a_child_that_talks_nonsense_is_killed():
    async def main() -> str:
        talk = "import os, sys; os.write(int(sys.argv[1]), b'nonsense\\n'); sys.stdin = open(0)"
        wait = "; import time; time.sleep(60)"
        child = Child("worker 1", 0, [sys.executable, "-c", talk + wait], [], b"")
        await until(child.has_ended)
        await asyncio.sleep(0)
        return child.reason

    assert run(main()).startswith("it said what is no message")


def test_ends_are_told_in_words():
    assert describe_exit(1) == "it ended with exit code 1"
    assert describe_exit(-9) == "it was killed by SIGKILL"


def test_memory_is_told_where_the_system_does():
    assert (memory_of(os.getpid()) or 0) > 1 << 20
    assert memory_of(2**30) is None
