"""`RequestTraces`: the span of each request, from its entrance to the last byte of its answer."""

import asyncio
from collections.abc import Awaitable, Callable
from random import random
from time import perf_counter
from typing import Any

from opentelemetry import propagate, trace
from opentelemetry.context import Context, attach, get_current
from opentelemetry.trace import SpanContext, SpanKind, Status, StatusCode, TraceFlags

from gambrel.core.http.request import Request
from gambrel.core.http.response import Response
from gambrel.observability.tracing.attributes import (
    describe,
    describe_error,
    known_methods,
    name_of,
)
from gambrel.observability.tracing.sampling import ChosenIds, parse_traceparent, rule_of
from gambrel.observability.tracing.unsampled import UNSAMPLED, Unsampled

__all__ = ["RequestTraces", "Traced"]

CallNext = Callable[[Request], Awaitable[Response]]


class Traced:
    """The span of a request, kept with it; and what went wrong, if something did."""

    def __init__(self, span: trace.Span) -> None:
        self.span = span
        self.started = perf_counter()
        self.error = ""


class RequestTraces:
    """Makes spans with the tracer of a provider; `scrub` keeps secrets out of them."""

    def __init__(self, scrub: Callable[[str], str]) -> None:
        self.scrub = scrub
        self.methods = known_methods()
        self.unsampled = trace.set_span_in_context(Unsampled(self.context_of), Context())

    def use(self, provider: Any) -> None:
        """Take the tracer of a provider, from now on."""
        self.tracer: Any = provider.get_tracer("gambrel.server")
        self.rule = rule_of(getattr(provider, "sampler", None))
        if self.rule is not None:
            self.share = self.rule.share
            self.ids = self.tracer.id_generator = ChosenIds(provider.id_generator)
        fields = propagate.get_global_textmap().fields
        self.knows_parents = "traceparent" in fields
        self.others = sorted(fields - {"traceparent", "tracestate"})

    # Decide -------------------------------------------------------------------------------------

    def enter(self, request: Request) -> Any:
        """Decide about a request; return what ends its span, if it has one."""
        if self.rule is None or get_current():
            return self.enter_below(request)
        headers = request.headers
        if self not in headers.notes:  # where it is known that there is nothing of ours
            text = headers.first("traceparent")
            if text is not None:
                return self.enter_after(request, text)
            for name in self.others:
                if headers.first(name) is not None:
                    return self.begin(request, propagate.extract(headers, Context()))
            headers.notes[self] = True
        if random() >= self.share:  # noqa: S311 - chance need not be secret
            attach(self.unsampled)
            UNSAMPLED.set(request)
            return None
        self.ids.choose(self.rule.root)
        return self.begin(request, Context())

    def enter_after(self, request: Request, text: str) -> Any:
        """The same for a request that has come with the trace of its client."""
        parent = parse_traceparent(text) if self.knows_parents else None
        for name in self.others:
            if request.headers.first(name) is not None:
                parent = None
        if parent is not None and not self.rule.takes(*parent):  # type: ignore[union-attr]  # it is asked
            attach(self.unsampled)
            UNSAMPLED.set(request)
            return None
        return self.begin(request, propagate.extract(request.headers, Context()))

    def enter_below(self, request: Request) -> Any:
        """Begin below the span that is current, if there is one: of another framework, or ours."""
        above = get_current()
        if trace.get_current_span(above).get_span_context().is_valid:
            return self.begin(request, above)
        return self.begin(request, propagate.extract(request.headers, above))

    def context_of(self, request: Request) -> SpanContext:
        """Return the ids of a request that is not sampled: in its client's trace, or a new one."""
        above = trace.get_current_span(propagate.extract(request.headers, Context()))
        parent, span_id = above.get_span_context(), self.ids.generate_span_id()
        if not parent.is_valid:
            trace_id = self.ids.beyond(self.rule.root)  # type: ignore[union-attr]  # it was asked
            return SpanContext(trace_id, span_id, is_remote=False)
        flags = TraceFlags(parent.trace_flags & ~TraceFlags.SAMPLED)
        return SpanContext(parent.trace_id, span_id, False, flags, parent.trace_state)

    # Record -------------------------------------------------------------------------------------

    def begin(self, request: Request, above: Context) -> Any:
        """Begin a span, and make it the current one; the sampler may still say no."""
        method = "GET" if request.method == "WEBSOCKET" else request.method
        method = method if method in self.methods else "_OTHER"
        name, route = name_of(request, method)
        attributes = describe(request, method, route, self.scrub)
        span = self.tracer.start_span(name, above, SpanKind.SERVER, attributes)
        attach(trace.set_span_in_context(span, above))
        if not span.is_recording():
            return None
        request.state[Traced] = Traced(span)
        return self.follow

    async def follow(self, request: Request, call_next: CallNext) -> Response:
        """The middleware of a request with a span: ends it after the answer."""
        traced = request.state[Traced]
        try:
            response: Any = await call_next(request)
        except asyncio.CancelledError:
            self.cancelled(request, traced)
            raise
        except BaseException as error:  # that nobody answers: the process ends, or the coroutine
            traced.span.set_attribute("error.type", traced.error or type(error).__name__)
            traced.span.set_status(Status(StatusCode.ERROR))
            traced.span.end()
            raise
        self.answered(traced, response.status)
        span = traced.span
        if response.opens:
            response.session.task.add_done_callback(lambda _: span.end())
        elif isinstance(response.body, bytes):
            span.end()
        else:
            response.on_close(span.end)
        return response  # type: ignore[no-any-return]  # a socket's has more than a response

    def answered(self, traced: Traced, status: int) -> None:
        """Note the status; one of 500 and up is an error."""
        traced.span.set_attribute("http.response.status_code", status)
        if status >= 500:
            traced.span.set_attribute("error.type", traced.error or str(status))
            traced.span.set_status(Status(StatusCode.ERROR))

    def cancelled(self, request: Request, traced: Traced) -> None:
        """End the span of a request that is past its deadline, or whose client has left."""
        deadline = request.endpoint.limits.deadline
        is_late = deadline is not None and perf_counter() - traced.started >= deadline
        traced.error = "timeout" if is_late else "cancelled"
        if is_late:
            self.answered(traced, 503)
        else:
            traced.span.set_attribute("error.type", traced.error)
        traced.span.end()

    def ids_of(self, request: Request) -> tuple[str, str]:
        """Return trace and span of a request that is sampled, or whose ids somebody has asked for.

        All others would pay for ids that stand in the access log and nowhere else.
        """
        state = request.__dict__.get("state")  # which is made when it is first asked for
        if state is None:
            return "", ""
        if Traced in state:
            found = state[Traced].span.get_span_context()
        elif SpanContext in state:
            found = state[SpanContext]
        else:
            return "", ""
        return f"{found.trace_id:032x}", f"{found.span_id:016x}"

    def record(self, event: Any) -> None:
        """Note an error that nobody has handled in the span of its request."""
        if Traced in event.request.state:
            traced = event.request.state[Traced]
            told = describe_error(event.error, self.scrub)
            traced.error = told["exception.type"]
            traced.span.add_event("exception", told)
