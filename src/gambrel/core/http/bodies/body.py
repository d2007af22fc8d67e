"""Reading a request body: counted as it arrives, and as text in the charset it says.

`Request` and multipart call these. Every reader goes through a counter of real bytes:
`Content-Length` is only believed where it is too much. Nothing here knows a request or a route.
"""

from collections.abc import AsyncIterable, AsyncIterator

from gambrel.core.http.errors import BadRequest, ContentTooLarge, UnsupportedMediaType
from gambrel.core.http.fields.media import MediaType

_UTF8 = frozenset({"utf-8", "utf8", "us-ascii", "ascii"})
_LATIN1 = frozenset({"iso-8859-1", "latin-1", "latin1"})


async def count_bytes(chunks: AsyncIterable[bytes], limit: int) -> AsyncIterator[bytes]:
    """Yield the chunks of a body of at most `limit` bytes. Raises ContentTooLarge beyond it."""
    if getattr(chunks, "announced", 0) > limit:  # where the server can refuse it unsent
        raise ContentTooLarge(f"The body is larger than {limit} bytes.", limit=limit)
    received = 0
    async for chunk in chunks:
        received += len(chunk)
        if received > limit:
            raise ContentTooLarge(f"The body is larger than {limit} bytes.", limit=limit)
        yield chunk


async def collect_body(chunks: AsyncIterable[bytes], limit: int) -> bytes:
    """Return a whole body of at most `limit` bytes. Raises ContentTooLarge beyond it.

    Many tiny chunks cost no more memory than one large one.
    """
    body = bytearray()
    async for chunk in count_bytes(chunks, limit):
        body += chunk
    return bytes(body)


def decode_text(body: bytes, content_type: str = "") -> str:
    """Return a body as text in the charset that `content_type` names, UTF-8 where it names none.

    Raises UnsupportedMediaType for a charset other than UTF-8, ASCII and ISO-8859-1, and
    BadRequest for bytes that are not in it.
    """
    charset = _charset(content_type)
    if charset in _LATIN1:
        return body.decode("latin-1")
    if charset not in _UTF8:
        raise UnsupportedMediaType("Send text in UTF-8.", headers={"accept-charset": "utf-8"})
    try:
        return body.decode("ascii" if "ascii" in charset else "utf-8")
    except UnicodeDecodeError:
        raise BadRequest(f"The body is not valid {charset.upper()}.") from None


def _charset(content_type: str) -> str:
    if "charset" not in content_type.lower():
        return "utf-8"
    return MediaType.parse(content_type).charset or "utf-8"
