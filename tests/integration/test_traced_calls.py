"""The HTTP client and tracing, which do not know each other: spans of what an app asks others."""

import asyncio
from typing import Any

import httpx2
import pytest
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.sampling import ParentBased, TraceIdRatioBased
from opentelemetry.trace import SpanKind, StatusCode

from gambrel import App, Request
from gambrel.client import HTTP, HTTPClient, SyncHTTPClient
from gambrel.client.transport import Manners
from gambrel.extend import OUTGOING
from gambrel.observability.tracing import Tracing
from gambrel.testing import Client, LiveServer
from tests.client.answering import answering
from tests.observability.tracing.spans import PARENT, TRACE, Spans
from tests.server.live import run

CLIENT = f"00-{TRACE}-{PARENT}-01"


def calls(spans: Spans) -> list[ReadableSpan]:
    """Return the spans of requests that were made of others."""
    return [span for span in spans.all() if span.kind is SpanKind.CLIENT]


def served(spans: Spans) -> list[ReadableSpan]:
    return [span for span in spans.all() if span.kind is SpanKind.SERVER]


def ids(span: ReadableSpan) -> tuple[int, int]:
    assert span.context is not None
    return span.context.trace_id, span.context.span_id


def asking(*extensions: Any) -> App:
    """Return an app that asks another one: whatever URL it is told."""
    app = App(extensions=extensions)

    @app.get("/ask")
    async def ask(http: HTTPClient, url: str) -> str:
        try:
            return (await http.get(url, follow_redirects=True)).text
        except httpx2.HTTPError as error:
            return type(error).__name__

    return app


def other(*extensions: Any) -> App:
    """Return an app that tells what it is told of the one that asks."""
    app = App(extensions=extensions, defaults=())

    @app.get("/")
    async def told(request: Request) -> str:
        first = request.headers.first
        return f"{first('x-request-id') and 'id'} {first('traceparent')}"

    return app


def ask(app: App, url: str, **headers: str) -> str:
    with Client(app, headers=headers) as client:
        return client.get("/ask", params={"url": url}).text


def test_an_attempt_is_a_span_in_the_words_of_the_conventions():
    spans = Spans()
    app = asking(Tracing(provider=spans.provider), HTTP())

    with LiveServer(other()) as live:
        ask(app, f"{live.url}/?page=2&token=abcdef#top")

    [span], [above] = calls(spans), served(spans)
    assert span.name == "GET"
    assert span.status.status_code is StatusCode.UNSET
    assert span.parent is not None
    assert (span.parent.trace_id, span.parent.span_id) == ids(above)
    assert dict(span.attributes or {}) == {
        "http.request.method": "GET",
        "http.response.status_code": 200,
        "server.address": "127.0.0.1",
        "server.port": live.port,
        "url.full": f"{live.url}/?page=2&token=[hidden]",
    }


def test_the_callee_goes_on_below_the_span_of_the_attempt():
    spans = Spans()
    app = asking(Tracing(provider=spans.provider), HTTP(own_hosts=["127.0.0.1"]))

    with LiveServer(other(Tracing(provider=spans.provider))) as live:
        told = ask(app, live.url, traceparent=CLIENT)

    [call] = calls(spans)
    [theirs] = [one for one in served(spans) if one.name == "GET /"]
    trace_id, span_id = ids(call)
    assert told == f"id 00-{TRACE}-{span_id:016x}-01"
    assert f"{trace_id:032x}" == TRACE
    assert theirs.parent is not None
    assert (theirs.parent.trace_id, theirs.parent.span_id) == (trace_id, span_id)


def test_other_hosts_are_not_told():
    spans = Spans()

    with LiveServer(other()) as live:
        told = ask(asking(Tracing(provider=spans.provider), HTTP()), live.url, traceparent=CLIENT)

    assert told == "None None"
    assert len(calls(spans)) == 1


def test_what_is_not_sampled_passes_its_own_ids_on_and_has_no_span():
    spans = Spans(ParentBased(TraceIdRatioBased(0.0)))
    app = asking(Tracing(provider=spans.provider), HTTP(own_hosts=["127.0.0.1"]))

    with LiveServer(other()) as live:
        told = ask(app, live.url, traceparent=f"00-{TRACE}-{PARENT}-00")

    assert told.startswith(f"id 00-{TRACE}-")
    assert told.endswith("-00")
    assert PARENT not in told
    assert spans.all() == []


def test_without_tracing_the_trace_of_the_client_is_passed_on_as_it_came():
    with LiveServer(other()) as live:
        told = ask(asking(HTTP(own_hosts=["127.0.0.1"])), live.url, traceparent=CLIENT)

    assert told == f"id {CLIENT}"


@pytest.mark.parametrize("is_own", [True, False])
def test_a_redirect_to_another_host_takes_nothing_of_ours_along(is_own):
    spans = Spans()
    hosts = ["localhost", "127.0.0.1"] if is_own else ["localhost"]
    app = asking(Tracing(provider=spans.provider), HTTP(own_hosts=hosts))

    async def main(target: str) -> str:
        head = f"HTTP/1.1 302 Found\r\nLocation: {target}\r\nContent-Length: 0\r\n\r\n"
        async with answering(head.encode()) as url:
            return await asyncio.to_thread(ask, app, url.replace("127.0.0.1", "localhost"))

    with LiveServer(other()) as live:
        told = run(main(live.url))

    first, second = calls(spans)
    assert ids(first) != ids(second)
    trace_id, span_id = ids(second)
    assert told.startswith(f"id 00-{trace_id:032x}-{span_id:016x}-" if is_own else "None None")


def retried(spans: Spans, outcomes: list[Any], **options: Any) -> Any:
    """Ask where the attempts have these outcomes, within a client that is traced."""
    app = App(extensions=[Tracing(provider=spans.provider), HTTP()])
    coming = iter(outcomes)

    async def answer(_: httpx2.Request) -> httpx2.Response:
        outcome = next(coming)
        if isinstance(outcome, Exception):
            raise outcome
        if outcome is None:
            await asyncio.Event().wait()
        return httpx2.Response(outcome, headers={"retry-after": "0"})

    async def main() -> Any:
        async with app.running():
            hearers = app.declarations.values(OUTGOING)
            wire = httpx2.MockTransport(answer)
            manners = Manners(hearers=hearers)
            async with HTTPClient(transport=wire, manners=manners, **options) as client:
                try:
                    return (await client.get("http://stock.example/")).status_code
                except httpx2.HTTPError as error:
                    return type(error)

    return run(main())


def test_each_attempt_has_a_span_and_those_after_the_first_are_counted():
    spans = Spans()

    assert retried(spans, [503, httpx2.ReadError("broken"), 200]) == 200

    told = [dict(span.attributes or {}) for span in calls(spans)]
    assert [one.get("http.request.resend_count") for one in told] == [None, 1, 2]
    assert [one.get("http.response.status_code") for one in told] == [503, None, 200]
    assert [one.get("error.type") for one in told] == ["503", "httpx2.ReadError", None]


def test_an_answer_that_does_not_come_in_time_is_an_error():
    spans = Spans()

    assert retried(spans, [None], total=0.05) is httpx2.ReadTimeout

    assert spans.told()["error.type"] == "timeout"
    assert spans.one().status.status_code is StatusCode.ERROR


def test_a_sync_client_has_spans_and_time_outs_too():
    spans = Spans()
    app = App(extensions=[Tracing(provider=spans.provider), HTTP(total=0.2)])

    @app.get("/ask")
    def ask_in_thread(http: SyncHTTPClient, url: str) -> str:
        return http.get(url).text

    async def silent(reader: asyncio.StreamReader, _: asyncio.StreamWriter) -> None:
        await reader.read()

    async def main() -> None:
        async with answering(silent) as url:
            await asyncio.to_thread(ask, app, url)

    with LiveServer(other()) as live:
        ask(app, live.url)
    first, above = calls(spans)[0], served(spans)[0]
    spans.exporter.clear()
    run(main())

    assert first.parent is not None
    assert (first.parent.trace_id, first.parent.span_id) == ids(above)
    [late] = calls(spans)
    assert dict(late.attributes or {})["error.type"] == "timeout"
