"""`OutgoingTraces`: a span for every attempt of a request that the app makes of others.

It follows the semantic conventions for HTTP clients. Whoever asks tells by the Point `OUTGOING`.
"""

from asyncio import CancelledError
from collections.abc import Callable
from typing import Any

from opentelemetry import propagate, trace
from opentelemetry.context import get_current
from opentelemetry.trace import SpanKind, Status, StatusCode

from gambrel.observability.records import shorten
from gambrel.observability.tracing.attributes import describe_url, known_methods, type_of
from gambrel.observability.tracing.unsampled import Unsampled

__all__ = ["OutgoingTraces"]

End = Callable[[int, BaseException | None], None]


class OutgoingTraces:
    """Makes spans with the tracer of a provider; `scrub` keeps secrets out of them."""

    def __init__(self, scrub: Callable[[str], str]) -> None:
        self.scrub = scrub
        self.methods = known_methods()
        self.tracer: Any = None

    def use(self, provider: Any) -> None:
        """Take the tracer of a provider, from now on."""
        self.tracer = provider.get_tracer("gambrel.client")

    def begin(
        self, method: str, url: str, headers: dict[str, str] | None, resends: int
    ) -> End | None:
        """Begin a span below the current one, and have `headers` name it; return what ends it.

        What is not sampled has none, and passes on the ids of the request it is made for.
        """
        above = get_current()
        if self.tracer is None:
            return None
        if isinstance(trace.get_current_span(above), Unsampled):
            self.tell(headers, above)
            return None
        known = method if method in self.methods else "_OTHER"
        told = {"http.request.method": known, **describe_url(url, self.scrub)}
        if known == "_OTHER":
            told["http.request.method_original"] = shorten(method, 32)
        if resends:
            told["http.request.resend_count"] = resends
        name = "HTTP" if known == "_OTHER" else known
        span = self.tracer.start_span(name, above, SpanKind.CLIENT, told)
        self.tell(headers, trace.set_span_in_context(span, above))
        return ending(span) if span.is_recording() else None

    def tell(self, headers: dict[str, str] | None, context: Any) -> None:
        """Put the ids of a span in headers, instead of those that were passed on as they came."""
        if headers is not None:
            for field in propagate.get_global_textmap().fields:
                headers.pop(field, None)
            propagate.inject(headers, context)


def name_of(error: BaseException) -> str:
    """Return what an error is called: two that are of no library have names of their own."""
    if isinstance(error, CancelledError):
        return "cancelled"
    return "timeout" if type(error) is TimeoutError else type_of(error)


def ending(span: trace.Span) -> End:
    """Return what ends a span: for a client, every status of 400 and up is an error."""

    def end(status: int, error: BaseException | None) -> None:
        if status:
            span.set_attribute("http.response.status_code", status)
        if error is not None or status >= 400:
            span.set_attribute("error.type", str(status) if error is None else name_of(error))
            if not isinstance(error, CancelledError):  # by somebody who wants no answer any more
                span.set_status(Status(StatusCode.ERROR))
        span.end()

    return end
