import asyncio
import threading
from collections.abc import Awaitable, Callable
from contextvars import ContextVar
from typing import Annotated, Any

import msgspec
import pytest

from gambrel.core.app.app import App
from gambrel.core.app.pipeline import fold
from gambrel.core.binding.markers import Depends
from gambrel.core.http.errors import ContentTooLarge, NotFound
from gambrel.core.http.request import Request
from gambrel.core.http.response import Response
from tests.core.harness import Answer, Pieces, ask, entered, make_request, read

person: ContextVar[str] = ContextVar("person", default="nobody")


class Item(msgspec.Struct):
    name: str


async def waits() -> str:
    await asyncio.sleep(0)
    return "waited"


async def at_once() -> str:
    return "at once"


def in_thread() -> str:
    return str(threading.current_thread() is threading.main_thread())


async def fails() -> str:
    raise NotFound("nothing here")


def fails_in_thread() -> str:
    raise NotFound("nothing here")


async def takes(item: Item) -> Item:
    return item


def takes_in_thread(item: Item) -> Item:
    return item


def app_of(handler: Callable[..., Any], **options: Any) -> App:
    app = App()
    app.add("/", handler, ["GET", "POST"], **options)
    return app


def run(app: App, use: Callable[[], Awaitable[Any]]) -> Any:
    async def main() -> Any:
        async with app.running():
            return await asyncio.wait_for(use(), 10)

    return asyncio.run(main())


# Both entries, every kind of handler ----------------------------------------------------------


@pytest.mark.parametrize(
    ("handler", "options", "body"),
    [
        (waits, {}, b"waited"),
        (at_once, {}, b"at once"),
        (in_thread, {}, b"False"),
        (in_thread, {"inline": True}, b"True"),
    ],
)
def test_every_kind_of_handler_is_answered_by_either_entry(handler, options, body):
    assert ask(app_of(handler, **options)).body == body


async def passes_on(request: Request, call_next: Any) -> Response:
    response = await call_next(request)
    response.headers["x-passed"] = str(response.status)
    return response


@pytest.mark.parametrize("handler", [waits, at_once, in_thread, fails, fails_in_thread])
def test_middleware_is_around_every_kind_of_handler_and_sees_a_response(handler):
    answer = ask(app_of(handler, middleware=[passes_on]))

    assert answer.header("x-passed") == str(answer.status)


@pytest.mark.parametrize("handler", [takes, takes_in_thread])
@pytest.mark.parametrize("middleware", [[], [passes_on]])
@pytest.mark.parametrize(
    ("pieces", "status"),
    [((b'{"name"', b':"a"}'), 200), ((b"{",), 400), ((b"{", ContentTooLarge("x")), 413)],
)
def test_a_body_on_its_way_is_read_first(handler, middleware, pieces, status):
    app = app_of(handler, middleware=middleware)
    headers = {"content-type": "application/json"}

    async def use() -> list[Answer]:
        return [
            await read(await way(make_request(app, "POST", "/", headers, body=Pieces(*pieces))))
            for way in (app.respond, entered)
        ]

    for answer in run(app, use):
        assert answer.status == status
        assert (answer.header("x-passed") is None) is (not middleware)


def test_a_limit_of_the_route_holds_for_the_body():
    app = app_of(takes, max_body=5)

    async def use() -> int:
        headers = {"content-type": "application/json"}
        body = Pieces(b'{"name"', b':"a"}')
        return (await app.respond(make_request(app, "POST", "/", headers, body=body))).status

    assert run(app, use) == 413


def test_no_body_at_all_may_be_allowed():
    app = app_of(takes, max_body=0)

    assert app.routes[0].endpoint.max_body == 0


# Middleware -----------------------------------------------------------------------------------


def test_the_first_middleware_is_the_outermost():
    log: list[str] = []

    def named(name: str) -> Any:
        async def middleware(request: Request, call_next: Any) -> Response:
            log.append(f"{name} in")
            response = await call_next(request)
            log.append(f"{name} out")
            return response

        return middleware

    async def handle(request: Request) -> Response:
        return Response("")

    async def failed(request: Request, error: BaseException) -> Response:
        raise AssertionError(error)

    asyncio.run(fold(handle, [named("a"), named("b")], failed)(None))

    assert log == ["a in", "b in", "b out", "a out"]


def test_an_error_in_middleware_is_a_response_for_the_one_around_it():
    async def breaks(request: Request, call_next: Any) -> Response:
        await call_next(request)
        raise NotFound("from middleware")

    answer = ask(app_of(waits, middleware=[passes_on, breaks]))

    assert (answer.status, answer.header("x-passed")) == (404, "404")


@pytest.mark.parametrize("given", [None, "text"])
def test_a_middleware_that_returns_no_response_is_named(given, caplog):
    async def careless(request: Request, call_next: Any) -> Any:
        await call_next(request)
        return given

    assert ask(app_of(waits, middleware=[careless])).status == 500
    assert "the middleware test_a_middleware_that_returns_no_response_is_named" in caplog.text
    assert "return await call_next(request)" in caplog.text


def test_what_async_middleware_sets_in_the_context_is_seen_by_handlers_in_threads():
    async def sign_in(request: Request, call_next: Any) -> Response:
        token = person.set("ann")
        try:
            return await call_next(request)
        finally:
            person.reset(token)

    def handle() -> str:
        before = person.get()
        person.set("bob")
        return before

    async def inner(request: Request, call_next: Any) -> Response:
        response = await call_next(request)
        response.headers["x-person"] = person.get()
        return response

    answer = ask(app_of(handle, middleware=[sign_in, inner]))

    assert (answer.body, answer.header("x-person")) == (b"ann", "ann")


def test_what_an_inline_handler_sets_in_the_context_ends_with_it():
    def handle() -> str:
        before = person.get()
        person.set("ann")
        return before

    app = app_of(handle, inline=True)

    async def use() -> list[bytes]:
        return [(await entered(make_request(app))).body for _ in range(2)]

    assert run(app, use) == [b"nobody", b"nobody"]


# Errors ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("handler", [fails, fails_in_thread, takes, takes_in_thread])
def test_error_handlers_of_the_group_answer_for_its_routes(handler):
    async def as_text(request: Request, error: Exception) -> Response:
        return Response("of the group", 404)

    app = app_of(handler, errors={404: as_text, 413: as_text})

    async def use() -> list[bytes]:
        headers = {"content-type": "application/json"}
        problem = ContentTooLarge("x")
        return [
            (await way(make_request(app, "POST", "/", headers, body=Pieces(problem)))).body
            for way in (app.respond, entered)
        ]

    assert run(app, use) == [b"of the group"] * 2


def test_a_cancellation_that_comes_from_inside_is_an_error_of_the_handler():
    async def cancels_itself() -> str:
        other = asyncio.get_running_loop().create_future()
        other.cancel()
        return await other

    async def cancels_itself_later() -> str:
        await asyncio.sleep(0)
        return await cancels_itself()

    async def raises() -> str:
        raise asyncio.CancelledError

    for handler in (cancels_itself, cancels_itself_later, raises):
        assert ask(app_of(handler)).status == 500


def test_a_request_that_is_cancelled_from_outside_ends_without_an_answer():
    async def forever() -> None:
        await asyncio.Event().wait()

    app = app_of(forever)

    async def use() -> None:
        request = make_request(app)
        app.enter(request)
        await asyncio.sleep(0)
        task = request.connection.task
        task.cancel()
        await asyncio.wait([task])
        await asyncio.sleep(0)
        assert not request.connection.answer.done()

        responding = asyncio.ensure_future(app.respond(make_request(app)))
        await asyncio.sleep(0)
        responding.cancel()
        with pytest.raises(asyncio.CancelledError):
            await responding

    run(app, use)


# Deadlines ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("options", "settings", "expected"),
    [
        ({}, {}, 30.0),
        ({"deadline": 2}, {}, 2),
        ({"deadline": 0}, {}, None),
        ({}, {"handler_timeout": 5}, 5),
        ({"deadline": 3}, {"handler_timeout": 5}, 3),
    ],
)
def test_a_deadline_is_that_of_the_route_or_of_the_app_and_zero_is_none(
    options, settings, expected
):
    app = App(**settings)
    app.add("/", waits, **options)

    assert app.routes[0].endpoint.limits.deadline == expected


def test_a_coroutine_past_its_deadline_is_cancelled_and_answered_503():
    log: list[str] = []

    async def forever() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            log.append("cancelled")

    app = app_of(forever, deadline=0.01)

    assert run(app, lambda: app.respond(make_request(app))).status == 503
    assert log == ["cancelled"]


def test_a_time_out_of_the_handlers_own_is_no_deadline():
    async def impatient() -> None:
        async with asyncio.timeout(0.001):
            await asyncio.Event().wait()

    app = app_of(impatient)

    assert run(app, lambda: app.respond(make_request(app))).status == 500


@pytest.mark.parametrize("has_dependency", [False, True])
def test_a_thread_past_its_deadline_is_answered_for_and_cleaned_up_after(has_dependency, caplog):
    gate, log = threading.Event(), []

    async def session():
        yield
        log.append("committed")

    def slow() -> str:
        gate.wait(10)
        log.append("thread")
        return ""

    def slow_with_session(_: Annotated[None, Depends(session)]) -> str:
        try:
            return slow()
        finally:
            log.append("after")

    app = app_of(slow_with_session if has_dependency else slow, deadline=0.01)

    async def use() -> int:
        response = await app.respond(make_request(app))
        assert log == []
        gate.set()
        return response.status

    assert run(app, use) == 503
    assert log == (["thread", "after"] if has_dependency else ["thread"])
    assert "GET '/' is past its deadline" in caplog.text


@pytest.mark.parametrize("fails", [False, True])
@pytest.mark.parametrize("options", [{}, {"middleware": [passes_on]}, {"dependencies": [at_once]}])
def test_an_answer_that_comes_too_late_is_closed(options, fails):
    gate, closed = threading.Event(), []

    def slow() -> Response:
        gate.wait(10)
        response = Response("late")
        response.on_close(lambda: closed.append("closed"))
        if fails:
            raise NotFound("late")
        return response

    app = app_of(slow, deadline=0.01, **options)

    async def use() -> int:
        response = await app.respond(make_request(app))
        gate.set()
        return response.status

    assert run(app, use) == 503
    assert closed == ([] if fails else ["closed"])


# Code that would end the process ---------------------------------------------------------------


async def exits() -> str:
    raise SystemExit(3)


async def exits_later() -> str:
    await asyncio.sleep(0)
    raise SystemExit(3)


def exits_in_thread() -> str:
    raise SystemExit(3)


def interrupts_in_thread() -> str:
    raise KeyboardInterrupt


def exiting_dependency() -> int:
    raise SystemExit(3)


async def depends(number: Annotated[int, Depends(exiting_dependency)]) -> int:
    return number


async def exits_around(request: Request, call_next: Any) -> Response:
    await call_next(request)
    raise SystemExit(3)


@pytest.mark.parametrize(
    ("handler", "options"),
    [
        (exits, {}),
        (exits_later, {}),
        (exits_in_thread, {}),
        (exits_in_thread, {"inline": True}),
        (exits_in_thread, {"middleware": [passes_on]}),
        (interrupts_in_thread, {}),
        (depends, {}),
        (waits, {"middleware": [exits_around]}),
    ],
)
def test_code_that_would_end_the_process_is_an_unknown_error_logged_once(handler, options, caplog):
    app = app_of(handler, **options)

    async def use() -> Answer:
        return await read(await entered(make_request(app)))

    assert run(app, use).status == 500
    assert len(caplog.records) == 1


def test_a_handler_for_all_errors_answers_an_exit():
    app = app_of(exits)
    app.on_error(Exception)(lambda request, error: Response("sorry", 500))

    assert ask(app).body == b"sorry"


@pytest.mark.parametrize("error", [KeyError("x"), SystemExit(3)])
def test_a_predicate_that_raises_is_an_unknown_error_behind_all_middleware(error, caplog):
    def broken(request: Request) -> bool:
        raise error

    app = App()
    app.middleware(passes_on)
    app.add("/", waits, ["GET"], when=(broken,))

    assert ask(app).header("x-passed") == "500"
    assert len(caplog.records) == 2  # one for each entry
