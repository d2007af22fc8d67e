"""Byte ranges: the `Range` header against a representation of known size (RFC 9110 §14).

File responses ask `parse_range`; what they then send is theirs.
"""

from typing import NamedTuple

from gambrel.core.http.errors import RangeNotSatisfiable

__all__ = ["ByteRange", "parse_range"]

RANGE_LIMIT = 8
LENGTH_LIMIT = 1_024


class ByteRange(NamedTuple):
    """Bytes `start` up to, and without, `stop`."""

    start: int
    stop: int

    @property
    def length(self) -> int:
        """The number of bytes."""
        return self.stop - self.start

    def content_range(self, size: int) -> str:
        """Return the `Content-Range` of these bytes of a representation of `size` bytes."""
        return f"bytes {self.start}-{self.stop - 1}/{size}"


def parse_range(header: str, size: int, limit: int = RANGE_LIMIT) -> list[ByteRange] | None:
    """Return the ranges asked of `size` bytes, sorted, overlapping and adjacent ones merged.

    None means to send all of it: the header is malformed, of another unit, or asks for more than
    `limit` ranges (RFC 9110 §14.2 lets a server ignore such headers).

    Raises:
        RangeNotSatisfiable: No range lies within the representation.
    """
    unit, equals, text = header.partition("=")
    if not equals or unit.strip(" \t").lower() != "bytes" or len(header) > LENGTH_LIMIT:
        return None
    if text.count(",") >= limit:
        return None
    spans = [_parse_span(part.strip(" \t"), size) for part in text.split(",")]
    wanted = [span for span in spans if span is not None]
    if len(wanted) < len(spans):
        return None
    found = _merge([span for span in wanted if span.length > 0])
    if not found:
        raise RangeNotSatisfiable("no requested range lies within the content", size=size)
    return found


def _parse_span(text: str, size: int) -> ByteRange | None:
    """Return one range cut to the size, an empty one when it lies outside; None if malformed."""
    first, dash, last = text.partition("-")
    if not dash or not _is_position(first or last) or not _is_position(last or first):
        return None
    if not first:
        return ByteRange(max(0, size - int(last)), size)
    start, stop = int(first), int(last) + 1 if last else size
    if last and stop <= start:
        return None
    return ByteRange(min(start, size), min(stop, size))


def _is_position(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) <= 19


def _merge(spans: list[ByteRange]) -> list[ByteRange]:
    merged: list[ByteRange] = []
    for span in sorted(spans):
        if merged and span.start <= merged[-1].stop:
            merged[-1] = ByteRange(merged[-1].start, max(merged[-1].stop, span.stop))
        else:
            merged.append(span)
    return merged
