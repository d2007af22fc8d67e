import asyncio
from contextvars import ContextVar
from typing import Annotated, Any

import pytest

from gambrel.core.app.app import App
from gambrel.core.app.setup import ENTRANCES
from gambrel.core.binding.markers import Depends
from gambrel.core.http.errors import NotFound
from gambrel.core.http.request import Request
from gambrel.core.http.response import Response, Stream, Text
from tests.core.harness import ask, entered, make_request, read

visitor: ContextVar[str] = ContextVar("visitor", default="nobody")


def greet(request: Request) -> None:
    visitor.set(request.raw_path)


def told() -> str:
    return visitor.get()


async def waits() -> str:
    await asyncio.sleep(0)
    return visitor.get()


async def at_once() -> str:
    return visitor.get()


def in_thread() -> str:
    return visitor.get()


async def depends(found: Annotated[str, Depends(told)]) -> str:
    return found


async def fails() -> str:
    raise LookupError


def fails_in_thread() -> str:
    raise LookupError


async def streams() -> Response:
    async def pieces() -> Any:
        yield visitor.get()

    return Stream(pieces())


def app_of(handler: Any = at_once, *entrances: Any, **options: Any) -> App:
    app = App()
    app.add("/hall", handler, ["GET", "POST"], **options)
    for entrance in entrances or (greet,):
        app.setup.add(ENTRANCES, entrance)

    @app.on_error(LookupError)
    async def lost(request: Request, error: LookupError) -> Response:
        return Text(visitor.get())

    @app.on_error(404)
    def missing(request: Request, error: NotFound) -> Response:
        return Text(visitor.get(), 404)

    return app


@pytest.mark.parametrize(
    "handler", [waits, at_once, in_thread, depends, fails, fails_in_thread, streams]
)
def test_what_an_entrance_sets_holds_for_all_that_is_done_for_the_request(handler):
    assert ask(app_of(handler), target="/hall").body == b"/hall"


def test_it_holds_on_the_loop_and_where_no_route_is_found():
    assert ask(app_of(in_thread, inline=True), target="/hall").body == b"/hall"
    assert ask(app_of(), target="/cellar").body == b"/cellar"


def test_it_ends_with_the_request():
    app = app_of()

    async def main() -> str:
        async with app.running():
            request = make_request(app, target="/hall")
            await read(await entered(request))
            await read(await app.request("GET", "/cellar", like=request))
            return visitor.get()

    assert asyncio.run(main()) == "nobody"


def test_nothing_is_left_for_a_request_that_begins_within_the_last_one():
    """As where one piece of data holds two: the next is found while the first is answered."""

    def first_only(request: Request) -> None:
        if request.raw_path == "/hall":
            visitor.set("first")

    app = app_of(at_once, first_only)
    app.add("/next", at_once, ["GET"])

    async def main() -> bytes:
        async with app.running():
            first, second = (make_request(app, target=path) for path in ("/hall", "/next"))
            first.connection.deliver = lambda *_: app.enter(second)
            app.enter(first)
            return (await read(await second.connection.answer)).body

    assert asyncio.run(main()) == b"nobody"


async def stamp(request: Request, call_next: Any) -> Response:
    response: Response = await call_next(request)
    response.headers["x-stamp"] = f"{response.status} {request.route.pattern}"
    return response


@pytest.mark.parametrize("handler", [waits, at_once, in_thread, fails, fails_in_thread])
def test_a_single_request_gets_a_middleware(handler):
    app = app_of(handler, lambda request: stamp if request.query_string else None)

    assert ask(app, target="/hall?stamp").header("x-stamp") == "200 /hall"
    assert ask(app, target="/hall").header("x-stamp") is None


def test_the_route_of_a_request_with_a_middleware_keeps_its_limits():
    async def echo(request: Request) -> bytes:
        return await request.body()

    app = app_of(echo, lambda _: stamp, max_body=3)

    assert ask(app, "POST", "/hall", body=b"abc").body == b"abc"
    assert ask(app, "POST", "/hall", body=b"abcd").status == 413


def test_an_endpoint_is_made_once_for_all_requests_with_a_middleware():
    """Observers keep what they count by endpoint: one for each request would fill the memory."""
    app = app_of(at_once, lambda _: stamp)

    async def main() -> int:
        async with app.running():
            endpoints = set()
            for _ in range(3):
                request = make_request(app, target="/hall")
                await read(await app.respond(request))
                endpoints.add(request.endpoint)
            return len(endpoints)

    assert asyncio.run(main()) == 1


def test_an_entrance_that_fails_is_logged_and_the_request_is_answered(caplog):
    def broken(request: Request) -> None:
        raise RuntimeError("no")

    answer = ask(app_of(at_once, broken, greet), target="/hall")

    assert answer.body == b"/hall"
    assert "the entrance" in caplog.text
