"""WebSockets through every server: the same messages, refusals and close codes."""

import http.client
import json
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import ClientConnection, connect

from tests.conformance.hosts import Host
from tests.conformance.wire import PATIENCE, message


@contextmanager
def socket(host: Host, path: str, **options: object) -> Iterator[ClientConnection]:
    url = f"ws://localhost:{host.port}{path}"
    with connect(url, open_timeout=PATIENCE, proxy=None, **options) as found:  # type: ignore[arg-type]
        yield found


def closing(found: ClientConnection) -> tuple[int, str]:
    """Return code and reason of the server's closing."""
    with suppress(ConnectionClosed):
        while True:
            found.recv(PATIENCE)
    assert found.close_code is not None
    return found.close_code, found.close_reason or ""


@pytest.mark.parametrize(
    "message",
    ["", "é€😀", "x" * 300_000, b"", b"\x00\xff" * 150_000],
    ids=["empty", "text", "long", "no-bytes", "bytes"],
)
def test_a_message_comes_back_as_it_was(host: Host, message: str | bytes) -> None:
    with socket(host, "/sockets/echo", max_size=None) as found:
        found.send(message)

        assert found.recv(PATIENCE) == message


def test_fragments_are_one_message(host: Host) -> None:
    with socket(host, "/sockets/echo") as found:
        found.send(["in ", "three ", "parts"])

        assert found.recv(PATIENCE) == "in three parts"


def test_a_ping_is_answered(host: Host) -> None:
    with socket(host, "/sockets/echo") as found:
        assert found.ping().wait(PATIENCE)


def test_the_handshake_is_bound_like_a_request(host: Host) -> None:
    headers = {"cookie": "who=me", "x-a": "1"}
    with socket(
        host, "/sockets/told/red?limit=3", additional_headers=headers, subprotocols=["v1", "v2"]
    ) as found:
        assert json.loads(found.recv(PATIENCE)) == ["red", 3, "me", "1", "http"]
        assert found.subprotocol == "v2"
        assert found.response is not None
        if host.name != "granian":  # it drops the fields of the answer
            assert found.response.headers["x-room"] == "red"
        assert closing(found) == (4001, "enough")


def refused(host: Host, path: str, **options: object) -> tuple[int, bytes]:
    with pytest.raises(InvalidStatus) as found, socket(host, path, **options):
        pass
    return found.value.response.status_code, bytes(found.value.response.body or b"")


def test_an_error_answers_the_handshake(host: Host) -> None:
    status, body = refused(host, "/sockets/no")

    assert status == 403
    if host.name != "granian":  # it sends no response in place of a socket
        assert json.loads(body)["detail"] == "not you"


def test_a_page_of_another_site_is_refused(host: Host) -> None:
    assert refused(host, "/sockets/echo", origin="https://evil.example")[0] == 403


def test_a_path_without_a_socket_is_refused(host: Host) -> None:
    assert refused(host, "/sockets/nowhere")[0] in {403, 404}


@pytest.mark.parametrize(
    ("path", "message", "code"),
    [
        ("/sockets/typed", '{"n": "x"}', 1007),
        ("/sockets/typed", "{", 1008),
        ("/sockets/text", b"bytes", 1003),
        ("/sockets/bytes", "text", 1003),
        ("/sockets/strict", "x", 1008),
        ("/sockets/broken", "x", 1011),
        ("/sockets/small", "x" * 101, 1009),
    ],
)
def test_what_cannot_be_handled_closes_with_its_code(
    host: Host, path: str, message: str | bytes, code: int
) -> None:
    with socket(host, path) as found:
        found.send(message)

        assert closing(found)[0] == code


@pytest.mark.parametrize(
    ("frame", "code"),
    [(b"\x81\x82\0\0\0\0\xff\xfe", 1007), (b"\x80\x81\0\0\0\0x", 1002)],
    ids=["no-utf-8", "no-first-fragment"],
)
def test_what_is_no_message_closes_with_its_code(host: Host, frame: bytes, code: int) -> None:
    with socket(host, "/sockets/echo") as found:
        found.socket.sendall(frame)

        # hypercorn breaks the connection off, granian closes without a code
        assert closing(found)[0] == {"hypercorn": 1006, "granian": 1005}.get(host.name, code)


@pytest.mark.parametrize("abrupt", [False, True])
def test_the_handler_hears_that_its_client_has_gone(host: Host, abrupt: bool) -> None:
    before = int(host.get("/sockets/ended").text)
    with socket(host, "/sockets/echo") as found:
        found.send("x")
        found.recv(PATIENCE)
        if abrupt:
            found.socket.close()

    wait_for(host, "/sockets/ended", before + 1)


def wait_for(host: Host, path: str, number: int) -> None:
    end = time.monotonic() + PATIENCE
    while (found := int(host.get(path).text)) < number and time.monotonic() < end:
        time.sleep(0.01)
    assert found == number


def test_the_handler_of_a_client_that_leaves_before_it_is_accepted_is_cancelled(host: Host) -> None:
    if host.name == "granian":
        pytest.skip("it tells of no client before its handshake is answered")
    before = int(host.get("/sockets/ended").text)
    waiting = int(host.get("/sockets/waits").text) + 1
    upgrade = ("Upgrade: websocket", "Connection: Upgrade", "Sec-WebSocket-Version: 13")
    key = "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=="
    with host.connect() as wire:
        wire.send(message("/sockets/waiting", "GET", (*upgrade, key)))
        wait_for(host, "/sockets/waits", waiting)

    wait_for(host, "/sockets/ended", before + 1)


def test_a_mounted_app_has_sockets(host: Host) -> None:
    with socket(host, "/asgi/room") as found:
        found.send("text")
        found.send(b"bytes")
        assert [found.recv(PATIENCE), found.recv(PATIENCE)] == ["text", b"bytes"]
        found.send("close")

        assert closing(found) == (4002, "/asgi/room")


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_request_that_is_no_handshake_is_told_what_is_served(host: Host, method: str) -> None:
    client = http.client.HTTPConnection("localhost", host.port, timeout=PATIENCE)
    client.request(method, "/sockets/echo")
    answer = client.getresponse()
    problem = json.loads(answer.read())
    client.close()

    assert answer.status == 426
    assert answer.headers["upgrade"] == "websocket"
    assert problem["detail"] == "A WebSocket is served here."
