"""What supervisor and worker tell each other: JSON, one message a line, over a socket pair."""

from collections.abc import Iterable

import msgspec
from msgspec import Struct

__all__ = [
    "Beat",
    "Drain",
    "FromWorker",
    "Hasten",
    "Lines",
    "Ready",
    "ToWorker",
    "decode_from_worker",
    "decode_to_worker",
    "encode",
]

LINE = 64 * 1024
"""Bytes of the longest message."""


class Ready(Struct, tag="ready"):
    """It does its work, and ends within `grace` seconds; `beats` says that it tells how it is."""

    grace: float = 25.0
    beats: bool = True


class Beat(Struct, tag="beat"):
    """The event loop turns; what there was since the start, and is now."""

    requests: int = 0
    connections: int = 0
    busy: int = 0


class Drain(Struct, tag="drain"):
    """Take no more connections, finish, and end."""


class Hasten(Struct, tag="hasten"):
    """Do not wait for requests in flight any longer."""


FromWorker = Ready | Beat
ToWorker = Drain | Hasten

encode_line = msgspec.json.Encoder().encode
decode_from_worker = msgspec.json.Decoder(FromWorker).decode
decode_to_worker = msgspec.json.Decoder(ToWorker).decode


def encode(message: Struct) -> bytes:
    """Return a message as a line. Raises ValueError for one that is too long."""
    line = encode_line(message) + b"\n"
    if len(line) > LINE:
        raise ValueError(f"a message of {len(line)} bytes, at most {LINE} are allowed")
    return line


class Lines:
    """Cuts what arrives into lines."""

    def __init__(self) -> None:
        self.rest = b""

    def feed(self, data: bytes) -> Iterable[bytes]:
        """Return the lines that are complete. Raises ValueError for one that is too long."""
        *lines, self.rest = (self.rest + data).split(b"\n")
        if len(self.rest) > LINE:
            raise ValueError("a line without an end")
        return lines
