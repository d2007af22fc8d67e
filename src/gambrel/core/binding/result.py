"""Room 6: a handler's return value becomes a `Response`.

What can be decided from the annotation is decided at start-up: status, content type, encoder and
the projection onto the declared type, so that an undeclared field never leaves the house.
"""

from collections.abc import AsyncIterable, Callable, Coroutine, Iterable, Iterator, Mapping
from functools import cached_property, reduce
from operator import or_
from types import CoroutineType, GenericAlias, UnionType
from typing import Any, Union, get_args, get_origin

from gambrel.core.binding.signature import REQUIRED, is_struct_type, spell, strip_annotated, unalias
from gambrel.core.http.errors import GambrelError, NotAcceptable
from gambrel.core.http.request import Request
from gambrel.core.http.response import Baked, Reply, Response, Stream

__all__ = ["OFFERS", "Bake", "Result"]

Bake = Callable[..., Baked]
"""`bake(status, media_type, *pairs)` returns a head with the app's default fields."""

_PLAIN: tuple[type, ...] = (dict, list, int, float, bool)
OFFERS = ("application/json", "application/msgpack")  # of a value that is no text
_VARY = ("vary", "accept")
_OPEN: dict[Any, tuple[type, ...]] = {str: (str,), bytes: (bytes, bytearray, memoryview)}


class Result:
    """How one handler's values become responses.

    `declared` is the type that values are projected onto, Any where there is none. A value whose
    class is exactly `fast_type` may go straight to `encode` onto `baked`, through `project` unless
    `is_exact`.
    """

    def __init__(
        self, returns: Any, status: int | None, bake: Bake, name: str = "", where: str = ""
    ) -> None:
        self.returns = returns = Any if returns is object else returns
        self.name, self.where = name, where
        self.is_declared = returns is not REQUIRED and returns is not Any
        self.plain = plain = strip_annotated(without_responses(returns))
        self.is_empty = plain is None or plain is type(None)
        self.status = status or (204 if self.is_empty else 200)
        self.item = stream_item(plain)
        self.declared = self.find_declared()
        try:
            self.project, self.is_exact, self.fit = projection_of(self.declared)
        except GambrelError as error:
            what = f"{name or 'the handler'} returns {spell(returns)}: {error.what}"
            raise GambrelError(error.code, what, where, error.hint) from error
        self._json = bake(self.status, "application/json", _VARY)
        self._text = bake(self.status, "text/plain; charset=utf-8")
        self._msgpack = bake(self.status, "application/msgpack", _VARY)
        self._bytes = bake(self.status, "application/octet-stream")
        self._empty = bake(self.status, None)
        self.fast_type = self.find_fast_type()
        self.baked = self._text if plain is str else self._json

    @cached_property
    def encode(self) -> Callable[[Any], bytes]:
        """Writes a value as JSON."""
        from gambrel.conversion.convert import json_encoder  # noqa: PLC0415 - start-up: values

        return json_encoder(None if self.declared is Any else self.declared)

    @cached_property
    def encode_msgpack(self) -> Callable[[Any], bytes]:
        """Writes a value as MessagePack."""
        from gambrel.conversion.convert import msgpack_encoder  # noqa: PLC0415 - start-up: MessagePack

        return msgpack_encoder(None if self.declared is Any else self.declared)

    def find_declared(self) -> Any:
        """Return the type that values are projected onto; an iterable may come as a list."""
        if self.item is not REQUIRED:
            is_open = self.item is Any or is_raw(self.item)
            return Any if is_open else GenericAlias(list, (self.item,))
        is_open = not self.is_declared or self.is_empty or self.plain in {str, bytes, Response}
        return Any if is_open else without_responses(self.returns)

    def find_fast_type(self) -> type | None:
        """Return the class of values that need no look at what they are."""
        if self.plain is str:
            return str
        origin = get_origin(self.plain) or self.plain
        if self.declared is Any or not isinstance(origin, type):
            return None
        return origin if origin in _PLAIN or is_struct_type(origin) else None

    def respond(self, request: Request, value: Any) -> Response:
        """Return the response for `value`, with the draft of the request laid over it."""
        return self.dress(request, self.to_response(request, value))

    def dress(self, request: Request, response: Response) -> Response:
        """Return `response` with the draft of the request laid over it; a copy, if not our own."""
        draft = request.__dict__.get("draft")
        if draft is None:
            return response
        own = response if type(response) is Reply else response.copy()
        return lay_over(own, draft, self.status)

    def responder(self) -> Callable[[Request, Any], Response]:
        """Return `to_response`, with a short cut for values of exactly the declared type."""
        fast_type, baked, to_response = self.fast_type, self.baked, self.to_response
        if fast_type is None or fast_type is str:
            return to_response
        encode, project = self.encode, None if self.is_exact else self.project

        def respond(request: Request, value: Any) -> Response:
            if value.__class__ is fast_type and request.headers.takes_json:
                return Reply(baked, encode(value if project is None else project(value)))
            return to_response(request, value)

        return respond

    def to_response(self, request: Request, value: Any) -> Response:
        """Return the response for `value`. Raises NotAcceptable, TypeError and GambrelError."""
        if isinstance(value, Response):
            return value.answer_to(request)
        if isinstance(value, CoroutineType):
            raise self.forgotten(value)
        if self.declared is not Any:
            if self.item is not REQUIRED and is_stream(value):
                return self.streamed(value)
            return self.encoded(request, value)
        if not self.is_declared and isinstance(value, tuple) and is_status_tuple(value):
            response = self.to_response(request, value[0]).copy()
            response.status = value[1]
            response.headers.update(value[2] if len(value) > 2 else {})
            return response
        if value is None and self.is_empty:
            return Reply(self._empty, b"")
        return self.open_value(request, value)

    def open_value(self, request: Request, value: Any) -> Response:
        """Return the response for a value whose type is not declared, or is text or bytes."""
        kinds = _OPEN.get(self.plain, ()) if self.is_declared else object
        if self.item is REQUIRED and not isinstance(value, kinds):
            raise self.unexpected(value)
        if isinstance(value, str):
            return Reply(self._text, value.encode())
        if isinstance(value, bytes | bytearray | memoryview):
            return Reply(self._bytes, bytes(value))
        if is_stream(value):
            return self.streamed(value)
        if value is None:
            return Response(b"", 204 if self.status == 200 else self.status)
        return self.encoded(request, value)

    def forgotten(self, value: Coroutine[Any, Any, Any]) -> GambrelError:
        """The error of a coroutine that nobody awaited; closed, or Python warns of it as well."""
        value.close()
        called = getattr(value, "__qualname__", "a coroutine").rpartition("<locals>.")[2]
        what = f"{self.name or 'the handler'} returned the coroutine of {called}()"
        hint = f"write `await {called}(...)`, in an `async def`: there, or in what it depends on"
        return GambrelError("binding.forgotten-await", f"{what}, not its result", self.where, hint)

    def unexpected(self, value: Any) -> GambrelError:
        """The error of a value that must not be sent as what the handler declares."""
        what = f"a value of type {type(value).__name__} was returned as {spell(self.returns)}"
        hint = "return what is declared (`HTML(text)`, say), or declare what is returned"
        return GambrelError("binding.wrong-value", what, self.where, meant_by(value) or hint)

    def encoded(self, request: Request, value: Any) -> Response:
        """Return `value` as JSON or msgpack, whichever the client prefers."""
        try:
            fitting = self.fit(value)
            if request.headers.takes_json:
                return Reply(self._json, self.encode(fitting))
            return self.negotiated(request, fitting)
        except GambrelError as error:
            error.where, error.hint = self.where, meant_by(value) or error.hint
            raise

    def negotiated(self, request: Request, value: Any) -> Response:
        """Return `value` in what the client accepts. Raises NotAcceptable."""
        from gambrel.core.http.fields.negotiation import best_match  # noqa: PLC0415 - start-up: Accept

        chosen = best_match(request.headers.first("accept") or "", OFFERS)
        if chosen is None:
            raise NotAcceptable("This resource is available as JSON and msgpack.")
        if chosen == "application/msgpack":
            return Reply(self._msgpack, self.encode_msgpack(value))
        return Reply(self._json, self.encode(value))

    def streamed(self, value: Any) -> Response:
        """Return a stream: server-sent events, raw pieces, or JSON Lines of typed items."""
        from gambrel.conversion.convert import json_encoder  # noqa: PLC0415 - start-up: streams
        from gambrel.conversion.projection import projector  # noqa: PLC0415 - start-up: streams
        from gambrel.core.http.responses.streams import JSONLines  # noqa: PLC0415 - start-up: streams

        item = self.item
        sent_as = sender_of(item)
        if sent_as is not None:
            response: Response = sent_as(value)
            if self.status != 200:
                response.status = self.status
            return response
        if is_raw(item) or item is REQUIRED or item is Any:
            kind = "application/octet-stream" if item is bytes else "text/plain"
            return Stream(value, status=self.status, media_type=kind)
        project = projector(item) or (lambda each: each)
        encode = json_encoder(item)
        return JSONLines(value, self.status, encode=lambda each: encode(project(each)))


def meant_by(value: Any) -> str:
    """Return what to write in place of a value that other frameworks take, or an empty text."""
    if isinstance(value, tuple) and is_status_tuple(value):
        return f"say the status at the route, `status={value[1]}`, or set that of a `Response`"
    if isinstance(value, Exception):
        return f"raise it: `raise {type(value).__name__}(...)`"
    if value is None:
        return "declare it, `-> T | None`, or raise NotFound"
    return ""


def projection_of(declared: Any) -> tuple[Callable[[Any], Any] | None, bool, Callable[[Any], Any]]:
    """Return how values become of a type: `project`, `is_exact`, and `fit`.

    The last one takes every value, and refuses what does not fit.
    """
    if declared is Any:
        return None, True, lambda value: value
    from gambrel.conversion import projection  # noqa: PLC0415 - start-up: values

    project = projection.projector(declared)
    is_exact = project is None or projection.exact_type(declared) is not None
    return project, is_exact, project or projection.fitter(declared)


def lay_over(response: Response, draft: Response, status: int) -> Response:
    """Return `response` with the status and header fields a handler set on the draft.

    `status` is what the draft began with: only another one was set.
    """
    if draft.status != status:
        response.status = draft.status
    replaced = {name for name, _ in draft.headers.pairs()} - {"set-cookie", "vary"}
    for name in replaced & set(response.headers):
        del response.headers[name]
    known = response.headers.pairs()
    for name, value in (pair for pair in draft.headers.pairs() if pair not in known):
        response.headers.add(name, value)
    for callback in draft.callbacks:
        response.on_close(callback)
    return response


def is_status_tuple(value: tuple[Any, ...]) -> bool:
    """Whether an undeclared tuple means `(body, status)` or `(body, status, headers)`."""
    if len(value) not in {2, 3} or type(value[1]) is not int or not 200 <= value[1] <= 599:
        return False
    return len(value) == 2 or isinstance(value[2], Mapping | list)


def is_stream(value: Any) -> bool:
    """Whether a value yields its pieces over time."""
    return isinstance(value, AsyncIterable | Iterator)


def stream_item(annotation: Any) -> Any:
    """Return the type of what a stream yields, Any if that is not said, REQUIRED for no stream."""
    origin = get_origin(annotation) or annotation
    is_class = isinstance(origin, type) and not is_struct_type(origin)
    if not is_class or not (issubclass(origin, AsyncIterable | Iterator) or origin is Iterable):
        return REQUIRED
    return next((arg for arg in get_args(annotation)[:1] if arg is not object), Any)


def members_of(annotation: Any) -> tuple[Any, ...]:
    """Return the members of a union, or the type itself alone."""
    is_union = get_origin(annotation) in {Union, UnionType}
    return get_args(annotation) if is_union else (annotation,)


def sender_of(item: Any) -> Any:
    """Return the class of responses that streams items of a type, where it names one: `sent_as`."""
    return next((kind.sent_as for kind in members_of(item) if hasattr(kind, "sent_as")), None)


def is_raw(item: Any) -> bool:
    """Whether items of a stream are sent as they are."""
    return set(members_of(item)) <= {str, bytes}


def without_responses(annotation: Any) -> Any:
    """Return what a handler declares beside responses: `Item` of `Item | Redirect`."""
    annotation = unalias(annotation)
    members = members_of(annotation)
    kept = tuple(member for member in members if not is_response(member))
    if not kept:
        return Response
    return annotation if len(kept) == len(members) else reduce(or_, kept)


def is_response(annotation: Any) -> bool:
    """Whether an annotation is a class of responses."""
    return isinstance(annotation, type) and issubclass(annotation, Response)
