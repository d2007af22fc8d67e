import asyncio
import contextlib
import os
import socket
import stat
from contextlib import AsyncExitStack
from pathlib import Path

import msgspec
import pytest

from gambrel import GambrelError
from gambrel.server.workers.child import Child
from gambrel.server.workers.control import Answer, control
from gambrel.server.workers.group import Group


class Supervisor:
    """What the socket controls, without processes."""

    def __init__(self) -> None:
        self.workers = Group("worker", 2, lambda: None, print)
        self.everybody: list[Child] = []
        self.started = 0.0
        self.is_stopping = False
        self.done: list[object] = []

    async def reload(self) -> str:
        self.done.append("reload")
        return "the new worker did not start"

    async def scale(self, workers: int) -> str:
        self.done.append(workers)
        return ""

    def stop(self, *, now: bool = False) -> None:
        self.is_stopping = True
        self.done.append("now" if now else "stop")


async def ask(path: Path, line: bytes) -> Answer:
    reader, writer = await asyncio.open_unix_connection(path)
    writer.write(line)
    answer = msgspec.json.decode(await reader.readline(), type=Answer)
    writer.close()
    await writer.wait_closed()
    return answer


def asked(path: Path, *lines: bytes) -> tuple[list[str], Supervisor]:
    async def main() -> tuple[list[str], Supervisor]:
        supervisor = Supervisor()
        async with asyncio.timeout(20), control(str(path), supervisor):
            return [(await ask(path, line)).failure for line in lines], supervisor

    return asyncio.run(main())


def test_what_is_asked_is_done_and_what_failed_is_told(tmp_path):
    failures, supervisor = asked(
        tmp_path / "c",
        b'{"do":"status"}\n',
        b'{"do":"scale","workers":3}\n',
        b'{"do":"reload"}\n',
        b'{"do":"stop"}\n',
        b'{"do":"scale","workers":3}\n',
        b'{"do":"stop","now":true}\n',
    )

    assert failures == [
        "",
        "",
        "the new worker did not start",
        "",
        "the server is being stopped",
        "",
    ]
    assert supervisor.done == [3, "reload", "stop", "now"]


def test_after_a_stop_nothing_more_is_read(tmp_path):
    async def main() -> bytes:
        async with control(str(tmp_path / "c"), Supervisor()):
            reader, writer = await asyncio.open_unix_connection(tmp_path / "c")
            writer.write(b'{"do":"stop"}\n')
            await reader.readline()
            writer.write(b"and more")  # who says more is hung up on, though the server goes on
            async with asyncio.timeout(20):
                rest = await reader.read()
            writer.close()
            return rest

    assert asyncio.run(main()) == b""


def test_the_end_of_the_connection_tells_that_of_the_server(tmp_path):
    async def main() -> list[bool]:
        async with asyncio.timeout(20):
            async with control(str(tmp_path / "c"), Supervisor()):
                reader, writer = await asyncio.open_unix_connection(tmp_path / "c")
                writer.write(b'{"do":"stop"}\n')
                await reader.readline()
                await ask(tmp_path / "c", b'{"do":"status"}\n')
                still_open = not reader.at_eof()
            with contextlib.suppress(ConnectionError):
                await reader.read()
            writer.close()
            return [still_open, reader.at_eof()]

    assert asyncio.run(main())[0]


@pytest.mark.parametrize(
    "line",
    [b"\n", b"{\n", b'{"do":"dance"}\n', b'{"do":"stop","x":1}\n', b"x" * 10_000 + b"\n"],
)
def test_what_is_no_question_is_told_and_does_nothing(tmp_path, line):
    failures, supervisor = asked(tmp_path / "c", line)

    assert failures[0].startswith("that is no question")
    assert not supervisor.is_stopping


def test_no_workers_at_all_are_refused(tmp_path):
    failures, supervisor = asked(tmp_path / "c", b'{"do":"scale","workers":0}\n')

    assert failures == ["there cannot be 0 workers, but 1 to 256"]
    assert supervisor.done == []


def test_only_its_owner_may_use_the_socket_and_it_goes_with_the_server(tmp_path):
    path = tmp_path / "c"

    async def main() -> int:
        async with control(str(path), Supervisor()):
            return stat.S_IMODE(path.stat().st_mode)

    assert asyncio.run(main()) == 0o600
    assert not path.exists()


def test_a_second_server_does_not_take_the_socket(tmp_path):
    path = str(tmp_path / "c")

    async def main() -> None:
        async with control(path, Supervisor()):
            with pytest.raises(GambrelError, match=r"\[server.control\] .*another server"):
                async with control(path, Supervisor()):
                    pass

    asyncio.run(main())


def test_a_server_that_ends_later_leaves_the_socket_of_the_next(tmp_path):
    path = tmp_path / "c"

    async def main() -> str:
        async with AsyncExitStack() as old:
            await old.enter_async_context(control(str(path), Supervisor()))
            path.unlink()  # by hand, for the old one hangs
            async with control(str(path), Supervisor()):
                await old.aclose()
                return (await ask(path, b'{"do":"status"}\n')).failure

    assert asyncio.run(main()) == ""


def test_a_socket_that_nobody_listens_at_is_taken_over(tmp_path):
    path = str(tmp_path / "c")
    with socket.socket(socket.AF_UNIX) as dead:
        dead.bind(path)

    assert asked(Path(path), b'{"do":"status"}\n')[0] == [""]


def test_another_file_is_left_alone(tmp_path):
    path = tmp_path / "notes.txt"
    path.write_text("mine")

    with pytest.raises(GambrelError, match="there is a file of that name"):
        asked(path)

    assert path.read_text() == "mine"


def test_a_path_that_cannot_be_is_told(tmp_path):
    for path in (tmp_path / "no" / "c", tmp_path / ("c" * 200)):
        with pytest.raises(GambrelError, match=r"\[server.control\]"):
            asked(path)
    assert os.umask(0o022) == 0o022
