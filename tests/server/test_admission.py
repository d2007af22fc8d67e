import pytest

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
