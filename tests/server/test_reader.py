import asyncio
import re
from collections.abc import Iterable
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gambrel.server.clock import Clock
from gambrel.server.limits import Limits
from gambrel.server.protocol import HTTPProtocol
from gambrel.server.serve import new_event_loop
from gambrel.server.state import ServerState
from tests.server.apps import echo_app
from tests.server.live import CLOSE, HOST, request
from tests.server.memory import MemoryTransport

LAST = request("GET", "/", CLOSE)
CHUNKS = b"3\r\nabc\r\n5;name=value\r\ndefgh\r\n0\r\nTrailer: ignored\r\n\r\n"
CHUNKED = request("POST", "/echo", b"Transfer-Encoding: chunked\r\n") + CHUNKS
BLANKS = b"4\r\n\r\n\r\n\r\n6\r\n0\r\n\r\n\r\r\n0\r\n\r\n"

MESSAGES = [
    request("GET", "/"),
    request("GET", "/later"),
    request("GET", "/thread"),
    request("GET", "/stream"),
    request("GET", "/rows"),
    request("GET", "/nothing"),
    request("GET", "/missing"),
    request("HEAD", "/"),
    request("HEAD", "/stream"),
    request("GET", "/target?a=1&b=%2F"),
    request("POST", "/echo", body=b"hello"),
    request("POST", "/echo", body=b""),
    request("POST", "/bytes", body=b"x" * 300),
    request("POST", "/ignore", body=b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"),
    CHUNKED,
    request("POST", "/echo", b"Transfer-Encoding: chunked\r\n") + BLANKS,
    request("POST", "/ignore", b"Transfer-Encoding: chunked\r\n") + CHUNKS,
    request("POST", "/echo", b"Connection: upgrade\r\nUpgrade: h2c\r\n", b"kept"),
    b"\r\n\r\n" + request("GET", "/"),
    b"GET http://localhost/target?x HTTP/1.1\r\n" + HOST + b"\r\n",
    b"GET / HTTP/1.0\r\nConnection: keep-alive\r\n" + HOST + b"\r\n",
    b"OPTIONS * HTTP/1.1\r\n" + HOST + b"\r\n",
]
ENDS = [
    LAST,
    request("POST", "/echo", CLOSE, b"the end"),
    b"GET / HTTP/1.0\r\n" + HOST + b"\r\n",
    b"garbage\r\n\r\n",
    b"\x16\x03\x01\x02\x00",
    b"GET / HTTP/1.1\r\n\r\n",
    b"GET / HTTP/1.1\nHost: localhost\r\n\r\n",
    b"GET / HTTP/2.0\r\n" + HOST + b"\r\n",
    b"BREW / HTTP/1.1\r\n" + HOST + b"\r\n",
    b"TRACE / HTTP/1.1\r\n" + HOST + b"\r\n",
    b"GET /#x HTTP/1.1\r\n" + HOST + b"\r\n",
    b"GET / HTTP/1.1\r\nX: " + b"y" * 600 + b"\r\n",
    b"GET /" + b"y" * 400 + b" HTTP/1.1\r\n" + HOST + b"\r\n",
    b"GET / HTTP/1.1\r\n" + b"X: y\r\n" * 30 + b"\r\n",
    request("POST", "/echo", b"Transfer-Encoding: chunked\r\n") + b"3\r\nabcd\r\n",
    request("POST", "/ignore", b"Transfer-Encoding: chunked\r\n") + b"x\r\n",
]
SMALL = Limits(request_line=300, header_line=400, header_block=500, header_fields=20)


def answers(received: bytes) -> list[tuple[bytes, bytes]]:
    """Return what the answers say: without dates, and without how the connection goes on."""
    plain = re.sub(rb"\r\n(date|connection): [^\r]*", b"", received)
    plain = plain.replace(b"HTTP/1.1 100 Continue\r\n\r\n", b"")
    return [tuple(part.split(b"\r\n\r\n", 1)) for part in plain.split(b"HTTP/1.1 ")[1:]]


class Lab:
    """A running app whose connections are given their bytes piece by piece, in memory."""

    def __init__(self) -> None:
        self.runner = asyncio.Runner(loop_factory=new_event_loop)
        self.app, self.seen = echo_app()
        self.opened = self.app.running()
        self.runner.run(self.opened.__aenter__())
        loop = self.runner.get_loop()
        self.clock = Clock(loop)
        self.clock.start()
        self.state = ServerState(self.app, loop, self.clock, SMALL)

    def receive(self, pieces: Iterable[bytes]) -> tuple[list[tuple[bytes, bytes]], list[str]]:
        """Return the answers, and the requests that reached the app."""
        self.seen.requests.clear()

        async def run() -> bytes:
            return await MemoryTransport(HTTPProtocol(self.state)).receive(list(pieces))

        found = answers(self.runner.run(run()))
        return found, list(self.seen.requests)

    def close(self) -> None:
        self.clock.stop()
        self.runner.run(self.opened.__aexit__(None, None, None))
        self.runner.close()


@pytest.fixture(scope="module")
def lab():
    lab = Lab()
    yield lab
    lab.close()


@pytest.mark.parametrize("stream", [*(m + LAST for m in MESSAGES), *ENDS])
def test_a_stream_split_at_any_one_byte_gives_the_same_answers(lab, stream):
    whole = lab.receive([stream])

    different = [
        at for at in range(1, len(stream)) if lab.receive([stream[:at], stream[at:]]) != whole
    ]

    assert different == []
    assert len(whole[0]) >= 1


@pytest.mark.parametrize("stream", [*(m + LAST for m in MESSAGES), *ENDS])
def test_a_stream_that_comes_byte_by_byte_gives_the_same_answers(lab, stream):
    whole = lab.receive([stream])

    assert lab.receive(stream[at : at + 1] for at in range(len(stream))) == whole


@pytest.mark.parametrize(
    "framing", [b"Content-Length: 100000\r\n", b"Transfer-Encoding: chunked\r\n"]
)
def test_a_body_that_was_complete_and_not_read_holds_up_no_other(lab, framing):
    head = request("POST", "/forget", framing)
    size, end = (b"", b"") if framing.startswith(b"Content") else (b"186A0\r\n", b"\r\n0\r\n\r\n")

    # the second piece is too much to read ahead, and the end of the body
    found, _ = lab.receive([head + size + bytes(50_000), bytes(50_000) + end, LAST])

    assert [body for _, body in found] == [b"forgotten", b"root"]


@given(data=st.data())
def test_any_split_of_any_pipeline_gives_the_same_answers_in_order(lab, data):
    messages = data.draw(st.lists(st.sampled_from(MESSAGES), max_size=6))
    stream = b"".join(messages) + data.draw(st.sampled_from(ENDS))
    cuts = sorted(data.draw(st.sets(st.integers(1, len(stream) - 1), max_size=12)))
    bounds = [0, *cuts, len(stream)]

    split = lab.receive(stream[a:b] for a, b in pairwise(bounds))

    assert split == lab.receive([stream])
    assert len(split[0]) >= len(messages)


def test_a_body_that_looks_like_a_request_is_never_taken_for_one(lab):
    smuggled = b"GET /later HTTP/1.1\r\nHost: localhost\r\n\r\n"

    for path in ("/echo", "/ignore", "/missing"):
        _, seen = lab.receive([request("POST", path, body=smuggled) + LAST])

        assert seen == [f"POST {path}", "GET /"]
