"""The span of requests that are not sampled: one for all of them, which records nothing.

Its ids are those of the request it is asked in, made when somebody asks: to send them, or log them.
So such a request pays for two context variables and no more.
"""

from collections.abc import Callable
from contextvars import ContextVar

from opentelemetry.trace import INVALID_SPAN_CONTEXT, NonRecordingSpan, SpanContext

from gambrel.core.http.request import Request

__all__ = ["UNSAMPLED", "Unsampled"]

UNSAMPLED: ContextVar[Request | None] = ContextVar("gambrel.unsampled", default=None)
"""The request that is worked on, where it is not sampled."""


class Unsampled(NonRecordingSpan):
    """Asks `make(request)` for the ids of a request, once."""

    def __init__(self, make: Callable[[Request], SpanContext]) -> None:
        super().__init__(INVALID_SPAN_CONTEXT)
        self._make = make

    def get_span_context(self) -> SpanContext:
        """Return the ids of this request; none outside of one."""
        request = UNSAMPLED.get()
        if request is None:
            return INVALID_SPAN_CONTEXT
        if SpanContext not in request.state:
            request.state[SpanContext] = self._make(request)
        return request.state[SpanContext]

    def __repr__(self) -> str:
        return f"Unsampled({self.get_span_context()!r})"
