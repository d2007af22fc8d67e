import http.client
import os
import socket
from pathlib import Path

import pytest

from gambrel import GambrelError
from gambrel.cli.serving.listening import open_listener, url_of
from tests.cli.processes import PATIENCE, get

SECRET = "k7Qw-29fX_plm3Zc8vTn1RbYd6HsJg4u"
WHO = """
from gambrel import App, Request
app = App(trusted_proxies=["127.0.0.0/8"])

@app.get("/")
async def who(request: Request) -> str: return request.client
"""


def test_port_0_takes_a_free_one():
    with open_listener("127.0.0.1", 0) as listener:
        port = listener.getsockname()[1]

        assert port > 0
        assert url_of(listener) == f"http://127.0.0.1:{port}"


def test_ipv6_addresses_stand_in_brackets():
    with open_listener("::1", 0) as listener:
        assert url_of(listener) == f"http://[::1]:{listener.getsockname()[1]}"


def test_a_taken_port_is_named_with_another_to_try():
    with open_listener("127.0.0.1", 0) as listener:
        port = listener.getsockname()[1]
        with pytest.raises(GambrelError) as caught, open_listener("127.0.0.1", port):
            pass

    assert caught.value.code == "server.port-taken"
    assert caught.value.what == f"port {port} is in use by another program"
    assert f"--port {port + 1 if port < 65_535 else 8000}" in caught.value.hint


@pytest.mark.parametrize("host", ["192.0.2.1", "no-such-host.invalid"])
def test_an_address_of_another_machine_is_refused(host):
    with pytest.raises(GambrelError) as caught, open_listener(host, 0):
        pass

    assert caught.value.code == "server.address"
    assert host in caught.value.where


def test_a_path_is_listened_at_and_removed_at_the_end(folder):
    with open_listener("", 0, "web.sock") as listener:
        assert Path("web.sock").is_socket()
        assert url_of(listener) == "unix:web.sock"

    assert not Path("web.sock").exists()


def test_a_socket_that_was_left_behind_is_replaced(folder):
    with socket.socket(socket.AF_UNIX) as left:
        left.bind("web.sock")

    with open_listener("", 0, "web.sock"):
        assert Path("web.sock").is_socket()


def test_a_socket_in_use_is_not_replaced(folder):
    with open_listener("", 0, "web.sock"):
        with pytest.raises(GambrelError) as caught, open_listener("", 0, "web.sock"):
            pass

        assert caught.value.code == "server.port-taken"
        assert Path("web.sock").is_socket()


def test_the_socket_of_a_supervisor_is_taken_and_its_path_left(folder):
    with open_listener("", 0, "web.sock") as opened:
        with open_listener("127.0.0.1", 8000, "web.sock", os.dup(opened.fileno())) as listener:
            assert url_of(listener) == "unix:web.sock"

        assert Path("web.sock").is_socket()


def test_a_file_that_is_no_socket_is_not_replaced(folder):
    Path("web.sock").write_text("mine")

    with pytest.raises(GambrelError), open_listener("", 0, "web.sock"):
        pass

    assert Path("web.sock").read_text() == "mine"


@pytest.mark.parametrize("workers", [1, 2])
def test_workers_take_the_client_from_the_balancers_header(folder, start, workers):
    (folder / "app.py").write_text(WHO)
    run = start("run", "--port", "0", "--workers", workers, "--proxy-protocol")
    port = run.port()

    with socket.create_connection(("127.0.0.1", port), PATIENCE) as client:
        client.sendall(b"PROXY TCP4 203.0.113.9 192.0.2.1 4711 443\r\n")
        client.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
        told = b"".join(iter(lambda: client.recv(4096), b""))

    assert told.endswith(b"\r\n\r\n203.0.113.9")
    assert run.end() == 0


def test_without_trusted_balancers_it_does_not_start(shop, gambrel):
    result = gambrel("run", "--port", "0", "--proxy-protocol")

    assert result.exit_code == 1
    assert "server.proxy-protocol" in result.stderr


@pytest.mark.parametrize("workers", [1, 2])
def test_a_request_between_two_servers_waits_in_the_socket_of_the_manager(shop, start, workers):
    environ = {"GAMBREL_HOSTS": "127.0.0.1", "GAMBREL_SECRET_KEY": SECRET}
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        first = start("run", "--workers", workers, sockets=[listener], **environ)
        assert first.port() == port
        assert first.end() == 0

        between = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE)
        between.request("GET", "/")
        second = start("run", "--workers", workers, sockets=[listener], **environ)

        assert between.getresponse().read() == b"Hello"
        assert second.port() == port
        between.close()
        assert second.end() == 0


def test_one_of_several_sockets_is_chosen_by_its_name(shop, start):
    with (
        socket.create_server(("127.0.0.1", 0)) as one,
        socket.create_server(("127.0.0.1", 0)) as two,
    ):
        environ = {"GAMBREL_HOSTS": "127.0.0.1", "GAMBREL_SECRET_KEY": SECRET}
        environ["LISTEN_FDNAMES"] = "admin:http"
        run = start("run", "--fd", "http", sockets=[one, two], **environ)

        assert get(two.getsockname()[1]) == (200, "Hello")
        assert run.end() == 0

        refused = start("run", sockets=[one, two], **environ)

        assert refused.end(None) == 1
        assert "admin, http: which one?" in refused.output


def test_an_address_on_the_command_line_comes_before_the_service_managers(shop, start):
    with socket.create_server(("127.0.0.1", 0)) as listener:
        run = start("run", "--port", "0", sockets=[listener])

        assert run.port() != listener.getsockname()[1]
