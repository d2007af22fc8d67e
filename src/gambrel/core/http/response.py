"""Responses: `Response` and its everyday kinds.

Handlers and middleware make them, the edges write them. A response knows nothing of routes; a
route's own answers are `Reply`s over a `Baked` head, whose bytes were rendered at start-up.
"""

import inspect
import re
from collections.abc import (
    AsyncGenerator,
    AsyncIterable,
    Awaitable,
    Callable,
    Iterable,
    Mapping,
)
from copy import copy
from typing import Any, ClassVar

import msgspec

from gambrel.core.http.headers import ResponseHeaders

__all__ = ["HTML", "JSON", "Baked", "Redirect", "Reply", "Response", "Stream", "Text", "settled"]

Content = bytes | AsyncIterable[bytes] | Iterable[bytes]
CloseCallback = Callable[[], Awaitable[None] | None]


class Baked:
    """A head known at start-up: status and header lines.

    `wire` caches what the edge makes of it, up to the length; `bare` all of one without content.
    """

    __slots__ = ("bare", "pairs", "status", "wire")

    def __init__(self, status: int, pairs: Iterable[tuple[str, str]]) -> None:
        self.status = status
        self.pairs = tuple(pairs)
        self.wire: bytes | None = None
        self.bare: bytes | None = None


class Response:
    """An answer: a status, header fields and a body.

    `body` is text (sent as UTF-8) or bytes; an iterable or async iterable of bytes streams.
    `media_type` sets `Content-Type`, with `charset=utf-8` added to text types.

    Raises ValueError for a status outside 200-599 and for malformed header fields.
    """

    media_type: ClassVar[str | None] = None
    opens: ClassVar[bool] = False
    """Whether it opens another protocol (101): the edge hands its connection over."""
    serve_asgi: Any = None
    """Of one that opens: `await serve_asgi(headers, receive, send)` serves it on other servers."""
    for_request: Any = None
    """Of one that depends on who asks: `await for_request(method, headers)` is what is sent."""

    # Defaults on the class: a compiled endpoint's `Reply` sets two attributes instead of five.
    _baked: Baked | None = None
    _callbacks: list[CloseCallback] | None = None
    _headers: ResponseHeaders | None = None
    _owner: Any = None
    _status: int = 0

    def __init__(
        self,
        body: str | Content = b"",
        status: int = 200,
        headers: Mapping[str, str] | Iterable[tuple[str, str]] | None = None,
        media_type: str | None = None,
    ) -> None:
        self.body: Content = body.encode() if isinstance(body, str) else body
        self._headers = ResponseHeaders(headers or ())
        self.status = status
        kind = media_type or self.media_type or ("text/plain" if isinstance(body, str) else None)
        if kind is not None:
            self._headers.setdefault("content-type", with_charset(kind))

    @property
    def status(self) -> int:
        """The status code, 200 to 599."""
        return self._baked.status if self._baked is not None else self._status

    @status.setter
    def status(self, status: int) -> None:
        if not (200 <= status <= 599 or self.opens):
            raise ValueError(f"{status} is not the status of a final response (200-599)")
        if self._baked is not None:
            self.headers  # noqa: B018 - unpacks the baked head, which no longer holds
            self._baked = None
        self._status = status

    @property
    def status_code(self) -> int:
        """Not there: set under a name that nobody reads, a status would not be sent."""
        raise AttributeError("a response has a `status`, and no `status_code`")

    @property
    def headers(self) -> ResponseHeaders:
        """The header fields, to read and to change."""
        if self._headers is None:
            baked = self._baked
            self._headers = ResponseHeaders.trusted(baked.pairs if baked is not None else ())
        return self._headers

    @property
    def is_streaming(self) -> bool:
        """Whether the body is produced while it is sent."""
        return not isinstance(self.body, bytes)

    def set_cookie(self, name: str, value: str, **attributes: Any) -> None:
        """Add a `Set-Cookie` line; attributes as in `SetCookie` (secure values by default)."""
        from gambrel.core.http.fields.cookies import SetCookie  # noqa: PLC0415 - start-up: cookies

        self.headers.add("set-cookie", str(SetCookie(name, value, **attributes)))

    def delete_cookie(self, name: str, **attributes: Any) -> None:
        """Tell the client to forget a cookie set with the same `path` and `domain`."""
        self.set_cookie(name, "", max_age=0, **attributes)

    def on_close(self, callback: CloseCallback) -> None:
        """Call `callback` once the last byte was sent, or the client has gone."""
        if self._callbacks is None:
            self._callbacks = []
        self._callbacks.append(callback)

    def answer_to(self, request: Any) -> "Response":
        """Return what is sent: itself, but for one that is made once its request is known."""
        return self

    @property
    def callbacks(self) -> list[CloseCallback]:
        """What `on_close` has collected."""
        return self._callbacks or []

    def copy(self) -> "Response":
        """Return the same with fields and callbacks of its own, for one that is answered twice."""
        other = copy(self)
        own = {"_headers": ResponseHeaders.trusted(self.headers.pairs())}
        other.__dict__.update(own, _callbacks=[*self.callbacks] or None)
        return other

    async def close(self) -> None:
        """Run what `on_close` has collected, all of it, and close the stream; edges call this.

        Raises ExceptionGroup where callbacks failed.
        """
        callbacks, self._callbacks = self.callbacks, None
        if isinstance(self.body, AsyncGenerator):
            callbacks = [self.body.aclose, *callbacks]
        errors = []
        for callback in callbacks:
            try:
                done = callback()
                if inspect.isawaitable(done):
                    await done
            except Exception as error:
                errors.append(error)
        if errors:
            raise ExceptionGroup("closing a response failed", errors)

    def __repr__(self) -> str:
        size = f"{len(self.body)} bytes" if isinstance(self.body, bytes) else "stream"
        return f"<{type(self).__name__} {self.status} {size}>"


class Reply(Response):
    """A buffered response on a baked head; what compiled endpoints return."""

    def __init__(self, baked: Baked, body: bytes) -> None:
        self.body = body
        self._baked = baked


async def settled(request: Any, response: Response) -> Response:
    """Return the response that layers further out see, and may change.

    A late one, a file say, becomes what it is for this request, so that its errors are theirs, too.
    Any other is copied: whoever made it may answer with it again.
    """
    response = response.answer_to(request)
    if response.for_request is None:
        response = response.copy()
    else:
        try:
            response = await response.for_request(request.method, request.headers)
        except Exception:
            await response.close()
            raise
    response._owner = request  # noqa: SLF001
    return response


class Text(Response):
    """Plain text."""

    media_type = "text/plain"


class HTML(Response):
    """A page, or a fragment of one."""

    media_type = "text/html"


_encode_json = msgspec.json.Encoder().encode


class JSON(Response):
    """A value as JSON. Raises TypeError for what JSON cannot express."""

    media_type = "application/json"

    def __init__(
        self,
        value: Any,
        status: int = 200,
        headers: Mapping[str, str] | Iterable[tuple[str, str]] | None = None,
        media_type: str | None = None,
    ) -> None:
        super().__init__(_encode_json(value), status, headers, media_type)


_NOT_VISIBLE = r"[^\x00-\x1f!-\x7f]"  # control characters are left to be refused


def _percent(match: re.Match[str]) -> str:
    return "".join(f"%{byte:02X}" for byte in match[0].encode("utf-8", "replace"))


class Redirect(Response):
    """Send the client to `url`: 303 (a GET follows) unless another 3xx status is given.

    Spaces and what is not ASCII are percent-encoded as UTF-8. Raises ValueError for control
    characters: a target from a client goes through `safe_redirect` first.
    """

    def __init__(
        self,
        url: str,
        status: int = 303,
        headers: Mapping[str, str] | Iterable[tuple[str, str]] | None = None,
    ) -> None:
        if status not in {301, 302, 303, 307, 308}:
            raise ValueError(f"{status} does not redirect; use 301, 302, 303, 307 or 308")
        super().__init__(b"", status, headers)
        self.headers["location"] = re.sub(_NOT_VISIBLE, _percent, str(url))


class Stream(Response):
    """A body produced piece by piece by a (sync or async) iterable of bytes or text."""

    media_type = "application/octet-stream"

    def __init__(
        self,
        content: AsyncIterable[bytes | str] | Iterable[bytes | str],
        status: int = 200,
        headers: Mapping[str, str] | Iterable[tuple[str, str]] | None = None,
        media_type: str | None = None,
    ) -> None:
        super().__init__(b"", status, headers, media_type)
        self.body = encoded_pieces(content)


def encoded_pieces(content: AsyncIterable[bytes | str] | Iterable[bytes | str]) -> Content:
    """Return the same pieces as bytes; text becomes UTF-8."""
    if isinstance(content, AsyncIterable):
        return _encode_async(content)
    return (piece.encode() if isinstance(piece, str) else piece for piece in content)


async def _encode_async(content: AsyncIterable[bytes | str]) -> AsyncIterable[bytes]:
    try:
        async for piece in content:
            yield piece.encode() if isinstance(piece, str) else piece
    finally:
        if isinstance(content, AsyncGenerator):
            await content.aclose()


def with_charset(media_type: str) -> str:
    """Return `media_type` with `charset=utf-8` where it is text and names none."""
    if media_type.startswith("text/") and "charset" not in media_type:
        return f"{media_type}; charset=utf-8"
    return media_type
