import asyncio
import contextvars
from collections.abc import AsyncIterator
from typing import Any

import pytest

from gambrel.core.http.request import Request
from gambrel.core.http.response import Response, Stream, Text
from gambrel.middleware.asgi import ASGIAdapter
from gambrel.testing import make_request
from tests.middleware.chain import ask

VISITOR: contextvars.ContextVar[str] = contextvars.ContextVar("visitor", default="nobody")


class Plain:
    """Passes everything on."""

    def __init__(self, app: Any, **options: Any) -> None:
        self.app = app
        self.options = options

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        await self.app(scope, receive, send)


class Stamp(Plain):
    """Adds a header to the answer, as most ASGI middleware does."""

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        async def stamped(message: Any) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message["headers"], (b"x-stamp", self.options["value"])]
            await send(message)

        await self.app(scope, receive, stamped)


class Refuse(Plain):
    """Answers itself."""

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 401, "headers": [(b"a", b"b")]})
        await send({"type": "http.response.body", "body": b"who are you?"})


class Shout(Plain):
    """Changes the request: method, query, a header and the body."""

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        async def louder() -> Any:
            message = await receive()
            return {**message, "body": message["body"].upper()}

        headers = [*scope["headers"], (b"x-loud", b"1")]
        changed = {"method": "PUT", "query_string": b"a=1", "headers": headers, "user": "ann"}
        await self.app({**scope, **changed}, louder, send)


class Names(Plain):
    """Sets a context variable."""

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        VISITOR.set("ann")
        await self.app(scope, receive, send)


class Breaks(Plain):
    """Fails, before or after the handler."""

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if self.options["late"]:
            await self.app(scope, receive, send)
        raise RuntimeError("broken middleware")


async def read(response: Response) -> bytes:
    body: Any = response.body
    if isinstance(body, bytes):
        return body
    try:
        return b"".join([piece async for piece in body])
    finally:
        await response.close()


def exchange(adapter: ASGIAdapter, request: Request, answer: Any) -> tuple[Response, bytes]:
    """Return the answer and its body, read on the same loop."""

    async def run() -> tuple[Response, bytes]:
        async def call_next(request: Request) -> Response:
            return await answer(request) if callable(answer) else answer

        response = await adapter(request, call_next)
        body = await read(response)
        await response.close()
        return response, body

    return asyncio.run(run())


def test_the_answer_passes_through_the_middleware():
    answer = Text("hello", 201, {"x-own": "1"})

    response, body = exchange(ASGIAdapter(Stamp, value=b"7"), make_request(), answer)

    assert (response.status, body) == (201, b"hello")
    assert dict(response.headers) == {
        "x-own": "1",
        "content-type": "text/plain; charset=utf-8",
        "x-stamp": "7",
    }


def test_a_middleware_that_changes_nothing_hands_on_the_same_request():
    seen = []
    request = make_request("POST", body="data")

    async def remember(given: Request) -> Response:
        seen.append(given)
        return Text(await given.body())

    _, body = exchange(ASGIAdapter(Plain), request, remember)

    assert seen == [request]
    assert body == b"data"


def test_a_middleware_may_answer_itself():
    response, body = exchange(ASGIAdapter(Refuse), make_request(), Text("never"))

    assert (response.status, response.headers["a"], body) == (401, "b", b"who are you?")


def test_a_middleware_may_change_the_request():
    async def tell(request: Request) -> Response:
        body = await request.text()
        loud, user = request.headers["x-loud"], request.state.scope["user"]
        return Text(f"{request.method} {request.query['a']} {loud} {user} {body} ")

    request = make_request("POST", body="data")
    _, body = exchange(ASGIAdapter(Shout), request, tell)

    assert body.startswith(b"PUT 1 1 ann DATA ")


def test_what_is_kept_with_a_request_stays_with_a_changed_one():
    async def tell(request: Request) -> Response:
        return Text(f"{request.id} {request.state.plan} {request.params} {request.endpoint}")

    request = make_request("POST", body="data")
    request.state.plan, request.params, request.endpoint = "b", {"x": "1"}, None
    known = request.id

    _, body = exchange(ASGIAdapter(Shout), request, tell)

    assert body.decode() == f"{known} b {{'x': '1'}} None"


def test_context_variables_reach_the_handler():
    async def tell(_request: Request) -> Response:
        return Text(VISITOR.get())

    _, body = exchange(ASGIAdapter(Names), make_request(), tell)

    assert body == b"ann"


def test_a_stream_passes_piece_by_piece():
    order = []

    async def pieces() -> AsyncIterator[str]:
        for number in range(3):
            order.append(f"made {number}")
            yield str(number)

    async def run() -> None:
        async def call_next(_request: Request) -> Response:
            return Stream(pieces())

        response = await ASGIAdapter(Plain)(make_request(), call_next)
        body: Any = response.body
        async for piece in body:
            if piece:
                # A comprehension would hide the order in which both sides work.
                order.append(f"sent {piece.decode()}")  # noqa: PERF401
        await response.close()

    asyncio.run(run())

    assert order.index("sent 0") < order.index("made 2")
    assert order[-1] == "sent 2"


def test_a_stream_that_nobody_reads_to_its_end_is_stopped_and_closed():
    closed = []

    async def pieces() -> AsyncIterator[str]:
        try:
            while True:
                yield "more"
        finally:
            closed.append(True)

    async def run() -> None:
        async def call_next(_request: Request) -> Response:
            response = Stream(pieces())
            response.on_close(lambda: closed.append("callback"))
            return response

        response = await ASGIAdapter(Plain)(make_request(), call_next)
        body: Any = response.body
        assert await anext(body) == b"more"
        await response.close()

    asyncio.run(run())

    assert closed == [True, "callback"]


def test_callbacks_of_the_answer_run_when_the_outer_one_is_closed():
    closed = []
    answer = Text("a")
    answer.on_close(lambda: closed.append(True))

    async def run() -> None:
        async def call_next(_request: Request) -> Response:
            return answer

        response = await ASGIAdapter(Plain)(make_request(), call_next)
        assert closed == []
        await response.close()

    asyncio.run(run())

    assert closed == [True]


@pytest.mark.parametrize("factory", [Breaks, lambda _app, **_: silent])
def test_a_middleware_that_fails_or_says_nothing_is_an_error(factory):
    with pytest.raises(RuntimeError):
        ask(ASGIAdapter(factory, late=False), make_request())


async def silent(scope: Any, receive: Any, send: Any) -> None:
    """Return without an answer."""


def test_an_error_of_the_handler_passes_through():
    async def fail(_request: Request) -> Response:
        raise LookupError("handler")

    with pytest.raises(LookupError, match="handler"):
        ask(ASGIAdapter(Plain), make_request(), fail)


def test_arguments_and_options_reach_the_factory():
    seen = []

    def factory(app: Any, *arguments: Any, **options: Any) -> Any:
        seen.append((arguments, options))
        return app

    adapter = ASGIAdapter(factory, 1, two=2)
    ask(adapter, make_request())
    ask(adapter, make_request())

    assert seen == [((1,), {"two": 2})]
