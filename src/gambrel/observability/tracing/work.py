"""`WorkTraces`: a span for work that a battery has done at others: a statement of a database.

It hears of the work by the Point `WORK`, when that has ended.
"""

from time import time_ns
from typing import Any

from opentelemetry import trace
from opentelemetry.context import get_current
from opentelemetry.trace import SpanKind, Status, StatusCode

from gambrel.observability.tracing.attributes import type_of
from gambrel.telemetry import Describe

__all__ = ["WorkTraces"]


class WorkTraces:
    """Makes spans with the tracer of a provider, below a span that is recorded and nowhere else."""

    def __init__(self) -> None:
        self.tracer: Any = None

    def use(self, provider: Any) -> None:
        """Take the tracer of a provider, from now on."""
        self.tracer = provider.get_tracer("gambrel.work")

    def hear(self, describe: Describe, seconds: float, error: BaseException | None) -> None:
        """Make the span of work that ends now; what is not sampled is not even described."""
        above = get_current()
        if self.tracer is None or not trace.get_current_span(above).is_recording():
            return
        ended = time_ns()
        name, attributes = describe()
        if error is not None:
            attributes = {"error.type": type_of(error), **attributes}
        began = ended - int(seconds * 1e9)
        span = self.tracer.start_span(name, above, SpanKind.CLIENT, attributes, start_time=began)
        if error is not None:
            span.set_status(Status(StatusCode.ERROR))
        span.end(ended)
