"""What one request gets of a file: all of it, parts, or nothing because the client has it.

File responses and static files complete their heads here; where the bytes are they know alone.
"""

import secrets
from collections.abc import Mapping
from datetime import datetime

from gambrel.core.http.errors import PreconditionFailed
from gambrel.core.http.fields.dates import format_http_date
from gambrel.core.http.response import Response
from gambrel.files.ranges import ByteRange, parse_range
from gambrel.headers.conditional import Decision, ETag, evaluate

__all__ = ["Piece", "complete"]

Piece = bytes | ByteRange
"""A range of the file, or the framing between two."""


def complete(
    answer: Response,
    method: str,
    headers: Mapping[str, str],
    *,
    etag: ETag | None,
    modified: datetime,
    size: int,
    sends: bool = True,
) -> list[Piece]:
    """Complete the head of `answer` for a file of `size` bytes; return what its body is made of.

    Without `sends` somebody else sends it, and sees to ranges and length.

    Raises:
        PreconditionFailed: `If-Match` or `If-Unmodified-Since` does not hold.
        RangeNotSatisfiable: No range lies within the file.
    """
    fields = answer.headers
    if etag is not None:
        fields.setdefault("etag", str(etag))
    fields.setdefault("last-modified", format_http_date(modified))
    if sends:
        fields.setdefault("accept-ranges", "bytes")
    decision = evaluate(method, headers, etag=etag, last_modified=modified)
    if decision is Decision.PRECONDITION_FAILED:
        raise PreconditionFailed
    if decision is Decision.NOT_MODIFIED:
        answer.status = 304
        for name in ("content-type", "content-disposition", "content-encoding"):
            fields.pop(name, None)  # RFC 9110 §15.4.5: nothing that describes a body
        return []
    if not sends:
        return []
    ranges = None
    if decision is Decision.PERFORM_RANGE and answer.status == 200:
        ranges = parse_range(headers["range"], size)
    found = pieces(answer, ranges, size)
    lengths = [p.length if isinstance(p, ByteRange) else len(p) for p in found]
    fields["content-length"] = str(sum(lengths))
    return found if method != "HEAD" else []


def pieces(answer: Response, ranges: list[ByteRange] | None, size: int) -> list[Piece]:
    """Return the body as ranges of the file and the framing between them; set the status."""
    if ranges is None:
        return [ByteRange(0, size)]
    answer.status = 206
    if len(ranges) == 1:
        answer.headers["content-range"] = ranges[0].content_range(size)
        return [ranges[0]]
    # RFC 9110 §14.6. The boundary is random: it must not stand in the file.
    boundary = secrets.token_hex(16)
    media_type = answer.headers["content-type"]
    answer.headers["content-type"] = f"multipart/byteranges; boundary={boundary}"
    found: list[Piece] = []
    for span in ranges:
        head = (
            f"--{boundary}\r\nContent-Type: {media_type}\r\n"
            f"Content-Range: {span.content_range(size)}\r\n\r\n"
        )
        found += [head.encode("latin-1"), span, b"\r\n"]
    return [*found, f"--{boundary}--\r\n".encode()]
