import fcntl
import os
import socket
import stat
import threading
from pathlib import Path

import pytest

from gambrel.core.http.errors import GambrelError
from gambrel.server.entry import socket_file
from gambrel.server.entry.socket_file import listen_on_path


def connect(path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as client:
        client.connect(str(path))


def leave_dead(path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as dead:
        dead.bind(str(path))


def test_it_has_the_permissions_it_was_given(tmp_path):
    with listen_on_path(tmp_path / "app.sock", mode=0o600):
        assert stat.S_IMODE((tmp_path / "app.sock").stat().st_mode) == 0o600


def test_it_goes_with_its_server_and_nothing_else_is_left(tmp_path):
    with listen_on_path(tmp_path / "app.sock"):
        assert [one.name for one in tmp_path.iterdir()] == ["app.sock"]

    assert list(tmp_path.iterdir()) == []


def test_what_a_dead_server_left_is_replaced(tmp_path):
    path = tmp_path / "app.sock"
    leave_dead(path)

    with listen_on_path(path):
        connect(path)


def test_that_of_a_living_server_is_left_alone(tmp_path):
    path = tmp_path / "app.sock"
    with listen_on_path(path):
        with pytest.raises(GambrelError) as failure, listen_on_path(path):
            pass
        connect(path)

    assert failure.value.code == "server.port-taken"


def test_that_of_a_server_which_is_too_busy_to_answer_is_left_alone(tmp_path):
    path = tmp_path / "app.sock"
    with listen_on_path(path, backlog=0), socket.socket(socket.AF_UNIX) as client:
        client.connect(str(path))  # its queue is full

        with pytest.raises(GambrelError) as failure, listen_on_path(path):
            pass

    assert failure.value.code == "server.port-taken"


def test_a_file_is_never_replaced(tmp_path):
    path = tmp_path / "notes.txt"
    path.write_text("keep me")

    with pytest.raises(GambrelError) as failure, listen_on_path(path):
        pass

    assert failure.value.code == "server.address"
    assert path.read_text() == "keep me"


def test_a_server_that_ends_later_leaves_the_file_of_the_next(tmp_path):
    path = tmp_path / "app.sock"
    with listen_on_path(path) as old:
        old.close()  # it drains
        os.link(path, tmp_path / "kept")  # so that the next gets a number of its own
        new = listen_on_path(path)
        new.__enter__()

    connect(path)
    new.__exit__(None, None, None)
    assert not path.exists()


def test_the_next_file_is_another_even_where_it_has_the_number_of_the_old_one(tmp_path):
    path = tmp_path / "app.sock"
    with listen_on_path(path):
        os.utime(path, ns=(0, path.stat().st_mtime_ns + 1))

    assert path.is_socket()


def test_another_owner_or_mode_does_not_make_it_another_file(tmp_path):
    path = tmp_path / "app.sock"
    with listen_on_path(path):
        path.chmod(0o666)

    assert not path.exists()


def test_of_many_that_find_a_dead_one_at_the_same_time_one_is_the_server(tmp_path):
    path, together = tmp_path / "app.sock", threading.Barrier(4)
    owners: list[bool] = []

    def serve() -> None:
        together.wait()
        try:
            with listen_on_path(path) as listener:
                together.wait()  # each has its answer
                listener.setblocking(False)
                connect(path)
                listener.accept()[0].close()
                owners.append(True)
                together.wait()
        except GambrelError as error:
            owners.append(error.code != "server.port-taken")
            together.wait()
            together.wait()
        except OSError:  # somebody else got the connection
            owners.extend([True, True])
            together.wait()

    for _ in range(50):
        owners.clear()
        leave_dead(path)
        threads = [threading.Thread(target=serve) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

        assert sorted(owners) == [False, False, False, True]


def test_a_lock_that_its_holder_has_removed_is_taken_anew(tmp_path, monkeypatch):
    beside = tmp_path / "app.sock.lock"
    locked = fcntl.flock
    waits = []

    def removed_meanwhile(descriptor: int, how: int) -> None:
        locked(descriptor, how)
        if not waits:
            waits.append(beside.unlink())

    monkeypatch.setattr(fcntl, "flock", removed_meanwhile)

    with socket_file.lock_beside(str(tmp_path / "app.sock")):
        assert waits
        assert beside.exists()


def test_a_lock_that_somebody_keeps_is_told(tmp_path, monkeypatch):
    monkeypatch.setattr(socket_file, "PATIENCE", 0.05)
    with (tmp_path / "app.sock.lock").open("w") as kept:
        fcntl.flock(kept, fcntl.LOCK_EX)

        with pytest.raises(GambrelError, match=r"somebody keeps .*app.sock.lock locked"):
            listen_on_path(tmp_path / "app.sock").__enter__()
