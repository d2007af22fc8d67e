"""`Frames`: one side of a WebSocket: picows frames it, a `Session` gets its messages.

The frames are parsed and masked by picows; what it lets through and must not pass (reserved bits,
fragments out of order, text that is not UTF-8) is refused here, by RFC 6455 §5 and §8.1. The server
and the client add what a connection of theirs has.
"""

import codecs
import logging
import select
from typing import Any, ClassVar, Protocol

from picows import WSFrame, WSListener, WSMsgType, WSTransport

__all__ = ["Frames", "Session"]

_TEXT, _BINARY, _MORE = WSMsgType.TEXT, WSMsgType.BINARY, WSMsgType.CONTINUATION
_PING, _PONG, _CLOSE = WSMsgType.PING, WSMsgType.PONG, WSMsgType.CLOSE
_DATA = frozenset({_TEXT, _BINARY, _MORE})
_MOST_PIECES, _SMALL = 1_024, 64
"""How many fragments a message may have; more, where these have so many bytes on average."""
_NO_CODE, _ABNORMAL = 1005, 1006
_NEVER_SENT = frozenset({0, 1004, 1005, 1006, 1015})
_HAS_LEFT = getattr(select, "POLLRDHUP", 0)  # not told by every system
_log = logging.getLogger("gambrel.server")


class Limits(Protocol):
    """What a socket may use: see `gambrel.websockets.limits`."""

    max_message: int
    ping_interval: float
    ping_timeout: float
    close_timeout: float


class Session(Protocol):
    """The other side of a socket: who gets its messages."""

    limits: Any
    subprotocol: str | None
    compress: bool
    task: Any

    def open(self, wire: Any) -> None:
        """Messages may go both ways."""

    def take(self, message: str | bytes) -> None:
        """Receive a message."""

    def resume(self) -> None:
        """The send buffer has room again."""

    def leave(self, code: int, reason: str) -> None:
        """Nothing more will come: have the closing confirmed once all that came is handled."""

    def begin_close(self, code: int, reason: str) -> None:
        """Close as if the handler had."""

    def end(self, code: int, reason: str = "") -> None:
        """The socket is closed."""


class Frames(WSListener):
    """The frames of one connection, as the wire of its session."""

    __slots__ = (
        "code",
        "count",
        "decoder",
        "is_closing",
        "is_partial",
        "is_pinged",
        "is_throttled",
        "is_writable",
        "limits",
        "most",
        "pieces",
        "quiet",
        "reason",
        "session",
        "transport",
        "write",
    )

    failed: ClassVar[str] = "the server has failed"
    transport: WSTransport

    def __init__(self, session: Session) -> None:
        self.session = session
        self.limits: Limits = session.limits
        self.most = self.limits.max_message
        self.is_writable = True
        self.quiet = 0.0
        self.is_closing = self.is_pinged = self.is_throttled = False
        self.pieces = bytearray()  # a list would hold fifty bytes for every byte of the smallest
        self.decoder: codecs.IncrementalDecoder | None = None
        self.is_partial, self.count = False, 0
        self.code, self.reason = _ABNORMAL, ""

    # picows -------------------------------------------------------------------------------------

    def on_ws_connected(self, transport: WSTransport) -> None:
        """The handshake is answered."""
        self.transport = transport
        self.write = transport.send
        self.session.open(self)

    def on_ws_frame(self, transport: WSTransport, frame: WSFrame) -> None:
        """Take a frame; what fails in it is a fault of ours, as those of handlers end elsewhere."""
        if frame.payload_size > self.most and frame.msg_type in _DATA:
            # Refused by picows, which parses on for the moment until it closes.
            self.is_closing = True
            self.code, self.reason = 1009, "the message is too large"
            return
        try:
            self.take_frame(transport, frame)
        except Exception:
            _log.exception("a WebSocket is closed, for what takes its frames has failed")
            self.fail(1011, self.failed)

    def take_frame(self, transport: WSTransport, frame: WSFrame) -> None:
        """Take a frame; whole messages of text come first, being most of them."""
        kind = frame.msg_type
        if self.is_closing and kind is not _CLOSE:
            return  # nor does it count as a sign of life: the closing has its time-out
        self.quiet = 0.0
        self.is_pinged = False
        if frame.rsv1 or frame.rsv2 or frame.rsv3:
            self.fail(1002, "a reserved bit is set")
        elif kind is _TEXT and frame.fin and not self.is_partial:
            try:
                text = frame.get_payload_as_utf8_text()
            except UnicodeDecodeError:
                self.fail(1007, "the text is not UTF-8")
            else:
                self.session.take(text)
        elif kind is _PING:
            if self.is_writable:  # who does not read gets no more of them (RFC 6455 §5.5.3)
                transport.send_pong(frame.get_payload_as_bytes())
        elif kind is _CLOSE:
            self.take_close(frame)
        elif kind is not _PONG:
            self.take_piece(kind, frame)

    def on_ws_disconnected(self, transport: WSTransport) -> None:
        """The connection is closed. Where picows has refused a frame, it has sent a code."""
        shaken: Any = transport.close_handshake  # None where nobody has closed
        if self.code == _ABNORMAL and shaken is not None and shaken.sent is not None:
            self.code, self.reason = int(shaken.sent.code), shaken.sent.reason
        self.session.end(self.code, self.reason)

    def pause_writing(self) -> None:
        """The other side reads more slowly than it is sent to."""
        self.is_writable = False

    def resume_writing(self) -> None:
        """The other side has caught up."""
        self.is_writable = True
        self.session.resume()

    def take_piece(self, kind: WSMsgType, frame: WSFrame) -> None:
        """Take a part of a message."""
        if (kind is _MORE) is not self.is_partial:
            self.fail(1002, "a fragment is out of order")
            return
        data = frame.get_payload_as_bytes()
        if kind is _BINARY and frame.fin:
            self.session.take(data)
            return
        if kind is not _MORE:
            self.is_partial, self.count = True, 0
            self.decoder = codecs.getincrementaldecoder("utf-8")() if kind is _TEXT else None
        self.pieces += data
        if not self.is_bounded():
            return
        try:
            if self.decoder is not None:
                self.decoder.decode(data, frame.fin)
        except UnicodeDecodeError:
            self.fail(1007, "the text is not UTF-8")
            return
        if frame.fin:
            whole, self.pieces, self.is_partial = self.pieces, bytearray(), False
            self.session.take(bytes(whole) if self.decoder is None else whole.decode())
            self.decoder = None

    def is_bounded(self) -> bool:
        """Whether the message in pieces, one more now, is within its limits; closes otherwise."""
        self.count += 1
        if len(self.pieces) > self.limits.max_message:
            self.fail(1009, "the message is too large")
        elif self.count > _MOST_PIECES + len(self.pieces) // _SMALL:
            self.fail(1009, "the message has too many fragments")
        return not self.is_closing

    # The session's wire -------------------------------------------------------------------------

    @property
    def unsent(self) -> int:
        """Bytes in the send buffer."""
        return int(self.transport.underlying_transport.get_write_buffer_size())

    def send(self, data: str | bytes) -> None:
        """Send a message."""
        self.write(_TEXT if data.__class__ is str else _BINARY, data)

    def close(self, code: int, reason: str) -> None:
        """Begin to close: the other side is to confirm it."""
        if not self.is_closing:
            self.is_closing = True
            self.quiet = 0.0
            self.code, self.reason = code, reason
            self.throttle(False)
            self.send_close(code, reason)

    def throttle(self, is_full: bool) -> None:
        """Stop to receive, or go on."""
        underlying = self.transport.underlying_transport
        if is_full is not self.is_throttled and not underlying.is_closing():
            self.is_throttled = is_full
            if is_full:
                underlying.pause_reading()
            else:
                underlying.resume_reading()

    # Closing ------------------------------------------------------------------------------------

    def send_close(self, code: int, reason: str) -> None:
        """Send the frame."""
        self.transport.send_close(code, reason)  # type: ignore[arg-type]  # any number is taken

    def take_close(self, frame: WSFrame) -> None:
        """The other side closes, or confirms our closing."""
        if self.is_closing:
            self.session.end(self.code, self.reason)
            self.transport.disconnect()
            return
        found: Any = frame.get_close_code()
        code = int(found) if frame.payload_size else _NO_CODE
        if (code in _NEVER_SENT and frame.payload_size) or code >= 5000:
            self.fail(1002, "that close code is never sent")
        else:
            self.fail(code, frame.get_close_reason() or "")

    def fail(self, code: int, reason: str) -> None:
        """Take no more; what came before is handled first."""
        self.is_closing = True
        self.code, self.reason = code, reason
        self.session.leave(code, reason)

    def confirm(self) -> None:
        """Close now, after the other side, or for its fault."""
        self.send_close(1000 if self.code == _NO_CODE else self.code, self.reason)
        self.transport.disconnect()

    # Time ---------------------------------------------------------------------------------------

    def tick(self, passed: float) -> None:
        """Ask a silent peer whether it is there; give up one that does not answer."""
        limits = self.limits
        self.quiet += passed
        if self.is_closing:
            if self.quiet > limits.close_timeout:
                self.abort()
        elif self.is_throttled:  # its answers are not read: it is this side that is slow
            if self.quiet > limits.ping_interval:
                self.quiet = 0.0
                self.look()
        elif not self.is_pinged and self.quiet > limits.ping_interval:
            self.is_pinged = True
            self.transport.send_ping()
        elif self.is_pinged and self.quiet > limits.ping_interval + limits.ping_timeout:
            self.abort()

    def look(self) -> None:
        """Give up a peer that has left while nobody receives; of one that is there, be sure."""
        poll = select.poll()
        poll.register(self.transport.underlying_transport.get_extra_info("socket"), _HAS_LEFT)
        if poll.poll(0):
            self.abort()
        else:
            self.transport.send_ping()  # TCP finds out whether it can be delivered

    def abort(self) -> None:
        """Break the connection off."""
        self.transport.underlying_transport.abort()
