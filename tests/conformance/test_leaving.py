"""A client that leaves: what is stopped, what runs on, and that everything is given back."""

import socket

import pytest

from tests.conformance.hosts import Host
from tests.conformance.wire import Wire, message


def hang_up(wire: Wire) -> None:
    wire.socket.shutdown(socket.SHUT_RDWR)


@pytest.mark.parametrize(
    ("method", "path", "end"),
    [
        ("GET", "/wait", "cancelled"),
        ("POST", "/wait", "ended"),
        ("POST", "/wait-cancelled", "cancelled"),
    ],
)
def test_what_reads_is_cancelled_and_what_writes_runs_on(
    host: Host, method: str, path: str, end: str
) -> None:
    note = f"{host.name}{method}{path}"
    with host.connect() as wire:
        wire.send(message(f"{path}?note={note}", method))
        host.wait_for(f"{note} began")
        hang_up(wire)

    events = host.wait_for(f"{note} {end}")

    assert [event for event in events if note in event] == [f"{note} began", f"{note} {end}"]


@pytest.mark.parametrize(
    "sent",
    [
        message("/endless?note=N"),
        message("/endless?note=N", "POST"),
        message("/endless?note=N", "POST", body=b"nobody reads this"),
    ],
    ids=["GET", "POST", "POST with a body"],
)
def test_a_stream_is_closed_and_called_back(host: Host, sent: bytes) -> None:
    note = f"{host.name}-{len(sent)}"
    with host.connect() as wire:
        wire.send(sent.replace(b"note=N", f"note={note}".encode()))
        wire.until(b"tick")
        hang_up(wire)

    events = host.wait_for(f"{note} called back")

    assert f"{note} closed" in events


def test_a_plain_generator_is_closed(host: Host) -> None:
    note = f"{host.name}-steps"
    with host.connect() as wire:
        wire.send(message(f"/endless-steps?note={note}"))
        wire.until(b"tick")
        hang_up(wire)

    host.wait_for(f"{note} closed")


@pytest.mark.parametrize(
    "headers",
    [["Content-Length: 100"], ["Transfer-Encoding: chunked"]],
    ids=["a length", "chunks"],
)
def test_a_body_that_is_cut_off_is_never_taken_for_a_whole_one(
    host: Host, headers: list[str | bytes]
) -> None:
    note = f"{host.name}-{len(headers[0])}"
    with host.connect() as wire:
        wire.send(message(f"/noted-body?note={note}", "POST", headers) + b"5\r\nabcde\r\n")
        host.get("/ping")
        hang_up(wire)

    host.wait_for(f"{note} ClientGone")
    assert note not in host.log


def test_who_only_stops_to_write_is_gone_too(host: Host) -> None:
    note = f"{host.name}-half"
    with host.connect() as wire:
        wire.send(message(f"/wait?note={note}"))
        host.wait_for(f"{note} began")
        wire.socket.shutdown(socket.SHUT_WR)

        host.wait_for(f"{note} cancelled")
