"""Streams over a real socket, because in one process there is no wire to wait for."""

import http.client
import resource
import socket

import httpx2
import pytest
from streams.app import app

from gambrel.testing import LiveServer

MEGABYTE = b"0" * (1 << 20)


@pytest.fixture(scope="module")
def site():
    with LiveServer(app) as server, httpx2.Client(base_url=server.url, timeout=60) as client:
        yield client


def test_a_body_comes_back_while_it_is_still_being_sent(site):
    with socket.create_connection((site.base_url.host, site.base_url.port)) as client:
        client.settimeout(20)
        client.sendall(
            b"POST /stream HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n"
            b"Content-Type: text/plain\r\n\r\n4\r\n1012\r\n"
        )
        received = b""
        while b"A0A2" not in received:
            received += client.recv(4096)
        client.sendall(b"2\r\n31\r\n0\r\n\r\n")
        while b"0\r\n\r\n" not in received:
            received += client.recv(4096)

    assert b"3A" in received


def test_200_megabytes_are_counted_in_constant_memory(site):
    site.put("/count", content=MEGABYTE)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    connection = http.client.HTTPConnection(site.base_url.host, site.base_url.port, timeout=60)
    connection.request("PUT", "/count", iter([MEGABYTE] * 200), encode_chunked=True)
    answer = connection.getresponse().read()
    connection.close()

    assert answer == b"%d" % (200 << 20)
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 40_000  # kB


def test_words_are_counted_across_pieces(site):
    answer = site.post("/words", content=iter([b"one tw", b"o  thr", b"ee\n"]))

    assert answer.json() == {"words": 3}


def test_items_are_lines_of_json(site):
    readings, table = site.get("/readings"), site.get("/table?rows=2")

    assert readings.headers["content-type"] == "application/jsonl"
    assert readings.text == (
        '{"at":0,"celsius":20.0}\n{"at":1,"celsius":20.1}\n{"at":2,"celsius":20.2}\n'
    )
    assert table.text == '{"row":0,"square":0}\n{"row":1,"square":1}\n'


@pytest.mark.parametrize(("last", "first"), [(None, 0), ("0", 1), ("nonsense", 0)])
def test_events_go_on_where_a_browser_was(site, last, first):
    headers = {} if last is None else {"last-event-id": last}
    answer = site.get("/ticks", headers=headers)

    assert answer.headers["content-type"].startswith("text/event-stream")
    expected = [
        f'event: tick\nid: {tick}\nretry: 1000\ndata: {{"tick":{tick}}}' for tick in range(first, 3)
    ]
    assert answer.text.strip("\n").split("\n\n") == expected
