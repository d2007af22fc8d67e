"""Several messages on one connection, and what ends it."""

import pytest

from tests.conformance.hosts import Host
from tests.conformance.wire import message

UPGRADE: list[str | bytes] = [
    "Connection: Upgrade",
    "Upgrade: websocket",
    "Sec-WebSocket-Version: 13",
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
]


def test_a_connection_serves_many_requests(host: Host) -> None:
    with host.connect() as wire:
        for n in range(20):
            wire.send(message(f"/segment/{n}", headers=[f"X-Other: {n % 3}"]))
            assert wire.answer().json == {"name": str(n)}


def test_requests_of_one_connection_do_not_mix(host: Host) -> None:
    with host.connect() as wire:
        for n in range(6):
            secret = [f"Cookie: user={n}"] if n % 2 else []
            wire.send(message("/echo", "POST", secret, b"x" * n))
            told = wire.answer().json
            assert (told["cookies"], told["size"]) == ({"user": str(n)} if n % 2 else {}, n)


def test_pipelined_requests_are_answered_in_order(host: Host) -> None:
    sent = [message(f"/segment/{n}", headers=[f"Cookie: n={n}"]) for n in range(10)]
    sent.insert(5, message("/echo", "POST", body=b"GET /admin HTTP/1.1\r\n\r\n"))
    with host.connect() as wire:
        wire.send(b"".join(sent))
        told = [wire.answer().json for _ in sent]

    assert [one["name"] for one in told if "name" in one] == [str(n) for n in range(10)]
    assert told[5]["size"] == 23


def test_slow_answers_keep_their_place_in_a_pipeline(host: Host) -> None:
    with host.connect() as wire:
        wire.send(message("/wait?note=first&seconds=0.05") + message("/ping"))
        told = [wire.answer().text for _ in range(2)]

    assert told == ["first", "pong"]


def test_connection_close_is_kept_to(host: Host) -> None:
    with host.connect() as wire:
        wire.send(message("/ping", headers=["Connection: close"]))
        answer = wire.answer()

        assert (answer.text, answer.keeps) == ("pong", False)
        assert wire.is_closed()


def test_http_1_0_ends_with_its_answer(host: Host) -> None:
    with host.connect() as wire:
        wire.send(message("/ping", version="1.0"))

        assert wire.answer().text == "pong"
        assert wire.is_closed()


def test_http_1_0_keeps_alive_when_asked_to(native: Host) -> None:
    with native.connect() as wire:
        for _ in range(2):
            wire.send(message("/ping", headers=["Connection: keep-alive"], version="1.0"))
            answer = wire.answer()
            assert (answer.text, answer.get("connection")) == ("pong", "keep-alive")


def test_a_stream_for_http_1_0_ends_with_the_connection(native: Host) -> None:
    answer = native.ask(message("/stream", version="1.0"))

    assert (answer.text, answer.get("transfer-encoding")) == ("0\n1\n2\n", None)


def test_a_refusal_ends_the_connection(native: Host) -> None:
    with native.connect() as wire:
        wire.send(message("/ping", host="evil.com") + message("/ping"))

        assert wire.answer().status == 400
        assert wire.is_closed()


def test_a_websocket_is_refused(host: Host) -> None:
    answer = host.ask(message("/ws", headers=UPGRADE))

    assert answer.status in {400, 403, 404, 426}
    assert host.get("/ping").text == "pong"


@pytest.mark.parametrize("protocol", ["h2c", "foo", "websocket, foo"])
def test_an_upgrade_nobody_knows_is_an_ordinary_request(native: Host, protocol: str) -> None:
    headers = [f"Upgrade: {protocol}", "Connection: Upgrade, HTTP2-Settings", "HTTP2-Settings: AA"]

    answer = native.ask(message("/ping", headers=headers))

    assert answer.text == "pong"


def test_a_log_line_is_never_made_by_a_client(host: Host) -> None:
    host.get("/inject?value=x%0d%0aERROR%20forged")
    host.get("/fail/handler?token=forging&x=%0aERROR%20forged")
    host.get("/wsgi/t%0aERROR%20forged/fail?token=forging")
    host.get("/number/%0aERROR%20forged?fail-middleware=forging")

    assert not [line for line in host.log.splitlines() if line.startswith("ERROR forged")]
