"""What `test_extension` does not see from outside: other samplers, sockets, who gives up."""

import asyncio
from contextlib import suppress

import pytest
from opentelemetry.sdk.trace.sampling import Decision, Sampler, SamplingResult
from opentelemetry.trace import StatusCode

from gambrel import App, GambrelError, WebSocket
from gambrel.observability.tracing import Tracing
from gambrel.testing import Client, make_request
from tests.observability.tracing.spans import PARENT, TRACE, Spans, by_native, current
from tests.server.live import run, serving, until


class Own(Sampler):
    """A sampler of somebody's own: it has to be asked."""

    def should_sample(self, *given, **more):
        return SamplingResult(Decision.DROP)

    def get_description(self):
        return "AlwaysOnSampler"


def app_with(spans: Spans) -> App:
    app = App(extensions=[Tracing(provider=spans.provider)])

    @app.get("/")
    async def home() -> str:
        return current()

    return app


def test_a_sampler_of_ones_own_is_asked():
    spans = Spans(Own())

    [(status, text)] = by_native(app_with(spans), ("/", {"traceparent": f"00-{TRACE}-{PARENT}-01"}))

    assert (status, text[:32]) == (200, TRACE)
    assert spans.all() == []


def test_a_client_that_leaves_is_told_in_the_span():
    spans = Spans()
    app, entered = app_with(spans), asyncio.Event()

    @app.get("/long")
    async def long() -> str:
        entered.set()
        await asyncio.Event().wait()
        return ""

    async def main() -> None:
        async with serving(app) as live:
            async with await live.connect() as client:
                await client.send(b"GET /long HTTP/1.1\r\nHost: localhost\r\n\r\n")
                await entered.wait()
            await until(spans.all)

    run(main())
    assert spans.told()["error.type"] == "cancelled"
    assert spans.one().status.status_code is StatusCode.UNSET


def test_a_request_past_its_deadline_is_an_error():
    spans = Spans()
    app = app_with(spans)

    @app.get("/slow", deadline=0.05)
    async def slow() -> str:
        await asyncio.Event().wait()
        return ""

    [(status, _)] = by_native(app, ("/slow", {}))

    told = spans.told()
    assert (status, told["http.response.status_code"]) == (503, 503)
    assert told["error.type"] == "timeout"


@pytest.mark.parametrize("kind", [KeyboardInterrupt, GeneratorExit])
@pytest.mark.parametrize("inline", [False, True])
def test_a_span_ends_whatever_a_handler_raises(kind, inline):
    spans = Spans()
    app = app_with(spans)

    async def raises() -> str:
        raise kind("stop")

    def raises_at_once() -> str:
        raise kind("stop")

    app.get("/raises", inline=inline)(raises_at_once if inline else raises)

    async def main() -> None:
        async with app.running():
            await app.respond(make_request("GET", "/raises", app=app))

    with suppress(kind):
        run(main())

    assert spans.told()["error.type"] == kind.__name__


def test_a_span_ends_with_a_request_that_is_given_up():
    spans = Spans()
    app, entered = app_with(spans), []

    @app.get("/long")
    async def long() -> str:
        entered.append(1)
        await asyncio.Event().wait()
        return ""

    async def main() -> None:
        async with app.running():
            request = make_request("GET", "/long", app=app)
            work = app.respond(request)
            work.send(None)
            work.close()

    run(main())

    assert entered == [1]
    assert spans.told()["error.type"] == "GeneratorExit"


def test_before_the_lifespan_no_request_is_entered():
    app = app_with(Spans())
    app.build()

    async def main() -> None:
        await app.respond(make_request("GET", "/", app=app))

    with pytest.raises(GambrelError, match="before the app was started"):
        run(main())


def test_the_span_of_a_socket_ends_with_it():
    spans = Spans()
    app, during = app_with(spans), []

    @app.websocket("/echo")
    async def echo(ws: WebSocket) -> None:
        async for message in ws:
            during.append(len(spans.all()))
            await ws.send(message)

    with Client(app) as client, client.websocket("/echo") as ws:
        ws.send("hi")
        assert ws.receive() == "hi"

    assert during == [0]
    assert spans.one().name == "GET /echo"
    assert spans.told()["http.response.status_code"] == 101
