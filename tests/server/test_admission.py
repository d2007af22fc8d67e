import pytest

from gambrel.core.http.host import HostRules
from gambrel.server.admission import HostGate, admit
from gambrel.server.limits import Limits

GATE = HostGate(HostRules(["localhost", "*.example.com"]))


def block(*lines: bytes) -> bytes:
    return b" HTTP/1.1\r\n" + b"".join(line + b"\r\n" for line in (b"Host: localhost", *lines))


def test_a_plain_block_is_admitted_with_its_headers():
    admission = admit(block(b"Cookie: a=b", b"Content-Length: 12"), GATE, Limits())

    assert admission is not None
    assert admission.headers["cookie"] == "a=b"
    assert admission.rest == 2 + 12
    assert admission.keep_alive


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
    assert admit(b" HTTP/1.1\r\nHost: " + host + b"\r\n", GATE, Limits()) is None


@pytest.mark.parametrize("version", [b" HTTP/1.0", b" HTTP/2.0", b" RTSP/1.0", b"HTTP/1.1", b""])
def test_any_other_version_goes_to_the_reader(version):
    assert admit(version + b"\r\nHost: localhost\r\n", GATE, Limits()) is None


def test_a_block_without_a_host_goes_to_the_reader():
    assert admit(b" HTTP/1.1\r\nX: y\r\n", GATE, Limits()) is None


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
