"""A client that sends bytes as they are, and reads answers as strictly as RFC 9112 allows."""

import json
import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

PATIENCE = 15.0  # seconds until a test gives up; never a measure
TOKEN = frozenset("!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ")


@dataclass
class Answer:
    """One response."""

    status: int
    headers: list[tuple[str, str]]
    body: bytes = b""
    is_whole: bool = True

    def get(self, name: str) -> str | None:
        """Return the value of a field, None where it is not there; one line or it is an error."""
        values = self.get_all(name)
        assert len(values) < 2, (name, values)
        return values[0] if values else None

    def get_all(self, name: str) -> list[str]:
        return [value for key, value in self.headers if key == name]

    @property
    def text(self) -> str:
        return self.body.decode()

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def keeps(self) -> bool:
        return (self.get("connection") or "").lower() != "close"


@dataclass
class Wire:
    """One connection."""

    socket: socket.socket
    received: bytearray = field(default_factory=bytearray)

    def send(self, data: bytes) -> None:
        """Send, even to a server that has stopped to read: its answer counts."""
        with suppress(ConnectionError, TimeoutError):
            self.socket.sendall(data)

    def more(self) -> bool:
        """Receive; say whether the connection is still open."""
        try:
            data = self.socket.recv(65_536)
        except ConnectionError:
            data = b""
        self.received += data
        return bool(data)

    def until(self, mark: bytes) -> bytes:
        while mark not in self.received:
            if not self.more():
                raise EOFError(bytes(self.received))
        end = self.received.index(mark) + len(mark)
        taken = bytes(self.received[:end])
        del self.received[:end]
        return taken

    def exactly(self, size: int) -> bytes:
        while len(self.received) < size:
            if not self.more():
                raise EOFError(bytes(self.received))
        taken = bytes(self.received[:size])
        del self.received[:size]
        return taken

    def rest(self) -> bytes:
        """Return all that comes until the server closes."""
        while self.more():
            pass
        taken = bytes(self.received)
        self.received.clear()
        return taken

    def head(self) -> Answer:
        """Return the next response without its body."""
        version, status, _ = self.until(b"\r\n").decode("latin-1").split(" ", 2)
        assert version in {"HTTP/1.1", "HTTP/1.0"}, version
        headers = []
        while (line := self.until(b"\r\n")) != b"\r\n":
            name, colon, value = line.decode("latin-1").removesuffix("\r\n").partition(":")
            assert colon, line
            assert TOKEN.issuperset(name), line
            assert "\r" not in value, line
            headers.append((name.lower(), value.strip()))
        return Answer(int(status), headers)

    def answer(self, method: str = "GET") -> Answer:
        """Return the next response; `is_whole` is false where it was broken off."""
        answer = self.head()
        while 100 <= answer.status < 200:
            answer = self.head()
        try:
            self.read_body(answer, method)
        except EOFError as error:
            answer.is_whole = False
            answer.body += error.args[0]
            self.received.clear()
        return answer

    def read_body(self, answer: Answer, method: str) -> None:
        coding, length = answer.get("transfer-encoding"), answer.get("content-length")
        assert coding is None or length is None, "a response with two framings (RFC 9112 §6.2)"
        if answer.status in {204, 304}:
            assert coding is None, "204 and 304 have no content to be coded"
            assert answer.status == 304 or length is None, "204 has no length (RFC 9110 §8.6)"
            return
        if method == "HEAD":
            return
        if coding is not None:
            assert coding == "chunked"
            while size := int(self.until(b"\r\n").split(b";")[0], 16):
                answer.body += self.exactly(size)
                assert self.exactly(2) == b"\r\n"
            while self.until(b"\r\n") != b"\r\n":
                pass
        elif length is not None:
            answer.body = self.exactly(int(length))
        else:
            answer.body = self.rest()

    def is_closed(self) -> bool:
        """Say whether the server closes, with nothing more to say."""
        assert not self.received, bytes(self.received)
        return not self.more()


@contextmanager
def connected(port: int) -> Iterator[Wire]:
    with socket.create_connection(("127.0.0.1", port), timeout=PATIENCE) as sock:
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        yield Wire(sock)


def message(
    target: str | bytes,
    method: str = "GET",
    headers: list[str | bytes] | tuple[str | bytes, ...] = (),
    body: bytes | None = None,
    *,
    host: str | None = "localhost",
    version: str = "1.1",
) -> bytes:
    """Return a request; what is wrong with it is what the case puts there."""
    raw = target if isinstance(target, bytes) else target.encode()
    lines = [b"%b %b HTTP/%b" % (method.encode(), raw, version.encode())]
    if host is not None:
        lines.append(b"Host: " + host.encode("latin-1"))
    lines += [line if isinstance(line, bytes) else line.encode("latin-1") for line in headers]
    if body is not None:
        lines.append(b"Content-Length: %d" % len(body))
    return b"\r\n".join(lines) + b"\r\n\r\n" + (body or b"")


def chunked(*pieces: bytes) -> bytes:
    return b"".join(b"%x\r\n%b\r\n" % (len(piece), piece) for piece in pieces) + b"0\r\n\r\n"
