import http.client
import os
import signal
import socket
import threading
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.cli.processes import PATIENCE, get

APP = """
import os, time
from gambrel import App
app = App()

@app.get("/")
async def home() -> str: return "{version}"

@app.get("/pid")
async def pid() -> int: return os.getpid()

@app.get("/hang")
async def hang() -> None: time.sleep(3600)
"""


def pid_of(port: int) -> int:
    return int(get(port, "/pid")[1])


def pids(port: int, number: int) -> set[int]:
    """Return the processes that answer, once there are so many."""
    found: set[int] = set()
    end = time.monotonic() + PATIENCE
    while len(found) < number and time.monotonic() < end:
        found.add(pid_of(port))
    return found


def is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def wait_until(condition: Callable[[], object]) -> None:
    end = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < end
        threading.Event().wait(0.02)


@pytest.fixture
def site(folder: Path) -> Path:
    (folder / "app.py").write_text(APP.format(version="one"))
    return folder


def test_workers_share_a_socket_evenly_until_they_are_asked_to_stop(site, start):
    run = start("run", "--port", "0", "--workers", "2")
    port = int(run.line(r"Gambrel serves app.py at http://\S+:(\d+) with 2 workers")[1])
    clients = [http.client.HTTPConnection("127.0.0.1", port) for _ in range(64)]
    spread: Counter[bytes] = Counter()
    for client in clients:
        client.request("GET", "/pid")
        spread[client.getresponse().read()] += 1
    for client in clients:
        client.close()

    assert min(spread.values()) >= 25
    assert len(spread) == 2
    assert run.end() == 0
    assert run.output.count("[core.secret]") <= 1


def test_a_killed_worker_is_replaced_and_the_others_go_on(site, start):
    run = start("run", "--port", "0", "--workers", "2")
    port = run.port()
    victim, other = pids(port, 2)
    os.kill(victim, signal.SIGKILL)
    run.line(r"worker \d+ \(pid \d+\): it was killed by SIGKILL; it is replaced")

    after = pids(port, 2)
    assert other in after
    assert victim not in after
    assert run.end() == 0


def test_an_app_that_does_not_start_is_told_once(folder, start):
    (folder / "app.py").write_text("raise RuntimeError('no shelf')\n")

    run = start("run", "--port", "0", "--workers", "3")

    assert run.end(None) == 1
    assert run.output.count("[cli.import-failed]") == 1
    assert "Gambrel serves" not in run.output


def test_sighup_serves_new_code_without_a_failed_request(site, start):
    run = start("run", "--port", "0", "--workers", "2")
    port = run.port()
    seen: Counter[bytes] = Counter()
    failures: list[Exception] = []
    done = threading.Event()

    def ask() -> None:
        client = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE)
        while not done.is_set():
            try:
                client.request("GET", "/")
                seen[client.getresponse().read()] += 1
            except (OSError, http.client.HTTPException) as error:
                failures.append(error)
                client.close()
        client.close()

    threads = [threading.Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    (site / "app.py").write_text(APP.format(version="other"))
    run.process.send_signal(signal.SIGHUP)
    run.line("reloaded")
    new = get(port)[1]
    done.set()
    for thread in threads:
        thread.join()

    assert new == "other"
    assert failures == []
    assert run.end() == 0


def test_a_reload_that_fails_keeps_the_old_workers(site, start):
    run = start("run", "--port", "0", "--workers", "2")
    port = run.port()
    (site / "app.py").write_text("raise RuntimeError('broken')\n")
    run.process.send_signal(signal.SIGHUP)
    run.line("reload failed: .*the old ones go on")

    assert get(port) == (200, "one")
    assert run.end() == 0


def test_a_worker_that_hangs_prints_where_and_is_replaced(site, start):
    run = start("run", "--port", "0", "--workers", "1", "--max-requests", "99", "--hang-timeout", 2)
    port = run.port()
    first = pid_of(port)
    with socket.create_connection(("127.0.0.1", port)) as client:
        client.sendall(b"GET /hang HTTP/1.1\r\nhost: localhost\r\n\r\n")
        run.line("hangs: its event loop has not turned for 2 s")
        run.line(r'app.py", line \d+ in hang')
    run.line("it is replaced")

    assert pid_of(port) != first
    assert run.end() == 0


def test_a_worker_that_has_answered_its_share_is_replaced(site, start):
    run = start("run", "--port", "0", "--max-requests", "5")
    port = run.port()
    first = pid_of(port)
    for _ in range(10):
        get(port)
    run.line(r"it has answered \d+ requests; it is replaced")
    wait_until(lambda: not is_alive(first))

    assert pid_of(port) != first
    assert run.end() == 0


def test_workers_end_with_a_supervisor_that_is_killed(site, start):
    run = start("run", "--port", "0", "--workers", "2")
    found = pids(run.port(), 2)
    run.end(signal.SIGKILL)

    wait_until(lambda: not any(map(is_alive, found)))


AHEAD = """
import os, signal
from collections.abc import AsyncIterator
from pathlib import Path
from gambrel import App
app = App()

def say(line: str) -> None:
    os.write(1, f"{line}\\n".encode())

@app.lifespan
async def life() -> AsyncIterator[None]:
    say("a worker starts")
    yield

@app.command
def migrate(code: int = 0) -> None:
    say(f"migrates at {os.environ['GAMBREL_CONTROL']}")
    raise SystemExit(int(Path("code").read_text()) if Path("code").exists() else code)

@app.command
def linger() -> None:
    try:
        say("lingers")
        signal.pause()
    finally:
        say("leaves")
"""


@pytest.fixture
def migrating(folder: Path) -> Path:
    (folder / "app.py").write_text(AHEAD)
    return folder


def test_what_comes_first_is_run_once_before_any_worker_and_before_new_code(migrating, start):
    run = start("run", "--port", "0", "--workers", 2, "--before", "migrate", "--control", "c.sock")
    run.port()
    assert run.seen.index(f"migrates at {migrating / 'c.sock'}") < run.seen.index("a worker starts")
    run.process.send_signal(signal.SIGHUP)
    run.line("migrates")
    run.line("a worker starts")
    run.line("reloaded")

    assert run.end() == 0
    assert run.output.count("migrates") == 2
    assert run.output.count("a worker starts") == 4


def test_where_what_comes_first_fails_nobody_serves_and_a_reload_changes_nothing(migrating, start):
    (migrating / "code").write_text("3")
    run = start("run", "--port", "0", "--before", "migrate", "--control", "c.sock")

    assert run.end(None) == 1
    assert "'migrate', which comes first, has failed: it ended with exit code 3" in run.output
    assert "a worker starts" not in run.output

    (migrating / "code").unlink()
    run = start("run", "--port", "0", "--before", "migrate", "--control", "c.sock")
    run.port()
    (migrating / "code").write_text("3")
    run.process.send_signal(signal.SIGHUP)
    run.line("reload failed: 'migrate', which comes first, has failed")

    assert run.end() == 0
    assert run.output.count("a worker starts") == 1


def test_what_comes_first_is_ended_where_the_server_is_stopped(migrating, start):
    run = start("run", "--port", "0", "--before", "linger")
    run.line("lingers")

    assert run.end() == 0
    assert "leaves" in run.output
    assert "a worker starts" not in run.output
