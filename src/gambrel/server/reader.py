"""The general way in: every message that is not plain, complete and alone in its piece of data.

Bytes wait here until the request before them is answered, so answers keep their order; only one
request of a connection is in work. The protocol feeds it and is told by calls on itself.
"""

from typing import Protocol

from gambrel.core.http.errors import BadRequest, RequestTimeout
from gambrel.core.http.request import ClientGone
from gambrel.server.body import BodyStream, Chunked, Framing, MalformedBody, Sized
from gambrel.server.head import Head, Refusal, find_head, read_head
from gambrel.server.state import ServerState

__all__ = ["Inlet", "Reader"]

_TURN = 32
"""Messages of one connection until the others have their turn."""
_BLANK_LINES = 8
"""Empty lines in front of a message; some clients send one after a body."""
_WINDOW = 64 * 1024
_UNDER_WAY = 1 << 20
"""Bytes of a body that a client may have sent by the time an answer tells it that nobody reads.

Its next request may be right behind them, and the answer has said that the connection stays."""


class Inlet(Protocol):
    """The connection, as its reader uses it."""

    state: ServerState

    @property
    def is_ready(self) -> bool:
        """Whether the next request may start: none is in work, and answers can be sent."""
        ...

    def offer(self, message: bytes) -> None:
        """Take a message without a body on the short way, or give it back to `Reader.feed`."""

    def begin(self, head: Head, body: bytes | BodyStream) -> None:
        """Start on a request."""

    def refuse(self, refusal: Refusal) -> None:
        """Answer what is no request, and close."""

    def rest(self) -> None:
        """Be idle if there is nothing left to do."""

    def close(self) -> None:
        """Close, giving the client time to read the last answer."""

    def send_continue(self) -> None:
        """Tell the client to send the body it asked about."""

    def throttle_input(self, is_full: bool) -> None:
        """Pause or resume reading: requests wait for the answer before them."""

    def throttle_body(self, is_full: bool) -> None:
        """Pause or resume reading: the handler is slower than the client."""


class Reader:
    """What one connection has received and not yet handed over."""

    __slots__ = (
        "blank_lines",
        "body",
        "buffer",
        "framing",
        "is_advancing",
        "is_declined",
        "is_head",
        "line",
        "scanned",
        "silence",
        "waited",
    )

    def __init__(self, line: Inlet) -> None:
        self.line = line
        self.buffer = bytearray()
        self.scanned = 0
        self.blank_lines = 0
        self.framing: Framing | None = None
        self.body: BodyStream | None = None
        self.is_advancing = False
        self.is_declined = False
        self.is_head = False
        self.waited = 0.0
        self.silence = 0.0

    @property
    def is_empty(self) -> bool:
        """Whether nothing is here and nothing half received."""
        return not self.buffer and self.framing is None

    def feed(self, data: bytes) -> None:
        """Take what has arrived, or (within a step) note that the short way was not taken."""
        if self.is_advancing:
            self.is_declined = True
            return
        if self.framing is not None:
            data = self.feed_body(data)
        if data:
            self.buffer += data
            if len(self.buffer) > self.line.state.limits.pipeline_buffer:
                self.line.throttle_input(True)
        self.advance()

    # Heads ------------------------------------------------------------------------------------

    def advance(self) -> None:
        """Start on messages that are here, as long as each is answered at once."""
        if self.is_advancing:  # an answer within a step: the loop below goes on
            return
        self.is_advancing = True
        try:
            for _ in range(_TURN):
                if not self.step():
                    return
            self.line.state.loop.call_soon(self.advance)
        except Refusal as refusal:
            self.line.refuse(refusal)
        finally:
            self.is_advancing = False
            self.line.rest()

    def step(self) -> bool:
        """Start on the next message. Say whether another may follow it. Raises Refusal."""
        if self.framing is not None or not self.buffer or not self.line.is_ready:
            return False
        while self.buffer[:2] == b"\r\n":  # RFC 9112 §2.2
            self.blank_lines += 1
            if self.blank_lines > _BLANK_LINES:
                raise Refusal(400, "there are too many empty lines")
            del self.buffer[:2]
            self.scanned = 0
        if not self.buffer or self.buffer == b"\r":
            return False
        self.is_head = self.buffer.startswith(b"HEAD ")
        end = find_head(self.buffer, self.line.state.limits, self.scanned)
        if not end:
            self.scanned = len(self.buffer)
            self.line.throttle_input(False)  # a head has its own limits
            return False
        raw = bytes(self.buffer[:end])
        del self.buffer[:end]
        self.scanned = self.blank_lines = 0
        self.waited = 0.0
        self.is_declined = False
        self.line.offer(raw)
        if self.is_declined:
            head = read_head(raw, self.line.state.gate, self.line.state.limits)
            self.begin(head)
        if len(self.buffer) <= self.line.state.limits.pipeline_buffer // 2:
            self.line.throttle_input(False)
        return True

    def begin(self, head: Head) -> None:
        """Hand over a request: with its body where that is here, else with a stream of it."""
        if head.length == 0:
            self.line.begin(head, b"")
            return
        limits = self.line.state.limits
        self.framing = framing = Chunked() if head.length is None else Sized(head.length)
        self.body = body = BodyStream(head.length, limits.body_buffer, self.line.throttle_body)
        self.silence = 0.0
        if head.expects_continue and not self.buffer:
            body.on_demand = self.line.send_continue
        pieces: list[bytes] = []
        try:
            while self.buffer and not framing.is_complete:
                found, used = framing.feed(bytes(self.buffer[:_WINDOW]))
                pieces += found
                del self.buffer[:used]
        except MalformedBody as error:
            body.fail(BadRequest, f"The framing of the body is broken: {error}.")
            self.buffer.clear()
        if framing.is_complete:
            self.framing = self.body = None
            self.line.begin(head, b"".join(pieces))
        else:
            body.feed(pieces)
            self.line.begin(head, body)

    # Bodies -----------------------------------------------------------------------------------

    def feed_body(self, data: bytes) -> bytes:
        """Take what belongs to the body in progress; return what follows it."""
        body, framing = self.body, self.framing
        assert body is not None
        assert framing is not None
        if body.has_failed:
            return b""
        body.on_demand = None
        self.silence = 0.0
        try:
            pieces, used = framing.feed(data)
        except MalformedBody as error:
            self.fail_body(BadRequest, f"The framing of the body is broken: {error}.")
            return b""
        body.feed(pieces)
        if framing.is_complete:
            self.framing = self.body = None
            self.waited = 0.0
            body.end()
            return data[used:]
        if body.is_discarded and body.received > self.line.state.limits.unread_body + _UNDER_WAY:
            self.line.close()
        return b""

    def fail_body(self, kind: type[Exception], why: str) -> None:
        """Tell whoever reads the body; where nobody does any more, close."""
        assert self.body is not None
        self.body.fail(kind, why)
        if self.body.is_discarded:
            self.line.close()

    def skip_body(self) -> None:
        """The answer was sent before the body had arrived: receive the rest of it, or close."""
        if self.body is None:  # all of it is here, and perhaps too much for reading to go on
            self.line.throttle_body(False)
        elif self.body.has_failed:
            self.line.close()
        else:
            self.body.discard()

    def lose(self) -> None:
        """The client has gone."""
        if self.body is not None:
            self.body.fail(ClientGone, "the client left in the middle of its body")

    # Time -------------------------------------------------------------------------------------

    def tick(self, passed: float, is_reading: bool) -> None:
        """Refuse a head that does not arrive, and give up on a body that does not."""
        limits = self.line.state.limits
        if self.body is not None:
            if not is_reading or self.body.on_demand is not None or self.body.has_failed:
                return
            self.silence += passed
            self.waited += passed
            is_slow = (
                self.waited > limits.body_rate_after
                and self.body.received < self.waited * limits.body_rate
            )
            if self.silence > limits.body_timeout or is_slow:
                self.fail_body(RequestTimeout, "The body took too long to arrive.")
        elif self.buffer and self.line.is_ready:
            self.waited += passed
            if self.waited > limits.header_timeout:
                self.line.refuse(Refusal(408, "the head took too long to arrive"))
