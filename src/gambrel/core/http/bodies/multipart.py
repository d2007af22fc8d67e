"""`multipart/form-data` (RFC 7578), streamed: parts as they arrive, or a whole `FormData`.

The grammar is read by the `multipart` library's push parser; limits, charsets, uploads and the
right 4xx are ours. `Request.form()` and binding call this.
"""

import re
from collections.abc import AsyncGenerator, AsyncIterable, AsyncIterator
from contextlib import aclosing
from dataclasses import dataclass, field

from multipart import (  # type: ignore[import-untyped]  # ships no types
    MultipartError,
    MultipartSegment,
    ParserLimitReached,
    PushMultipartParser,
)

from gambrel.core.http.bodies.body import count_bytes, decode_text
from gambrel.core.http.bodies.forms import FormData, FormLimits, Upload
from gambrel.core.http.errors import BadRequest, ContentTooLarge, UnsupportedMediaType
from gambrel.core.http.fields.media import MediaType

__all__ = ["Part", "parse_multipart", "stream_parts"]

_Events = AsyncGenerator[MultipartSegment | bytes | None, None]

# RFC 2046 §5.1.1: 1 to 70 of these characters, not ending in a space.
_BOUNDARY = re.compile(r"[0-9A-Za-z'()+_,./:=? -]{0,69}[0-9A-Za-z'()+_,./:=?-]")
_PLAIN_TRANSFER = frozenset({"", "7bit", "8bit", "binary"})


@dataclass(slots=True)
class Part:
    """One part while it arrives: iterate it for its bytes, once.

    `filename` is None for a text field. Going on to the next part skips what was not read.
    """

    name: str
    filename: str | None
    content_type: str
    headers: dict[str, str]
    limit: int
    _events: _Events = field(repr=False)

    async def __aiter__(self) -> AsyncIterator[bytes]:
        size = 0
        async for event in self._events:
            if not isinstance(event, bytes):
                return
            size += len(event)
            if size > self.limit:
                what = "form field" if self.filename is None else "file"
                raise ContentTooLarge(f"A {what} is larger than {self.limit} bytes.")
            yield event


async def stream_parts(
    chunks: AsyncIterable[bytes], content_type: str, limits: FormLimits | None = None
) -> AsyncGenerator[Part, None]:
    """Yield the parts of a multipart body one after another, holding none of them in memory.

    A part has `name`, `filename` (None for a text field), `content_type` and `headers`; iterate
    it for its bytes. Going on to the next skips what was not read.

    Raises:
        BadRequest: No boundary, a malformed or cut-off body, a part without a name.
        ContentTooLarge: A limit is passed.
        UnsupportedMediaType: A part comes base64 or quoted-printable (RFC 7578 §4.7).
    """
    limits = limits or FormLimits()
    async with aclosing(_parse(chunks, content_type, limits)) as events:
        async for event in events:
            if isinstance(event, MultipartSegment):
                yield _part(event, events, limits)


async def parse_multipart(
    chunks: AsyncIterable[bytes], content_type: str, limits: FormLimits | None = None
) -> FormData:
    """Return a whole form; close it when the request ends. Raises as `stream_parts` does.

    A file input that the user left empty (no name, no bytes) is left out.
    """
    limits = limits or FormLimits()
    pairs: list[tuple[str, str | Upload]] = []
    try:
        async with aclosing(stream_parts(chunks, content_type, limits)) as parts:
            async for part in parts:
                if part.filename is None:
                    text = b"".join([piece async for piece in part])
                    pairs.append((part.name, decode_text(text, part.content_type)))
                    continue
                upload = Upload(part.name, part.filename, part.content_type, limits.spool)
                pairs.append((part.name, upload))
                async for piece in part:
                    await upload.write(piece)
                await upload.finish()
                if not part.filename and not upload.size:
                    pairs.pop()
    except BaseException:
        FormData(pairs).close()
        raise
    return FormData(pairs)


async def _parse(chunks: AsyncIterable[bytes], content_type: str, limits: FormLimits) -> _Events:
    try:
        with PushMultipartParser(
            _boundary(content_type),
            max_header_size=limits.part_headers,
            max_header_count=16,
            max_segment_count=limits.parts,
        ) as parser:
            async for chunk in count_bytes(chunks, limits.total):
                if chunk:
                    for event in parser.parse(chunk):
                        yield event
    except ParserLimitReached as error:
        raise ContentTooLarge(f"The form is larger than allowed: {error}.") from None
    except MultipartError as error:
        raise BadRequest(f"The form is not valid multipart/form-data: {error.args[0]}.") from None


def _boundary(content_type: str) -> str:
    media_type = MediaType.parse(content_type) if content_type else None
    if media_type is None or media_type.essence != "multipart/form-data":
        raise UnsupportedMediaType("Send a form with files as multipart/form-data.")
    boundary = media_type.parameters.get("boundary", "")
    if not _BOUNDARY.fullmatch(boundary):
        raise BadRequest("Content-Type needs one boundary of 1 to 70 characters (RFC 2046).")
    return boundary


def _part(segment: MultipartSegment, events: _Events, limits: FormLimits) -> Part:
    fields = segment.headerlist
    headers = {name.lower(): value for name, value in fields}
    if sum(len(name) + len(value) for name, value in fields) > limits.part_headers:
        raise ContentTooLarge(f"A part's headers are larger than {limits.part_headers} bytes.")
    if len(headers) < len(fields):
        raise BadRequest("A part repeats a header.")
    if headers.get("content-transfer-encoding", "").lower() not in _PLAIN_TRANSFER:
        raise UnsupportedMediaType("Send parts as they are, without Content-Transfer-Encoding.")
    return Part(
        name=segment.name or "",
        filename=segment.filename,
        content_type=headers.get("content-type", ""),
        headers=headers,
        limit=limits.field if segment.filename is None else limits.file,
        _events=events,
    )
