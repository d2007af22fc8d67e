import asyncio
import json
import threading
from collections.abc import AsyncIterator
from typing import Annotated, Any

import pytest
from opentelemetry.sdk.trace.sampling import ParentBased, TraceIdRatioBased
from opentelemetry.trace import SpanKind, StatusCode

from gambrel import App, Depends, GambrelError, NotFound, Path, Response, Stream
from gambrel.core.http.errors import ServiceUnavailable
from gambrel.observability import AccessLog
from gambrel.observability.tracing import Tracing
from tests.observability.tracing.spans import (
    PARENT,
    TRACE,
    Spans,
    by_asgi,
    by_native,
    current,
    id_of,
)

both = pytest.mark.parametrize("send", [by_native, by_asgi], ids=["native", "asgi"])


async def user(number: Annotated[int, Path(alias="id")]) -> str:
    if number == 0:
        raise NotFound
    return current()


async def waits() -> str:
    await asyncio.sleep(0)
    return current()


async def quiet() -> None: ...


def in_thread() -> str:
    assert threading.current_thread() is not threading.main_thread()
    return current()


async def depends(found: Annotated[str, Depends(current)]) -> str:
    return found


async def stream() -> Response:
    async def pieces() -> AsyncIterator[str]:
        yield current()
        await asyncio.sleep(0)
        yield f" {current()}"

    return Stream(pieces())


async def fails() -> str:
    raise LookupError("no order 7, password=hunter22")


def fails_in_thread() -> str:
    raise LookupError("no order 7, password=hunter22")


async def busy() -> str:
    raise ServiceUnavailable("later")


def shop(spans: Spans, **options: Any) -> App:
    app = App(extensions=[Tracing(provider=spans.provider, **options)])
    app.get("/users/{id}")(user)
    app.get("/waits")(waits)
    app.get("/thread")(in_thread)
    app.get("/depends")(depends)
    app.get("/stream")(stream)
    app.get("/fails")(fails)
    app.get("/fails/thread")(fails_in_thread)
    app.get("/busy")(busy)
    return app


@both
def test_a_request_is_a_span_in_the_words_of_the_conventions(send):
    spans = Spans()

    [(status, text)] = send(shop(spans), ("/users/7?page=2&token=abcdef", {"user-agent": "tests"}))

    span = spans.one()
    assert (status, text) == (200, id_of(span))
    assert (span.name, span.kind, span.parent) == ("GET /users/{id}", SpanKind.SERVER, None)
    assert span.status.status_code is StatusCode.UNSET
    told = spans.told()
    assert told.pop("server.address") in {"localhost", "testserver"}
    for varies in ("server.port", "network.peer.port"):
        told.pop(varies, None)
    assert told == {
        "http.request.method": "GET",
        "http.route": "/users/{id}",
        "http.response.status_code": 200,
        "url.path": "/users/7",
        "url.query": "page=2&token=[hidden]",
        "url.scheme": "http",
        "client.address": "127.0.0.1",
        "network.peer.address": "127.0.0.1",
        "network.protocol.version": "1.1",
        "user_agent.original": "tests",
    }


@both
@pytest.mark.parametrize("target", ["/users/1", "/waits", "/thread", "/depends"])
def test_handlers_threads_and_dependencies_see_the_span(send, target):
    spans = Spans()

    [(_, text)] = send(shop(spans), (target, {}))

    assert text == id_of(spans.one())


@both
def test_the_access_log_names_the_span(send, tmp_path):
    spans, file = Spans(ParentBased(TraceIdRatioBased(0.0))), tmp_path / "access.log"
    log = AccessLog(file=str(file), form="json")
    app = App(extensions=[log, Tracing(provider=spans.provider)])
    app.get("/current")(current)
    app.get("/quiet")(quiet)

    send(
        app,
        ("/current", {"traceparent": f"00-{TRACE}-{PARENT}-01"}),
        ("/current", {}),
        ("/quiet", {}),
    )

    sampled, asked, quietly = map(json.loads, file.read_text().splitlines())
    span_id = id_of(spans.one())[33:49]
    assert (sampled["trace_id"], sampled["span_id"]) == (TRACE, span_id)
    assert len(asked["trace_id"]) == 32
    assert asked["trace_id"] != TRACE
    assert "trace_id" not in quietly


@both
def test_a_stream_is_in_its_span_until_its_last_piece(send):
    spans = Spans()

    [(_, text)] = send(shop(spans), ("/stream", {}))

    assert text == " ".join([id_of(spans.one())] * 2)


@both
def test_the_trace_of_a_client_goes_on(send):
    spans = Spans()
    headers = {"traceparent": f"00-{TRACE}-{PARENT}-01", "tracestate": "a=1,b=2"}

    send(shop(spans), ("/users/1", headers))

    span = spans.one()
    assert span.parent is not None
    assert span.context is not None
    assert f"{span.context.trace_id:032x}" == TRACE
    assert f"{span.parent.span_id:016x}" == PARENT
    assert span.parent.is_remote
    assert span.context.trace_state.to_header() == "a=1,b=2"


@both
@pytest.mark.parametrize(
    ("target", "name", "status"),
    [
        ("/users/0", "GET /users/{id}", 404),
        ("/nowhere", "GET", 404),
        ("/users/x", "GET /users/{id}", 422),
    ],
)
def test_what_a_client_does_wrong_is_no_error(send, target, name, status):
    spans = Spans()

    send(shop(spans), (target, {}))

    span = spans.one()
    assert span.name == name
    assert spans.told()["http.response.status_code"] == status
    assert "error.type" not in spans.told()
    assert span.status.status_code is StatusCode.UNSET


@both
@pytest.mark.parametrize("target", ["/fails", "/fails/thread"])
def test_an_error_that_nobody_handles_is_recorded_without_secrets(send, target):
    spans = Spans()

    send(shop(spans), (target, {}))

    span = spans.one()
    assert span.status.status_code is StatusCode.ERROR
    assert spans.told()["error.type"] == "LookupError"
    assert spans.told()["http.response.status_code"] == 500
    [event] = span.events
    told = dict(event.attributes or {})
    assert event.name == "exception"
    assert told["exception.type"] == "LookupError"
    assert str(told["exception.message"]).startswith("no order 7")
    assert "test_extension.py" in str(told["exception.stacktrace"])
    assert "hunter22" not in str(told)


@both
def test_another_answer_of_500_and_up_is_an_error_by_its_status(send):
    spans = Spans()

    send(shop(spans), ("/busy", {}))

    assert spans.told()["error.type"] == "503"
    assert spans.one().status.status_code is StatusCode.ERROR
    assert spans.one().events == ()


# Sampling ---------------------------------------------------------------------------------------

NOBODY = ParentBased(TraceIdRatioBased(0.0))


@both
def test_who_is_not_sampled_has_a_trace_to_pass_on_and_no_span(send):
    spans = Spans(NOBODY)

    [(_, first), (_, second)] = send(shop(spans), ("/users/1", {}), ("/thread", {}))

    assert spans.all() == []
    assert first[-2:] == second[-2:] == "00"
    assert int(first[:32], 16)
    assert first[:32] != second[:32]


@both
def test_the_client_decides_about_its_own_trace(send):
    spans = Spans(NOBODY)

    [(_, told), _] = send(
        shop(spans),
        ("/users/1", {"traceparent": f"00-{TRACE}-{PARENT}-00"}),
        ("/users/2", {"traceparent": f"00-{TRACE}-{PARENT}-01"}),
    )

    assert told.startswith(TRACE)
    assert told[33:49] != PARENT
    assert told.endswith("-00")
    assert spans.told()["url.path"] == "/users/2"


def test_a_share_is_sampled_and_every_server_of_a_fleet_samples_the_same():
    spans = Spans(TraceIdRatioBased(0.5))
    app = shop(spans)

    told = [text for _, text in by_asgi(app, *[("/users/1", {})] * 64)]

    assert 0 < len(spans.all()) < 64
    for text in told:
        below = int(text[16:32], 16) < 1 << 63
        assert text.endswith("-01" if below else "-00")
    assert sorted(map(id_of, spans.all())) == sorted(t for t in told if t.endswith("01"))


def test_a_provider_and_a_share_besides_are_refused():
    with pytest.raises(GambrelError, match="sampler of its own") as caught:
        shop(Spans(), sample=0.5).build()

    assert caught.value.code == "tracing.two-samplers"


def test_tracing_is_turned_off_by_the_standard_variable(monkeypatch):
    monkeypatch.setenv("OTEL_SDK_DISABLED", "true")
    spans = Spans()

    [(status, _)] = by_asgi(shop(spans), ("/waits", {}))

    assert (status, spans.all()) == (200, [])
