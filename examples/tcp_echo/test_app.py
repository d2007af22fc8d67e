import socket
import threading
from contextlib import suppress

import pytest
from tcp_echo.app import LINE, EchoServer, figures

from gambrel import App
from gambrel.testing import Client


@pytest.fixture
def site():
    app = App(extensions=[EchoServer(port=0)])
    app.get("/")(figures)
    with Client(app) as client:
        yield client


def connect(site) -> socket.socket:
    return socket.create_connection(("127.0.0.1", site.get("/").json()["port"]), timeout=20)


def test_lines_come_back_and_are_counted(site):
    with connect(site) as client, client.makefile("rwb") as wire:
        wire.write(b"one\ntwo\n")
        wire.flush()
        assert [wire.readline(), wire.readline()] == [b"one\n", b"two\n"]
        told = site.get("/").json()

    assert (told["lines"], told["connections"]) == (2, 1)


def test_a_line_without_an_end_is_cut_off(site):
    with connect(site) as client:
        client.sendall(b"x" * (LINE + 1))

        assert client.recv(10) == b""


def test_who_has_gone_is_forgotten(site):
    connect(site).close()
    while site.get("/").json()["connections"]:
        threading.Event().wait(0.001)


def test_leaving_the_app_breaks_connections_off():
    app = App(extensions=[EchoServer(port=0)])
    app.get("/")(figures)
    with Client(app) as client:
        open_one = connect(client)

    with open_one, suppress(ConnectionResetError):
        assert open_one.recv(10) == b""
