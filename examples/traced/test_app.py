from collections.abc import Iterator

import pytest
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from traced.app import make_shop
from traced.stock import make_stock

from gambrel.testing import Client, LiveServer

spans = InMemorySpanExporter()


@pytest.fixture
def client() -> Iterator[Client]:
    spans.clear()
    provider = TracerProvider(shutdown_on_exit=False)
    provider.add_span_processor(SimpleSpanProcessor(spans))
    with (
        LiveServer(make_stock(provider)) as stock,
        Client(make_shop(stock.url, provider)) as client,
    ):
        yield client


def ids(span: ReadableSpan) -> tuple[int, int]:
    assert span.context is not None
    return span.context.trace_id, span.context.span_id


def test_both_services_are_in_one_trace(client):
    assert client.post("/orders/nails").json() == {"name": "nails", "left": 120}

    found = {span.name: span for span in spans.get_finished_spans()}
    order, call, item = found["POST /orders/{name}"], found["GET"], found["GET /items/{name}"]
    assert order.parent is None
    assert call.parent is not None
    assert item.parent is not None
    assert (call.parent.trace_id, call.parent.span_id) == ids(order)
    assert (item.parent.trace_id, item.parent.span_id) == ids(call)


@pytest.mark.parametrize(("name", "status"), [("hammers", 409), ("screws", 404)])
def test_what_cannot_be_ordered(client, name, status):
    assert client.post(f"/orders/{name}").status_code == status
