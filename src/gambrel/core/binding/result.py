"""Room 6: a handler's return value becomes a `Response`.

What can be decided from the annotation is decided at start-up: status, content type, encoder and
the projection onto the declared type, so that an undeclared field never leaves the house.
"""

from collections.abc import AsyncIterable, AsyncIterator, Callable, Iterable, Iterator
from typing import Any, get_args, get_origin

import msgspec

from gambrel.conversion.convert import json_encoder
from gambrel.conversion.projection import exact_type, projector
from gambrel.core.binding.signature import REQUIRED, is_struct_type, strip_annotated
from gambrel.core.http.errors import NotAcceptable
from gambrel.core.http.fields.negotiation import best_match
from gambrel.core.http.request import Request
from gambrel.core.http.response import Baked, Reply, Response, Stream
from gambrel.core.http.responses.events import Event, EventStream
from gambrel.core.http.responses.streams import JSONLines

__all__ = ["Bake", "Result"]

Bake = Callable[[int, str | None], Baked]
_STREAMS: tuple[Any, ...] = (AsyncIterable, AsyncIterator, Iterable, Iterator)
_PLAIN: tuple[type, ...] = (dict, list, int, float, bool)


class Result:
    """How one handler's values become responses.

    A value whose class is exactly `fast_type` may go straight to `encode` onto `baked`, through
    `project` unless `is_exact`.
    """

    def __init__(self, returns: Any, status: int | None, bake: Bake) -> None:
        plain = strip_annotated(returns)
        self.returns = returns
        self.is_declared = returns is not REQUIRED and returns is not Any
        self.is_empty = plain is None or plain is type(None)
        self.status = status or (204 if self.is_empty else 200)
        self.declared = returns if self.is_value(plain) else Any
        self.encode = json_encoder(None if self.declared is Any else self.declared)
        self.project = projector(self.declared) if self.declared is not Any else None
        self._json = bake(self.status, "application/json")
        self._text = bake(self.status, "text/plain; charset=utf-8")
        self._msgpack = bake(self.status, "application/msgpack")
        self._bytes = bake(self.status, "application/octet-stream")
        self._empty = bake(self.status, None)
        self.is_exact = self.project is None or exact_type(self.declared) is not None
        self.fast_type = self.find_fast_type(plain)
        self.baked = self._text if plain is str else self._json

    def is_value(self, plain: Any) -> bool:
        """Whether the annotation declares a value to encode, not a response or a stream."""
        if not self.is_declared or self.is_empty or plain in {str, bytes}:
            return False
        origin = get_origin(plain) or plain
        if isinstance(origin, type) and issubclass(origin, Response):
            return False
        return not is_stream_type(plain) and not any(
            isinstance(arg, type) and issubclass(arg, Response) for arg in get_args(plain)
        )

    def find_fast_type(self, plain: Any) -> type | None:
        """Return the class of values that need no look at what they are."""
        if plain is str:
            return str
        if self.declared is Any:
            return None
        origin = get_origin(plain) or plain
        if not isinstance(origin, type):
            return None
        return origin if origin in _PLAIN or is_struct_type(origin) else None

    def respond(self, request: Request, value: Any) -> Response:
        """Return the response for `value`, with the draft of the request laid over it."""
        response = self.to_response(request, value)
        draft = request.__dict__.get("draft")
        return response if draft is None else lay_over(response, draft)

    def to_response(self, request: Request, value: Any) -> Response:
        """Return the response for `value`. Raises NotAcceptable and TypeError."""
        if isinstance(value, Response):
            return value
        if not self.is_declared and isinstance(value, tuple) and is_status_tuple(value):
            response = self.to_response(request, value[0])
            response.status = value[1]
            response.headers.update(value[2] if len(value) > 2 else {})
            return response
        if value is None and (self.is_empty or not self.is_declared):
            return Reply(self._empty, b"") if self.is_empty else self.empty()
        if isinstance(value, str) and self.declared is Any:
            return Reply(self._text, value.encode())
        if isinstance(value, bytes | bytearray | memoryview) and self.declared is Any:
            return Reply(self._bytes, bytes(value))
        if is_stream(value):
            return self.streamed(value)
        return self.encoded(request, value)

    def empty(self) -> Response:
        """Return 204 for a handler that declares nothing and returned None."""
        return Response(b"", 204 if self.status == 200 else self.status)

    def encoded(self, request: Request, value: Any) -> Response:
        """Return `value` as JSON or msgpack, whichever the client prefers."""
        if self.project is not None:
            value = self.project(value)
        if request.headers.takes_json:
            return Reply(self._json, self.encode(value))
        offers = ["application/json", "application/msgpack"]
        chosen = best_match(request.headers.first("accept") or "", offers)
        if chosen is None:
            raise NotAcceptable("This resource is available as JSON and msgpack.")
        if chosen == "application/msgpack":
            plain = msgspec.to_builtins(value, builtin_types=(bytes,))
            response: Response = Reply(self._msgpack, msgspec.msgpack.encode(plain))
        else:
            response = Reply(self._json, self.encode(value))
        response.headers.add("vary", "accept")
        return response

    def streamed(self, value: Any) -> Response:
        """Return a stream: server-sent events, raw pieces, or JSON Lines of typed items."""
        args = get_args(strip_annotated(self.returns)) if self.is_declared else ()
        item = args[0] if args else Any
        if item in {str, bytes}:
            kind = "text/plain" if item is str else "application/octet-stream"
            return Stream(value, status=self.status, media_type=kind)
        if isinstance(item, type) and issubclass(item, Event):
            return EventStream(value)
        if item is Any:
            return Stream(value, status=self.status, media_type="text/plain")
        return JSONLines(value, status=self.status)


def lay_over(response: Response, draft: Response) -> Response:
    """Return `response` with the status and header fields a handler set on the draft."""
    if draft.status != 200:
        response.status = draft.status
    for name, value in draft.headers.pairs():
        if name == "set-cookie":
            response.headers.add(name, value)
        else:
            response.headers[name] = value
    for callback in draft.callbacks:
        response.on_close(callback)
    return response


def is_status_tuple(value: tuple[Any, ...]) -> bool:
    """Whether an undeclared tuple means `(body, status)` or `(body, status, headers)`."""
    return len(value) in {2, 3} and isinstance(value[1], int) and not isinstance(value[1], bool)


def is_stream(value: Any) -> bool:
    """Whether a value yields its pieces over time."""
    return isinstance(value, AsyncIterable | Iterator)


def is_stream_type(annotation: Any) -> bool:
    """Whether an annotation declares a stream."""
    origin = get_origin(annotation) or annotation
    name = getattr(origin, "__name__", "")
    return origin in _STREAMS or name in {"AsyncGenerator", "Generator"}
