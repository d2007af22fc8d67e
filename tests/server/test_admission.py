import httptools
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from gambrel.core.http.host import HostRules
from gambrel.server.admission import HostGate, admit
from gambrel.server.limits import Limits

GATE = HostGate(HostRules(["localhost", "*.example.com"]))


def message(*lines: bytes, version: bytes = b"HTTP/1.1", body: bytes = b"") -> bytes:
    return b"\r\n".join([b"GET / " + version, *lines, b"", body])


def block(*lines: bytes, body: bytes = b"") -> bytes:
    return message(b"Host: localhost", *lines, body=body)


def test_a_plain_message_is_admitted_with_its_headers():
    sent = block(b"Cookie: a=b", b"Content-Length: 12", body=b"twelve bytes")

    admission = admit(sent, GATE, Limits())

    assert admission is not None
    assert admission.headers["cookie"] == "a=b"
    assert admission.size == 12
    assert admission.keep_alive
    assert sent == b"GET /" + admission.tail + b"twelve bytes"


@pytest.mark.parametrize("body", [b"", b"eleven byte", b"thirteen bytes"])
def test_a_message_with_less_or_more_than_its_body_goes_to_the_reader(body):
    assert admit(block(b"Content-Length: 12", body=body), GATE, Limits()) is None


@pytest.mark.parametrize("size", range(len(block(b"X: y"))))
def test_a_message_that_is_not_all_there_goes_to_the_reader(size):
    assert admit(block(b"X: y")[:size], GATE, Limits()) is None


@pytest.mark.parametrize(
    "lines",
    [
        [b"Transfer-Encoding: chunked"],
        [b"transfer-encoding: chunked"],
        [b"Expect: 100-continue"],
        [b"Upgrade: websocket"],
        [b"Host: localhost"],
        [b"Content-Length: 1", b"Content-Length: 1"],
        [b"Content-Length: -1"],
        [b"Content-Length: +1"],
        [b"Content-Length: 1_0"],
        [b"Content-Length:"],
        [b"Content-Length: 99999999999999999"],
        [b"X: " + b"y" * 20_000],
        [b"X: y"] * 100,
    ],
)
def test_what_needs_a_closer_look_goes_to_the_reader(lines):
    assert admit(block(*lines), GATE, Limits()) is None


@pytest.mark.parametrize("host", [b"evil.example", b"", b"localhost:x", b"a/b", b"example.com"])
def test_a_host_that_is_not_ours_goes_to_the_reader(host):
    assert admit(message(b"Host: " + host), GATE, Limits()) is None


@pytest.mark.parametrize("version", [b"HTTP/1.0", b"HTTP/2.0", b"RTSP/1.0", b"\tHTTP/1.1", b""])
def test_any_other_version_goes_to_the_reader(version):
    assert admit(message(b"Host: localhost", version=version), GATE, Limits()) is None


def test_a_block_without_a_host_goes_to_the_reader():
    assert admit(message(b"X: y"), GATE, Limits()) is None


@pytest.mark.parametrize(
    ("lines", "stays"),
    [
        ([b"Connection: keep-alive"], True),
        ([b"Connection: close"], False),
        ([b"Connection: Close"], False),
        ([b"Connection: keep-alive", b"Connection: close"], False),
        ([b"X-Connection: close"], True),
    ],
)
def test_the_connection_stays_unless_a_field_says_close(lines, stays):
    admission = admit(block(*lines), GATE, Limits())

    assert admission is not None
    assert admission.keep_alive is stays


def test_the_hosts_a_gate_remembers_are_bounded():
    gate = HostGate(HostRules(["*"]))

    for number in range(1000):
        assert gate.allows(b"h%d.example" % number)

    assert len(gate._known) <= 256


class Parsed:
    """What httptools finds in a message; `is_taken` where it is one, whole and well formed."""

    def __init__(self, message: bytes) -> None:
        self.fields: list[tuple[str, str]] = []
        self.body = b""
        self.ends = 0
        try:
            httptools.HttpRequestParser(self).feed_data(message)
        except (httptools.HttpParserError, httptools.HttpParserUpgrade):
            self.is_taken = False
        else:
            self.is_taken = self.ends > 0

    def on_header(self, name: bytes, value: bytes) -> None:
        self.fields.append((name.decode("latin-1").lower(), value.decode("latin-1").strip(" \t")))

    def on_body(self, piece: bytes) -> None:
        self.body += piece

    def on_message_complete(self) -> None:
        self.ends += 1


ANOTHER = b"GET / HTTP/1.1\r\n\r\n"
PIECES = st.one_of(
    st.sampled_from(
        [
            b"\r\n",
            b"\n",
            b"\r",
            b" ",
            b"\t",
            b":",
            b"\0",
            b"Content-Length: 5\r\n",
            b"content-length:\t5 \r\n",
            b"Content-Length : 5\r\n",
            b"Content-Length: 5\xa0\r\n",
            b" Content-Length: 5\r\n",
            b"Transfer-Encoding: chunked\r\n",
            b"Transfer-Encoding : chunked\r\n",
            b"X: 1\nTransfer-Encoding: chunked\r\n",
            b"Connection: content-length\r\n",
            b"X_y: 1\r\n",
            b" HTTP/1.1\r\n",
            b"hello",
        ]
    ),
    st.binary(max_size=4),
)


@given(st.lists(PIECES, max_size=6), st.sampled_from([b"", b"hello", ANOTHER]))
@example([b"Content-Length: 5\r\n"], b"hello")
@example([b"X: y\r\n"], ANOTHER)
def test_what_the_parser_takes_as_well_it_takes_as_the_same_message(pieces, body):
    sent = b"POST / HTTP/1.1\r\nHost: localhost\r\n" + b"".join(pieces) + b"\r\n" + body

    admission, parsed = admit(sent, GATE, Limits()), Parsed(sent)

    if admission is not None and parsed.is_taken:
        assert parsed.ends == 1
        assert len(parsed.body) == admission.size
        fields = tuple(field for field in parsed.fields if "_" not in field[0])
        assert admission.headers.pairs() == fields
