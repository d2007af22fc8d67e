import os
import signal
import subprocess
import sys

import pytest

from gambrel import GambrelError
from gambrel.cli.serving.process import become, pid_file
from tests.cli.processes import PATIENCE, get

IS_ROOT = os.name == "posix" and os.geteuid() == 0


def test_the_pid_stands_in_the_file_while_it_runs(tmp_path):
    path = tmp_path / "pid"

    with pid_file(str(path)):
        assert path.read_text() == f"{os.getpid()}\n"

    assert not path.exists()


def test_the_file_of_a_process_that_is_gone_is_taken_over(tmp_path):
    path = tmp_path / "pid"
    gone = subprocess.run(
        [sys.executable, "-c", "import os; print(os.getpid())"], capture_output=True
    )
    path.write_bytes(gone.stdout)

    with pid_file(str(path)):
        assert path.read_text() == f"{os.getpid()}\n"


def test_the_file_of_a_living_process_is_not(tmp_path):
    path = tmp_path / "pid"
    path.write_text(f"{os.getppid()}\n")

    with pytest.raises(GambrelError, match=r"\[server.pid-file\]"), pid_file(str(path)):
        pass

    assert path.read_text() == f"{os.getppid()}\n"


def test_a_file_that_cannot_be_written_is_told(tmp_path):
    with (
        pytest.raises(GambrelError, match="cannot be written"),
        pid_file(str(tmp_path / "x" / "y")),
    ):
        pass


@pytest.mark.parametrize(("user", "group"), [("nobody-of-that-name", ""), ("", "no-such-group")])
def test_a_user_or_group_that_is_none_is_told(user, group):
    with pytest.raises(GambrelError, match=r"\[server.user\]"):
        become(user, group)


@pytest.mark.skipif(not IS_ROOT, reason="only the superuser can become another")
def test_another_user_has_no_rights_of_ours_and_owns_the_files(tmp_path):
    path = tmp_path / "pid"
    path.touch()
    code = (
        "import os, sys; from gambrel.cli.serving.process import become\n"
        "become('nobody', '', [sys.argv[1], '']); print(os.getresuid(), os.getgroups())"
    )

    told = subprocess.run(
        [sys.executable, "-c", code, str(path)], capture_output=True, text=True, check=True
    ).stdout

    uid = path.stat().st_uid
    assert uid != 0
    assert told.startswith(str((uid, uid, uid)))
    assert "0" not in told.partition("[")[2].strip("]\n").split(", ")


def test_a_daemon_goes_on_by_itself_and_writes_to_its_log(gambrel, shop):
    command = [sys.executable, "-m", "gambrel.cli.main", "run", "--port", "0", "--daemon"]
    more = ["--log-file", "log", "--pid-file", "pid", "--control", "c.sock"]

    started = subprocess.run([*command, *more], capture_output=True, text=True, timeout=PATIENCE)
    port = int(started.stdout.rpartition(":")[2])
    pid = int((shop / "pid").read_text())

    assert started.returncode == 0
    assert get(port) == (200, "Hello")
    assert os.getsid(pid) != os.getsid(0)
    assert gambrel("stop", "--control", "c.sock").output == "stopped\n"
    assert "Gambrel serves" in (shop / "log").read_text()


@pytest.mark.parametrize("more", [[], ["--log-file", "log"]])
def test_a_daemon_that_does_not_start_says_why(folder, more):
    (folder / "app.py").write_text("raise RuntimeError('no shelf')\n")
    command = [sys.executable, "-m", "gambrel.cli.main", "run", "--port", "0", "--daemon"]

    started = subprocess.run([*command, *more], capture_output=True, text=True, timeout=PATIENCE)

    assert started.returncode == 1
    assert ("no shelf" if more else "`--log-file PATH` tells why") in started.stderr


def test_a_second_signal_does_not_wait(folder, start):
    (folder / "app.py").write_text(
        "import asyncio\nfrom gambrel import App\napp = App()\n"
        "@app.get('/')\nasync def home() -> None:\n    print('working', flush=True)\n"
        "    await asyncio.sleep(3600)\n"
    )
    run = start("run", "--port", "0", "--workers", "2", "--access-log")
    port = run.port()
    asking = subprocess.Popen([sys.executable, "-c", ASK.format(port)])
    run.line("working")
    run.process.send_signal(signal.SIGTERM)
    code = run.end(signal.SIGTERM)
    asking.wait(PATIENCE)

    assert code == 0


ASK = "import urllib.request as r\ntry: r.urlopen('http://127.0.0.1:{}/')\nexcept Exception: pass"
