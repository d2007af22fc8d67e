import fcntl
import os
import socket
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


@pytest.mark.parametrize("left", ["", "0", "-1", f"{10**30}", "1", "no number", "123456\n" * 9])
def test_a_file_that_was_left_is_taken_over_whatever_is_in_it(tmp_path, left):
    path = tmp_path / "pid"
    path.write_text(left)

    with pid_file(str(path)):
        assert path.read_text() == f"{os.getpid()}\n"


def test_the_file_of_a_living_process_is_not(tmp_path):
    path = tmp_path / "pid"

    with (
        pid_file(str(path)),
        pytest.raises(GambrelError, match=rf"is that of process {os.getpid()}, which is alive"),
        pid_file(str(path)),
    ):
        pass

    assert not path.exists()


@pytest.mark.parametrize("at", ["fstat", "flock"])
def test_a_file_that_its_process_removes_as_it_ends_is_made_anew(tmp_path, monkeypatch, at):
    path = tmp_path / "pid"
    module = {"fstat": os, "flock": fcntl}[at]
    real = getattr(module, at)
    removed = []

    def removed_before(descriptor, *more):
        if not removed and path.exists():
            removed.append(path.unlink())
        return real(descriptor, *more)

    monkeypatch.setattr(module, at, removed_before)

    with pid_file(str(path)):
        assert removed
        assert path.read_text() == f"{os.getpid()}\n"


@pytest.mark.parametrize("link", [os.symlink, os.link])
def test_no_link_leads_to_another_file(tmp_path, link):
    other, path = tmp_path / "other", tmp_path / "pid"
    other.write_text("dear to somebody")
    link(other, path)

    with pytest.raises(GambrelError, match="cannot be written"), pid_file(str(path)):
        pass

    assert other.read_text() == "dear to somebody"


def test_what_is_no_file_is_told(tmp_path):
    os.mkfifo(tmp_path / "pid")

    with pytest.raises(GambrelError, match="cannot be written"), pid_file(str(tmp_path / "pid")):
        pass


def test_a_file_that_has_been_replaced_is_left_alone(tmp_path):
    path = tmp_path / "pid"
    with pid_file(str(path)):
        path.unlink()
        path.write_text("another's")

    assert path.read_text() == "another's"


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


BECOME = """
import os, sys
from gambrel.cli.serving.process import become
become("nobody", "", sys.argv[1:])
print(os.getresuid(), os.getgroups())
become("nobody", "", sys.argv[1:])
"""


@pytest.mark.skipif(not IS_ROOT, reason="only the superuser can become another")
def test_another_user_has_no_rights_of_ours_and_owns_the_sockets(tmp_path):
    path, file, link = tmp_path / "sock", tmp_path / "file", tmp_path / "link"
    file.touch()
    link.symlink_to(file)
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(path))
        told = subprocess.run(
            [sys.executable, "-c", BECOME, path, file, link],
            capture_output=True,
            text=True,
            check=False,
        )

    uid = path.stat().st_uid
    assert uid != 0
    assert file.stat().st_uid == 0
    if told.returncode:  # this environment is not for everybody
        assert "may not run" in told.stderr
    else:
        assert told.stdout.startswith(str((uid, uid, uid)))
        assert "0" not in told.stdout.partition("[")[2].strip("]\n").split(", ")


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
