from time import time_ns
from typing import Any

from opentelemetry import trace
from opentelemetry.sdk.trace.sampling import ALWAYS_OFF
from opentelemetry.trace import SpanKind, StatusCode

from gambrel.observability.tracing.work import WorkTraces
from tests.observability.tracing.spans import Spans


def describe() -> tuple[str, dict[str, Any]]:
    return "SELECT hero", {"db.system.name": "sqlite"}


def refuse() -> tuple[str, dict[str, Any]]:
    raise AssertionError("nobody wants to know")


def heard(spans: Spans, *what: Any) -> None:
    traces = WorkTraces()
    traces.use(spans.provider)
    with spans.provider.get_tracer("test").start_as_current_span("above"):
        traces.hear(*what)


def test_work_is_a_span_below_the_current_one_that_ends_now():
    spans, before = Spans(), time_ns()

    heard(spans, describe, 0.25, None)

    work, above = spans.all()
    assert (work.name, work.kind) == ("SELECT hero", SpanKind.CLIENT)
    assert work.parent is not None
    assert above.context is not None
    assert work.parent.span_id == above.context.span_id
    assert work.start_time is not None
    assert work.end_time is not None
    assert work.end_time - work.start_time == 250_000_000
    assert before <= work.end_time <= time_ns()
    assert dict(work.attributes or {}) == {"db.system.name": "sqlite"}
    assert work.status.status_code is StatusCode.UNSET


def test_work_that_failed_is_an_error():
    spans = Spans()

    heard(spans, describe, 0.0, ValueError("hunter2"))

    work, _ = spans.all()
    assert work.status.status_code is StatusCode.ERROR
    assert (work.attributes or {})["error.type"] == "ValueError"
    assert "hunter2" not in str((work.attributes, work.events, work.status.description))


def test_what_is_not_sampled_is_not_described():
    heard(Spans(ALWAYS_OFF), refuse, 0.1, None)


def test_what_is_below_nothing_is_not_described():
    traces = WorkTraces()
    traces.hear(refuse, 0.1, None)
    traces.use(Spans().provider)
    traces.hear(refuse, 0.1, None)

    assert not trace.get_current_span().is_recording()
