import asyncio
from collections.abc import Callable
from typing import Any

import pytest
from opentelemetry.trace import StatusCode

from gambrel.observability.scrub import Scrubber
from gambrel.observability.tracing.outgoing import OutgoingTraces
from tests.observability.tracing.spans import Spans

SCRUB = Scrubber(["s3cret-of-the-app"])


def begin(spans: Spans, url: str = "http://stock.example/", **options: Any) -> Callable[..., None]:
    traces = OutgoingTraces(SCRUB)
    traces.use(spans.provider)
    options = {"method": "GET", "headers": None, "resends": 0, **options}
    end = traces.begin(url=url, **options)
    assert end is not None
    return end


@pytest.mark.parametrize(
    ("url", "address", "port"),
    [
        ("http://stock.example/", "stock.example", 80),
        ("https://stock.example/", "stock.example", 443),
        ("wss://stock.example/feed", "stock.example", 443),
        ("https://[::1]:8443/", "::1", 8443),
    ],
)
def test_the_other_side_is_told_with_its_port(url, address, port):
    spans = Spans()

    begin(spans, url)(200, None)

    told = spans.told()
    assert told["url.full"] == url
    assert (told["server.address"], told["server.port"]) == (address, port)


@pytest.mark.parametrize(
    "url",
    [
        "https://me:hunter2@stock.example/",
        "https://hunter2@stock.example/",
        "https://stock.example/?token=hunter2",
        "https://stock.example/?a=1&to%6ben=hunter2",
        "https://stock.example/?X-Amz-Signature=hunter2",
        "https://stock.example/s3cret-of-the-app?sig=hunter2",
        "https://stock.example/s3cret%2Dof-the-app",
        "https://stock.example/#token=hunter2",
    ],
)
def test_no_secret_of_a_url_is_told(url):
    spans = Spans()

    begin(spans, url)(200, None)

    told = spans.told()["url.full"]
    assert told.startswith("https://")
    assert "stock.example/" in told
    assert "hunter2" not in told
    assert "s3cret" not in told


@pytest.mark.parametrize(
    ("status", "error", "kind"),
    [
        (404, None, "404"),
        (503, None, "503"),
        (0, ConnectionResetError(), "ConnectionResetError"),
        (0, TimeoutError(), "timeout"),
        (0, asyncio.IncompleteReadError(b"", 1), "asyncio.exceptions.IncompleteReadError"),
    ],
)
def test_an_attempt_that_fails_is_an_error(status, error, kind):
    spans = Spans()

    begin(spans)(status, error)

    told = spans.told()
    assert told["error.type"] == kind
    assert told.get("http.response.status_code", 0) == status
    assert spans.one().status.status_code is StatusCode.ERROR


def test_what_nobody_wants_any_more_is_no_error():
    spans = Spans()

    begin(spans)(0, asyncio.CancelledError())

    assert spans.told()["error.type"] == "cancelled"
    assert spans.one().status.status_code is StatusCode.UNSET


def test_a_method_of_nobody_is_told_beside_the_common_name():
    spans = Spans()

    begin(spans, method="BREW")(200, None)

    told = spans.told()
    assert spans.one().name == "HTTP"
    assert told["http.request.method"] == "_OTHER"
    assert told["http.request.method_original"] == "BREW"


def test_headers_name_the_span_and_none_that_came_before():
    spans = Spans()
    headers = {"x-request-id": "1", "traceparent": "of the client", "tracestate": "a=1"}

    begin(spans, headers=headers)(200, None)

    context = spans.one().context
    assert context is not None
    ids = f"{context.trace_id:032x}-{context.span_id:016x}"
    assert headers.pop("traceparent").startswith(f"00-{ids}-0")
    assert headers == {"x-request-id": "1"}


def test_before_the_app_runs_nothing_is_told():
    assert OutgoingTraces(SCRUB).begin("GET", "http://stock.example/", {}, 0) is None
