"""What may go wrong around a server, by the numbers that docs/reference/security.md has."""

import re
import resource
import signal
import socket
import struct
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

import pytest

from tests.cli.processes import PATIENCE, get
from tests.faults.conftest import APP
from tests.server.corpus import CASES

pytestmark = pytest.mark.slow
FAKETIME = Path("/usr/lib/x86_64-linux-gnu/faketime/libfaketime.so.1")


def connect(port: int, data: bytes = b"") -> socket.socket:
    client = socket.create_connection(("127.0.0.1", port), PATIENCE)
    client.sendall(data)
    return client


def request_of(path: str) -> bytes:
    return f"GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode()


def pids_of(port: int, number: int) -> set[int]:
    """Return the processes that answer, once there are so many."""
    found: set[int] = set()
    end = time.monotonic() + PATIENCE
    while len(found) < number and time.monotonic() < end:
        found.add(int(get(port, "/pid")[1]))
    return found


def answers_in_a_row(port: int, wanted: int = 20) -> int:
    """Return how many requests in a row were answered; it may refuse those in its queue before."""
    number, end = 0, time.monotonic() + PATIENCE
    while number < wanted and time.monotonic() < end:
        try:
            number = number + 1 if get(port)[0] == 200 else 0
        except OSError:
            number = 0
    return number


def memory_of(pid: int) -> int:
    """Return the resident bytes of a process."""
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * resource.getpagesize()


def descriptors_of(pid: int) -> int:
    """Return how many a process has open."""
    return len(list(Path(f"/proc/{pid}/fd").iterdir()))


@contextmanager
def many(port: int, number: int, data: bytes) -> Iterator[list[socket.socket]]:
    """Have many clients that have sent the same."""
    with ExitStack() as stack:
        yield [stack.enter_context(connect(port, data)) for _ in range(number)]


@pytest.mark.parametrize("workers", ["1", "2"])
def test_r13_slow_clients_hold_nobody_up(serve, workers):
    run = serve("--workers", workers)
    port = run.port()
    pid = int(get(port, "/pid")[1])
    before = memory_of(pid)
    with (
        many(port, 300, b"GET / HTTP/1.1\r\nHost: loc"),
        many(port, 300, b""),
        many(
            port,
            100,
            b"POST /upload HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9000000\r\n\r\nx",
        ),
        many(port, 50, request_of("/large")),
    ):
        assert [get(port)[0] for _ in range(100)] == [200] * 100
        assert memory_of(pid) - before < 150_000_000

    assert run.end() == 0


def test_r13_who_does_not_finish_a_head_is_closed(serve):
    run = serve(GAMBREL_SERVER__HEADER_TIMEOUT="1")
    with many(run.port(), 50, b"GET / HTTP/1.1\r\nHost: loc") as clients:
        answers = [client.recv(1000) for client in clients]

    assert {answer[:12] for answer in answers} == {b"HTTP/1.1 408"}
    assert run.end() == 0


def test_r19_a_handler_that_blocks_the_loop_is_named_while_the_other_worker_goes_on(serve):
    run = serve("--workers", "2")
    port = run.port()
    pids = pids_of(port, 2)
    with connect(port, request_of("/busy/6")) as client:
        run.line(r"is busy: its event loop has not turned for \d\.\d s")
        answers = [get(port)[0] for _ in range(20)]
        run.line(r'app\.py", line \d+ in busy')
        answer = client.recv(1000)

    assert answers == [200] * 20
    assert answer.startswith(b"HTTP/1.1 200")
    assert pids_of(port, 2) == pids
    assert run.end() == 0


@pytest.mark.parametrize("workers", ["1", "2"])
def test_r21_a_stopping_server_waits_for_the_short_and_cancels_the_long(serve, workers):
    run = serve("--workers", workers, GAMBREL_CORE__SHUTDOWN_GRACE="2")
    port = run.port()
    short = connect(port, request_of("/wait/1"))
    long = connect(port, request_of("/wait/60"))
    get(port)  # both have been read by now
    with short, long:
        code = run.end(signal.SIGTERM)
        answered = short.recv(1000)
        cut_off = long.recv(1000)

    assert code == 0
    assert answered.startswith(b"HTTP/1.1 200")
    assert not cut_off.startswith(b"HTTP/1.1 200")
    assert "closed cancelled 60" in run.output


@pytest.mark.parametrize("workers", ["1", "2"])
def test_r24_a_server_without_descriptors_serves_again_when_it_has_some(serve, workers):
    run = serve("--workers", workers)
    port = run.port()
    pids = pids_of(port, int(workers))
    for pid in pids:
        resource.prlimit(pid, resource.RLIMIT_NOFILE, (40, 40))
    with many(port, 200, b""):
        pass

    assert answers_in_a_row(port) == 20
    assert pids == pids_of(port, int(workers))
    assert run.end() == 0


@pytest.mark.parametrize("workers", ["1", "2"])
def test_r35_a_storm_of_signals_is_one_end(serve, workers):
    run = serve("--workers", workers)
    run.port()
    for number in [signal.SIGINT, signal.SIGTERM] * 5:
        run.process.send_signal(number)

    assert run.end(None) == 0
    assert "Traceback" not in run.output


def test_r35_reloads_that_are_asked_for_at_once_are_done(serve):
    run = serve("--workers", "2")
    port = run.port()
    before = {int(get(port, "/pid")[1]) for _ in range(20)}
    for _ in range(5):
        run.process.send_signal(signal.SIGHUP)
    run.line("reloaded")

    assert before.isdisjoint({int(get(port, "/pid")[1]) for _ in range(20)})
    assert run.end() == 0
    assert "Traceback" not in run.output


@pytest.mark.parametrize("workers", ["1", "2"])
def test_r36_a_log_that_nobody_reads_holds_nobody_up(workers):
    command = [sys.executable, "-m", "gambrel.cli.main", "run", str(APP), "--port", "0"]
    with subprocess.Popen(
        [*command, "--workers", workers, "--access-log"],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    ) as process:
        assert process.stdout is not None
        found = re.search(rb":(\d+)", process.stdout.readline())
        assert found is not None
        # Each worker's pipe, of 64 kB, is full after a few.
        answers = {get(int(found[1]), f"/{'x' * 4000}")[0] for _ in range(100)}
        process.terminate()
        code = process.wait(PATIENCE)

    assert answers == {404}
    assert code == 0


def test_r37_a_worker_that_dies_again_and_again_is_started_ever_more_slowly(serve):
    run = serve("--workers", "2", DIES="1")
    for wait in ("0.1", "0.2", "0.4", "0.8"):
        run.line(rf"it ended with exit code 3; it is replaced in {wait} s")

    times = Path(f"/proc/{run.process.pid}/stat").read_text().rpartition(")")[2].split()
    assert run.end() in {0, 1}
    assert int(times[11]) + int(times[12]) < 200  # clock ticks: the supervisor does not spin


def test_r26_a_clock_that_jumps_changes_no_time_out_and_ends_no_request(serve, tmp_path):
    if not FAKETIME.exists():
        pytest.skip("no libfaketime here")
    said = tmp_path / "time"
    said.write_text("+0")
    run = serve(
        "--workers",
        "2",
        LD_PRELOAD=str(FAKETIME),
        FAKETIME_TIMESTAMP_FILE=str(said),
        FAKETIME_NO_CACHE="1",
        FAKETIME_DONT_FAKE_MONOTONIC="1",
    )
    port = run.port()
    pids, dates = pids_of(port, 2), []
    for jump in ("+10y", "-10y", "-1h"):
        with connect(port, request_of("/wait/1.5")) as waiting, connect(port) as idle:
            said.write_text(jump)
            idle.sendall(request_of("/"))
            assert idle.recv(1000).startswith(b"HTTP/1.1 200")
            answer = waiting.recv(1000)
            idle.sendall(request_of("/"))  # it is no older for the server than it is
            assert idle.recv(1000).startswith(b"HTTP/1.1 200")
        assert answer.startswith(b"HTTP/1.1 200")
        dates.append(re.findall(rb"date: \w+, \d+ \w+ (\d+)", answer)[0])

    assert pids_of(port, 2) == pids
    assert len(set(dates)) == 3  # the clock did jump
    assert run.end() == 0


def test_r28_hostile_messages_are_not_felt_by_others(serve):
    run = serve("--workers", "2")
    port = run.port()
    pids = pids_of(port, 2)
    told = []
    for case in CASES:
        with connect(port) as client:
            with suppress(OSError):  # it may have closed before it has all of them
                client.sendall(case.data)
                client.shutdown(socket.SHUT_WR)
            told.append(get(port)[0])

    assert told == [200] * len(CASES)
    assert pids_of(port, 2) == pids
    assert run.end() == 0
    assert "Traceback" not in run.output


@pytest.mark.parametrize("workers", ["1", "2"])
def test_c40_connections_that_are_broken_off_at_once_leave_nothing_behind(serve, workers):
    run = serve("--workers", workers)
    port = run.port()
    pids = pids_of(port, int(workers))
    before = {pid: descriptors_of(pid) for pid in pids}
    reset = struct.pack("ii", 1, 0)
    for number in range(3_000):
        with socket.socket() as client:
            client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, reset)
            client.setblocking(False)
            client.connect_ex(("127.0.0.1", port))
            if number % 3:
                client.settimeout(PATIENCE)
                with suppress(OSError):
                    client.sendall(request_of("/wait/1")[: number % 90])

    assert [get(port)[0] for _ in range(20)] == [200] * 20
    assert pids_of(port, int(workers)) == pids
    end = time.monotonic() + PATIENCE
    while any(descriptors_of(pid) > before[pid] + 1 for pid in pids) and time.monotonic() < end:
        time.sleep(0.1)
    assert {pid: max(0, descriptors_of(pid) - before[pid] - 1) for pid in pids} == dict.fromkeys(
        pids, 0
    )
    assert run.end() == 0
    assert "Traceback" not in run.output
