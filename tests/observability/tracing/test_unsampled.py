from opentelemetry.trace import INVALID_SPAN_CONTEXT, SpanContext

from gambrel.observability.tracing.unsampled import UNSAMPLED, Unsampled
from gambrel.testing import make_request


def test_its_ids_are_made_once_for_each_request():
    made = []

    def make(request) -> SpanContext:
        made.append(request)
        return SpanContext(len(made), 1, is_remote=False)

    span, requests = Unsampled(make), [make_request("GET"), make_request("GET")]
    assert span.get_span_context() is INVALID_SPAN_CONTEXT
    for number, request in enumerate(requests, 1):
        token = UNSAMPLED.set(request)
        assert span.get_span_context().trace_id == number
        assert span.get_span_context().trace_id == number
        UNSAMPLED.reset(token)

    assert made == requests
    assert span.is_recording() is False
