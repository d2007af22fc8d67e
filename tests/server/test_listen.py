import os
import socket

import pytest

from gambrel.core.http.errors import GambrelError
from gambrel.server.listen import adopt_descriptor, listen_on_port


def test_a_free_port_is_listened_on():
    with listen_on_port("127.0.0.1", 0) as listener:
        socket.create_connection(listener.getsockname()).close()


def test_a_name_is_an_address_too():
    with listen_on_port("localhost", 0) as listener:
        assert listener.getsockname()[0] in {"127.0.0.1", "::1"}


def test_a_taken_port_says_which_and_how_to_choose_another():
    with listen_on_port("127.0.0.1", 0) as first:
        port = first.getsockname()[1]

        with pytest.raises(GambrelError) as failure:
            listen_on_port("127.0.0.1", port)

    assert failure.value.code == "server.port-taken"
    assert str(port) in failure.value.what
    assert f"--port {port + 1}" in failure.value.hint


@pytest.mark.parametrize("host", ["203.0.113.1", "no-such-host.invalid"])
def test_an_address_of_another_machine_is_refused(host):
    with pytest.raises(GambrelError) as failure:
        listen_on_port(host, 0)

    assert failure.value.code == "server.address"
    assert "--host 127.0.0.1" in failure.value.hint


def test_a_port_beyond_the_last_is_refused():
    with pytest.raises(GambrelError) as failure:
        listen_on_port("127.0.0.1", 70_000)

    assert failure.value.code == "server.address"


def test_a_port_the_user_may_not_have_is_refused(monkeypatch):
    def refuse(*_: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(socket.socket, "bind", refuse)

    with pytest.raises(GambrelError) as failure:
        listen_on_port("127.0.0.1", 80)

    assert failure.value.code == "server.address"
    assert "--port 8000" in failure.value.hint


def test_a_socket_of_a_supervisor_is_adopted():
    given = listen_on_port("127.0.0.1", 0)

    with given, adopt_descriptor(os.dup(given.fileno())) as adopted:
        assert adopted.getsockname() == given.getsockname()


def test_a_descriptor_that_does_not_listen_is_refused(tmp_path):
    with (tmp_path / "file").open("w") as file, socket.socket() as idle:
        for descriptor in (file.fileno(), idle.fileno(), 9_999):
            with pytest.raises(GambrelError) as failure:
                adopt_descriptor(descriptor)
            assert failure.value.code == "server.descriptor"
