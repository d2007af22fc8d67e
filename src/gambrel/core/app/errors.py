"""The error boundary: the one room where an exception becomes a response.

The pipeline calls `ErrorBoundary.respond` for whatever a request raised, and adds the handlers of
the route's groups. Nothing of the request or of an unknown error is ever shown.
"""

import inspect
import logging
import os
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import msgspec
from msgspec import Struct

from gambrel.conversion.errors import GambrelError
from gambrel.core.app.events import Events, RequestFailed
from gambrel.core.app.points import Point
from gambrel.core.http.errors import BadRequest, HTTPError, ServerError, Unprocessable, problem
from gambrel.core.http.request import ClientGone, Request
from gambrel.core.http.response import JSON, Response

HandleError = Callable[[Request, Any], Any]
DebugRenderer = Callable[[Request, Exception, str], Response | None]

DEBUG_RENDERER: Point[DebugRenderer] = Point("debug renderer", key=lambda _: "debug renderer")
"""Answers unknown errors while debugging: `render(request, error, incident)`; None declines."""


class ErrorHandler(Struct, frozen=True):
    """Answers errors of a type and its subclasses, or HTTP errors of a status.

    `handle(request, error)` returns a response, or what becomes one; None to leave it to the next;
    or raises an `HTTPError` that is answered instead.
    """

    match: type[Exception] | int
    handle: HandleError


class ErrorHandlers:
    """The error handlers of one scope: a group of routes, or the app."""

    def __init__(self, handlers: Iterable[ErrorHandler] = ()) -> None:
        self._by_match = {handler.match: handler for handler in handlers}

    def candidates(self, error: Exception) -> Iterable[ErrorHandler]:
        """Yield who may answer an error: the nearest type first, a status before `HTTPError`."""
        status = error.status if isinstance(error, HTTPError) else 500
        by_status = self._by_match.get(status)
        for kind in type(error).__mro__:
            if kind in {HTTPError, Exception} and by_status is not None:
                yield by_status
                by_status = None
            if kind in self._by_match:
                yield self._by_match[kind]


class ErrorBoundary:
    """Turns exceptions into responses for one app.

    `debug` lets `renderer` answer unknown errors, before handlers of 500 and `Exception`; without
    one, and in production, they are a 500 with an incident id, which is in the log with the trace.
    """

    def __init__(
        self,
        handlers: Iterable[ErrorHandler] = (),
        debug: bool = False,
        log: logging.Logger | None = None,
        *,
        renderer: DebugRenderer | None = None,
        events: Events | None = None,
    ) -> None:
        self._handlers = ErrorHandlers(handlers)
        self._renderer = renderer if debug else None
        self._log = log or logging.getLogger("gambrel.errors")
        self._events = events

    async def respond(
        self, request: Request, error: BaseException, scopes: Sequence[ErrorHandlers] = ()
    ) -> Response:
        """Answer an error; `scopes` are the handlers of the route's groups, innermost first.

        Raises:
            BaseException: The error itself, when it is a cancellation or an interrupt.
        """
        while isinstance(error, BaseExceptionGroup) and len(error.exceptions) == 1:
            error = error.exceptions[0]
        if isinstance(error, SystemExit):
            error = unwanted_exit(error)
        if not isinstance(error, Exception):
            raise error
        if isinstance(error, ClientGone):
            return Response(b"", 400)  # nobody reads it, and it is nobody's fault here
        failure = _Failure(request, error)
        try:
            return await self._answer(failure, (*scopes, self._handlers))
        except (Exception, SystemExit) as broken:  # a handler failed: the app is not used now
            incident = failure.incident or _new_incident()
            self._log.error("%s while answering %s", incident, failure, exc_info=broken)
            return _plain_500(incident)

    async def _answer(self, failure: "_Failure", scopes: Sequence[ErrorHandlers]) -> Response:
        used: list[ErrorHandler] = []
        while (handler := _next(failure.error, scopes, used)) is not None:
            used.append(handler)
            if handler.match in {Exception, 500}:  # answered by design, and still unexpected
                await self._report(failure)
                if failure.incident and (shown := self._debugged(failure)) is not None:
                    return shown
            answer = await _ask(handler, failure)
            if isinstance(answer, Response):
                return answer.answer_to(failure.request)
            failure.error = answer or failure.error
        return await self._default(failure)

    async def _default(self, failure: "_Failure") -> Response:
        await self._report(failure)
        if (shown := self._debugged(failure)) is not None:
            return shown
        answered = failure.error if isinstance(failure.error, HTTPError) else ServerError()
        return render_error(failure.request, answered, failure.incident)

    def _debugged(self, failure: "_Failure") -> Response | None:
        """Return the page for developers; it goes before handlers of whatever is unexpected."""
        is_known = isinstance(failure.error, HTTPError) and failure.request.miss is None
        render = None if is_known else self._renderer
        return render and render(failure.request, failure.error, failure.incident)

    async def _report(self, failure: "_Failure") -> None:
        """Log an unknown error once, with its trace, and announce it."""
        error = failure.error
        status = error.status if isinstance(error, HTTPError) else 500
        if failure.incident or status < 500:
            return
        failure.incident = _new_incident()
        if status > 500:
            self._log.warning("%s %s: %s", failure.incident, failure, ascii(str(error)))
            return
        if isinstance(error, GambrelError):
            error.where = error.where or getattr(failure.request.route, "where", "")
        self._log.error("%s %s", failure.incident, failure, exc_info=error)
        if self._events is not None and self._events.has(RequestFailed):
            event = RequestFailed(error, failure.incident, str(failure), failure.request)
            await self._events.emit(event)


class _Failure:
    """A request, the error it is answered for now, and the incident id once it is reported."""

    def __init__(self, request: Request, error: Exception) -> None:
        self.request = request
        self.error = error
        self.incident = ""

    def __str__(self) -> str:
        """Name the request for the log; `ascii` keeps control characters out of its lines."""
        return f"{self.request.method} {ascii(self.request.raw_path)[1:-1][:500]}"


def _next(
    error: Exception, scopes: Sequence[ErrorHandlers], used: Sequence[ErrorHandler]
) -> ErrorHandler | None:
    return next((h for scope in scopes for h in scope.candidates(error) if h not in used), None)


async def _ask(handler: ErrorHandler, failure: _Failure) -> Response | Exception | None:
    try:
        answer = handler.handle(failure.request, failure.error)
        if inspect.isawaitable(answer):
            answer = await answer
    except Exception as raised:
        if raised is failure.error:
            return None
        if isinstance(raised, HTTPError):
            return raised
        raise
    if answer is None or isinstance(answer, Response):
        return answer
    return _response_of(answer, getattr(failure.error, "status", 500))


def _response_of(value: Any, status: int) -> Response:
    """Return text or JSON, or `value, status` and perhaps header fields, as a response."""
    headers: Any = None
    if isinstance(value, tuple) and len(value) in {2, 3} and isinstance(value[1], int):
        status, headers = value[1], value[2] if len(value) == 3 else None
        value = value[0]
    make = Response if isinstance(value, str | bytes) else JSON
    return make(value, status, headers)


def unwanted_exit(error: SystemExit) -> RuntimeError:
    """The error of code that ends the process while others are being served: `sys.exit()`."""
    problem = RuntimeError(f"the code of a request raised {error!r}")
    problem.__cause__ = error
    return problem


def _new_incident() -> str:
    return os.urandom(8).hex()


def _plain_500(incident: str) -> Response:
    body = '{"type":"about:blank","title":"Internal Server Error","status":500,"incident":"%s"}'
    return Response(body % incident, 500, {"cache-control": "no-store"}, "application/problem+json")


def render_error(request: Request, error: HTTPError, incident: str = "") -> Response:
    """Return an RFC 9457 problem document, or a page where `Accept` prefers HTML.

    Of a 5xx only the status, its phrase and the headers are shown.
    """
    shown = HTTPError(status=error.status) if error.status >= 500 else error
    if prefers_page(", ".join(request.headers.get_all("accept"))):
        from gambrel.error_page import page_of  # noqa: PLC0415 - start-up: pages

        faults = shown.faults if isinstance(shown, Unprocessable) else ()
        body, own = page_of(shown.status, shown.title, shown.detail, faults, incident)
        media_type = "text/html"
    else:
        document = {**problem(shown), "incident": incident}
        body = msgspec.json.encode({k: v for k, v in document.items() if v != ""})
        media_type, own = "application/problem+json", {}
    response = Response(body, shown.status, {**error.headers, **own}, media_type)
    response.headers.setdefault("cache-control", "no-store")
    if "accept" not in error.headers.get("vary", "").split(", "):
        response.headers.add("vary", "accept")
    return response


def prefers_page(accept: str) -> bool:
    """Tell whether an `Accept` value prefers HTML to JSON (RFC 9110 §12.5.1)."""
    from gambrel.core.http.fields.negotiation import best_match  # noqa: PLC0415 - start-up: errors

    offers = ("application/problem+json", "application/json", "text/html")
    try:
        return best_match(accept, offers) == "text/html"
    except BadRequest:  # an error must be answered even to who asks for it in a malformed way
        return False
