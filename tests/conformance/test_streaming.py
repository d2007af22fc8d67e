"""Bodies on their way, both ways: pieces as they come, the client's pace, promises not kept."""

import pytest

from tests.conformance.hosts import Host
from tests.conformance.wire import chunked, message

TICK = b"tick\n"


def test_a_stream_arrives_while_it_is_produced(host: Host) -> None:
    with host.connect() as wire:
        wire.send(message("/endless?note=arrives"))
        head = wire.head()
        for _ in range(3):
            wire.until(TICK)

    assert (head.status, head.get("transfer-encoding")) == (200, "chunked")


def test_up_and_down_at_the_same_time(host: Host) -> None:
    with host.connect() as wire:
        wire.send(message("/reverse", "POST", ["Transfer-Encoding: chunked"]))
        wire.send(b"3\r\nabc\r\n")
        head = wire.head()
        wire.until(b"cba")
        wire.send(b"3\r\nxyz\r\n")
        wire.until(b"zyx")
        wire.send(b"0\r\n\r\n")
        wire.until(b"]")

    assert head.status == 200


def test_a_slow_reader_slows_the_stream_down(host: Host) -> None:
    note = f"slow-{host.name}"
    with host.connect() as wire:
        wire.send(message(f"/megabytes?note={note}"))
        wire.head()
        assert host.get("/ping").text == "pong"  # and nobody else

    poured = next(event for event in host.wait_for_start(f"{note} poured") if note in event)
    assert int(poured.rpartition(" ")[2]) < 2048, "256 MiB went where nobody read them"


def test_a_body_shorter_than_promised_breaks_the_connection_off(host: Host) -> None:
    answer = host.ask(message("/promise?promised=5&n=3"))

    assert not answer.is_whole
    assert host.logged("ValueError: the body")


def test_a_body_longer_than_promised_never_runs_into_the_next_answer(host: Host) -> None:
    with host.connect() as wire:
        wire.send(message("/promise?promised=3&n=7") + message("/ping"))
        answer = wire.answer()
        rest = wire.answer().body if wire.received or wire.more() else b""

    assert answer.body in {b"", b"xxx"}
    assert rest in {b"", b"pong"}
    assert host.logged("ValueError: the body")


def test_a_stream_that_fails_is_broken_off_and_logged_once(host: Host) -> None:
    token = f"token-{host.name}-stream"

    answer = host.ask(message(f"/stream-fails?token={token}"))

    assert (answer.status, answer.is_whole) == (200, False)
    assert b"first" in answer.body
    assert len(host.logged(f"RuntimeError: stream {token}")) == 1
    assert host.get("/ping").text == "pong"


def test_continue_is_said_when_the_body_is_wanted(host: Host) -> None:
    with host.connect() as wire:
        wire.send(message("/echo", "POST", ["Expect: 100-continue", "Content-Length: 4"]))
        first = wire.head()
        wire.send(b"body")
        answer = wire.answer()

    assert first.status == 100
    assert answer.json["size"] == 4


def test_continue_is_not_said_when_the_answer_is_no(host: Host) -> None:
    if host.name == "hypercorn":
        pytest.skip("hypercorn says it by itself")
    with host.connect() as wire:
        wire.send(message("/refuse", "POST", ["Expect: 100-continue", "Content-Length: 4"]))
        first = wire.head()

    assert first.status == 401


def test_a_body_is_never_taken_for_a_request(host: Host) -> None:
    smuggled = message("/echo?smuggled")
    before = host.seen

    with host.connect() as wire:
        wire.send(message("/refuse", "POST", body=smuggled * 2000))
        answer = wire.answer()
        rest = wire.rest() if not answer.keeps else b""
        if answer.keeps:
            wire.send(message("/ping"))
            assert wire.answer().text == "pong"

    assert (answer.status, rest) == (401, b"")
    assert host.seen - before <= 2


def test_a_request_may_come_byte_by_byte(host: Host) -> None:
    with host.connect() as wire:
        for byte in message("/echo", "POST", ["Transfer-Encoding: chunked"]) + chunked(b"ab"):
            wire.send(bytes([byte]))
        answer = wire.answer()

    assert answer.json["size"] == 2
