import asyncio
import json
import logging
from typing import Any, cast

import pytest

from gambrel.core.app.errors import (
    ErrorBoundary,
    ErrorHandler,
    ErrorHandlers,
    prefers_page,
    render_error,
)
from gambrel.core.app.events import ErrorReported, Events, Listener, RequestFailed
from gambrel.core.http.errors import (
    BadGateway,
    Fault,
    HTTPError,
    MethodNotAllowed,
    NotAcceptable,
    NotFound,
    ServiceUnavailable,
    Unprocessable,
)
from gambrel.core.http.headers import Headers
from gambrel.core.http.request import Connection, Request
from gambrel.core.http.response import Response, Text

BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"
SECRET = "postgresql://me:hunter2@db"


class PostMissing(LookupError):
    pass


def make_request(accept: str = "*/*", path: str = "/posts/1") -> Request:
    return Request("GET", path, "q=<x>", Headers([("accept", accept)]), cast("Connection", None))


def answer(
    error: BaseException,
    *handlers: ErrorHandler,
    accept: str = "*/*",
    scopes: tuple[ErrorHandlers, ...] = (),
    **options: Any,
) -> Response:
    boundary = ErrorBoundary(handlers, **options)
    return asyncio.run(boundary.respond(make_request(accept), error, scopes))


def text(response: Response) -> str:
    assert isinstance(response.body, bytes)
    return response.body.decode()


def document(response: Response) -> Any:
    assert response.headers["content-type"] == "application/problem+json"
    return json.loads(text(response))


def replying(body: str) -> Any:
    return lambda request, error: Text(body)


def test_an_http_error_is_a_problem_document() -> None:
    response = answer(NotFound("No such post.", hint="list"))

    assert response.status == 404
    assert document(response) == {
        "hint": "list",
        "type": "about:blank",
        "title": "Not Found",
        "status": 404,
        "detail": "No such post.",
    }
    assert response.headers["cache-control"] == "no-store"
    assert response.headers["vary"] == "accept"


def test_a_browser_gets_a_page() -> None:
    response = answer(NotFound("No such post."), accept=BROWSER)

    assert response.headers["content-type"] == "text/html; charset=utf-8"
    assert "<h1>Not Found</h1><p>No such post.</p>" in text(response)


def test_the_headers_of_an_error_are_sent() -> None:
    response = answer(MethodNotAllowed(allow=["GET", "HEAD"], headers={"cache-control": "public"}))

    assert response.headers["allow"] == "GET, HEAD"
    assert response.headers["cache-control"] == "public"


@pytest.mark.parametrize(
    ("varies", "expected"),
    [("accept", "accept"), ("accept-language", "accept-language, accept")],
)
def test_caches_are_told_once_that_errors_differ_by_what_is_accepted(varies, expected) -> None:
    response = answer(NotAcceptable(headers={"vary": varies}))

    assert ", ".join(response.headers.get_all("vary")) == expected


def test_faults_are_told_in_both_forms() -> None:
    error = Unprocessable(faults=[Fault("body", "items[0].qty", "must be 1 or more", "min")])

    assert document(answer(error))["errors"][0]["path"] == "items[0].qty"
    assert "items[0].qty: must be 1 or more" in text(answer(error, accept=BROWSER))


@pytest.mark.parametrize("accept", ["*/*", BROWSER])
def test_nothing_of_the_request_is_reflected(accept: str) -> None:
    response = render_error(make_request(accept, "/<script>"), NotFound())

    assert "script" not in text(response)
    assert "&lt;" not in text(response)


@pytest.mark.parametrize("accept", ["*/*", BROWSER])
def test_an_unknown_error_is_a_500_with_an_incident_and_one_log_entry(
    accept: str, caplog: pytest.LogCaptureFixture
) -> None:
    error = RuntimeError(SECRET)

    response = answer(error, accept=accept)

    [record] = caplog.records
    incident = record.getMessage().split()[0]
    assert response.status == 500
    assert incident in text(response)
    assert "hunter2" not in text(response) + str(response.headers.pairs())
    assert (record.name, record.levelno) == ("gambrel.errors", logging.ERROR)
    assert record.exc_info is not None
    assert record.exc_info[1] is error


@pytest.mark.parametrize("accept", ["*/*", BROWSER])
def test_of_a_5xx_only_status_and_headers_are_shown(
    accept: str, caplog: pytest.LogCaptureFixture
) -> None:
    error = ServiceUnavailable(SECRET, retry_after=3, title=SECRET, type=SECRET, dsn=SECRET)

    response = answer(error, accept=accept)

    [record] = caplog.records
    assert (response.status, response.headers["retry-after"]) == (503, "3")
    assert "hunter2" not in text(response)
    assert record.levelno == logging.WARNING
    assert record.exc_info is None


def test_a_client_error_is_not_logged(caplog: pytest.LogCaptureFixture) -> None:
    answer(NotFound())

    assert caplog.records == []


def test_control_characters_of_a_path_stay_out_of_the_log(
    caplog: pytest.LogCaptureFixture,
) -> None:
    boundary = ErrorBoundary()

    asyncio.run(boundary.respond(make_request(path="/a\nroot: ok\x1b[0m"), RuntimeError()))

    assert caplog.records[0].getMessage().endswith("GET /a\\nroot: ok\\x1b[0m")


def test_the_handler_of_the_nearest_type_answers() -> None:
    handlers = [
        ErrorHandler(Exception, replying("any")),
        ErrorHandler(LookupError, replying("lookup")),
    ]

    assert text(answer(PostMissing(), *handlers)) == "lookup"
    assert text(answer(NotFound(), ErrorHandler(HTTPError, replying("http")))) == "http"


def test_a_status_is_nearer_than_http_error_and_farther_than_its_class() -> None:
    by_status = ErrorHandler(404, replying("status"))

    assert (
        text(answer(NotFound(), by_status, ErrorHandler(HTTPError, replying("http")))) == "status"
    )
    assert text(answer(NotFound(), by_status, ErrorHandler(NotFound, replying("class")))) == "class"


def test_a_group_answers_before_the_app_whatever_is_nearer() -> None:
    inner = ErrorHandlers([ErrorHandler(Exception, replying("inner"))])
    outer = ErrorHandlers([ErrorHandler(LookupError, replying("outer"))])
    app = ErrorHandler(PostMissing, replying("app"))

    assert text(answer(PostMissing(), app, scopes=(inner, outer))) == "inner"
    assert text(answer(PostMissing(), app, scopes=(outer,))) == "outer"
    assert text(answer(PostMissing(), app, scopes=(ErrorHandlers(),))) == "app"


def test_an_async_handler_gets_the_request_and_the_error() -> None:
    async def handle(request: Request, error: PostMissing) -> Response:
        return Text(f"{request.method} {error}", 410)

    response = answer(PostMissing("7"), ErrorHandler(PostMissing, handle))

    assert (response.status, text(response)) == (410, "GET 7")


def test_a_handler_that_returns_nothing_leaves_it_to_the_next() -> None:
    handlers = [
        ErrorHandler(PostMissing, lambda request, error: None),
        ErrorHandler(LookupError, replying("next")),
    ]

    assert text(answer(PostMissing(), *handlers)) == "next"


def test_a_handler_may_raise_the_http_error_to_answer_with() -> None:
    def as_404(request: Request, error: PostMissing) -> Response:
        raise NotFound("No such post.") from error

    handler = ErrorHandler(PostMissing, as_404)

    assert document(answer(PostMissing(), handler))["detail"] == "No such post."
    page = ErrorHandler(404, replying("own page"))
    assert text(answer(PostMissing(), handler, page)) == "own page"


def test_a_handler_may_raise_its_error_again_to_decline() -> None:
    def decline(request: Request, error: Exception) -> Response:
        raise error

    assert answer(NotFound(), ErrorHandler(NotFound, decline)).status == 404


def test_handlers_that_raise_each_others_errors_come_to_an_end() -> None:
    def raise_404(request: Request, error: Exception) -> Response:
        raise NotFound

    def raise_502(request: Request, error: Exception) -> Response:
        raise BadGateway

    response = answer(NotFound(), ErrorHandler(404, raise_502), ErrorHandler(502, raise_404))

    assert response.status == 404


def test_a_failing_handler_falls_back_to_the_constant_500(
    caplog: pytest.LogCaptureFixture,
) -> None:
    def fail(request: Request, error: Exception) -> Response:
        raise RuntimeError(SECRET)

    response = answer(PostMissing(), ErrorHandler(PostMissing, fail), accept=BROWSER)

    [record] = caplog.records
    assert document(response) == {
        "type": "about:blank",
        "title": "Internal Server Error",
        "status": 500,
        "incident": record.getMessage().split()[0],
    }


@pytest.mark.parametrize(
    ("given", "status", "kind", "body"),
    [
        ("text", 404, "text/plain; charset=utf-8", "text"),
        ({"no": 1}, 404, "application/json", '{"no":1}'),
        (({"no": 1}, 410), 410, "application/json", '{"no":1}'),
        (("text", 410, {"x-a": "b"}), 410, "text/plain; charset=utf-8", "text"),
        (["a", 1], 404, "application/json", '["a",1]'),
    ],
)
def test_a_handler_returns_a_value_with_the_status_of_the_error_or_its_own(
    given: Any, status: int, kind: str, body: str
) -> None:
    response = answer(NotFound(), ErrorHandler(404, lambda request, error: given))

    assert (response.status, response.headers["content-type"]) == (status, kind)
    assert text(response) == body


def test_a_handler_that_returns_what_cannot_be_sent_is_a_failing_one(
    caplog: pytest.LogCaptureFixture,
) -> None:
    handler = ErrorHandler(PostMissing, lambda request, error: object())

    assert answer(PostMissing(), handler).status == 500
    assert caplog.records[0].exc_info is not None


@pytest.mark.parametrize("match", [Exception, 500])
def test_who_answers_everything_does_not_keep_it_from_being_reported(
    match: Any, caplog: pytest.LogCaptureFixture
) -> None:
    response = answer(RuntimeError(), ErrorHandler(match, replying("sorry")))

    assert text(response) == "sorry"
    assert len(caplog.records) == 1


def test_an_error_that_has_its_handler_is_not_reported(caplog: pytest.LogCaptureFixture) -> None:
    answer(PostMissing(), ErrorHandler(PostMissing, replying("gone")))

    assert caplog.records == []


def test_a_failed_request_is_announced_to_the_error_report_hook(
    caplog: pytest.LogCaptureFixture,
) -> None:
    heard: list[RequestFailed] = []
    error = RuntimeError()

    response = answer(error, events=Events([Listener(ErrorReported, heard.append)]))
    answer(NotFound(), events=Events([Listener(ErrorReported, heard.append)]))

    [event] = heard
    assert event.error is error
    assert event.incident == document(response)["incident"]
    assert event.place == "GET /posts/1"
    assert len(caplog.records) == 1


def test_a_group_of_one_error_is_that_error() -> None:
    error = ExceptionGroup("outer", [ExceptionGroup("inner", [NotFound()])])

    assert answer(error).status == 404


def test_a_group_of_several_is_unknown(caplog: pytest.LogCaptureFixture) -> None:
    assert answer(ExceptionGroup("two", [NotFound(), NotFound()])).status == 500
    assert len(caplog.records) == 1


@pytest.mark.parametrize(
    "error",
    [
        asyncio.CancelledError(),
        KeyboardInterrupt(),
        BaseExceptionGroup("one", [asyncio.CancelledError()]),
    ],
)
def test_a_cancellation_or_exit_passes_through(error: BaseException) -> None:
    async def scenario() -> None:
        with pytest.raises((asyncio.CancelledError, KeyboardInterrupt)):
            await ErrorBoundary().respond(make_request(), error)

    asyncio.run(scenario())


def test_the_debug_renderer_answers_unknown_errors_in_debug_only(
    caplog: pytest.LogCaptureFixture,
) -> None:
    def render(request: Request, error: Exception, incident: str) -> Response:
        return Text(f"{error!r} {incident}", 500)

    shown = answer(RuntimeError("why"), debug=True, renderer=render)

    assert text(shown).startswith("RuntimeError('why') ")
    assert "why" not in text(answer(RuntimeError("why"), debug=False, renderer=render))
    assert document(answer(NotFound(), debug=True, renderer=render))["status"] == 404
    assert len(caplog.records) == 2


@pytest.mark.parametrize("match", [500, Exception])
def test_the_debug_renderer_goes_before_handlers_of_what_is_unexpected(
    match: type[Exception] | int, caplog: pytest.LogCaptureFixture
) -> None:
    def render(request: Request, error: Exception, incident: str) -> Response:
        return Text(f"debug {incident}", 500)

    own = ErrorHandler(match, lambda request, error: Text("own", 500))

    assert text(answer(ValueError(), own, debug=True, renderer=render)).startswith("debug ")
    assert text(answer(ValueError(), own, debug=False, renderer=render)) == "own"
    assert text(answer(ValueError(), own, debug=True, renderer=lambda *_: None)) == "own"
    named = ErrorHandler(ValueError, lambda request, error: Text("named", 400))
    assert text(answer(ValueError(), named, debug=True, renderer=render)) == "named"
    assert len(caplog.records) == 3


def test_a_debug_renderer_may_decline_or_fail(caplog: pytest.LogCaptureFixture) -> None:
    def fail(request: Request, error: Exception, incident: str) -> Response:
        raise ZeroDivisionError

    declined = answer(RuntimeError(), debug=True, renderer=lambda request, error, incident: None)
    failed = answer(RuntimeError(), debug=True, renderer=fail)

    assert document(declined)["title"] == document(failed)["title"] == "Internal Server Error"
    assert "while answering" in caplog.records[-1].getMessage()


@pytest.mark.parametrize(
    ("accept", "expected"),
    [
        (BROWSER, True),
        ("text/html", True),
        ("text/html;q=0.5, application/json", False),
        ("*/*", False),
        ("", False),
        ("image/png", False),
        (", ".join(["text/html;q=0.1"] * 5000), False),
    ],
)
def test_a_page_is_for_who_prefers_it(accept: str, expected: bool) -> None:
    assert prefers_page(accept) is expected
