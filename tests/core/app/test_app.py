import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest

from gambrel.checks import Problem
from gambrel.conversion.errors import GambrelError
from gambrel.core.app.app import App
from gambrel.core.app.events import AppStarted, AppStopping
from gambrel.core.app.setup import COMMANDS
from gambrel.core.http.errors import NotFound
from gambrel.core.http.request import Request
from gambrel.core.http.response import Response
from gambrel.core.routing.converters import Converter
from gambrel.core.routing.router import Router
from gambrel.core.routing.versioning import Versioning
from tests.core.harness import ask, make_request, read


async def hello() -> str:
    return "Hello"


def test_arguments_are_settings_or_options_of_every_route():
    async def refuse(request: Request, call_next: Any) -> Response:
        return Response("refused", 403)

    app = App(debug=True, middleware=[refuse], tags=["all"])
    app.add("/", hello)

    assert ask(app).status == 403
    assert app.settings.core.debug
    assert app.operations()[0].tags == ("all",)


def test_an_unknown_argument_is_refused_where_it_was_written():
    with pytest.raises(GambrelError) as caught:
        App(debgu=True).build()

    assert caught.value.code == "settings.invalid"
    assert "test_app.py" in caught.value.where


def test_decorators_declare_and_give_the_function_back():
    app = App()

    @app.get("/")
    async def fails() -> None:
        raise KeyError("x")

    @app.middleware
    async def mark(request: Request, call_next: Any) -> Response:
        response = await call_next(request)
        response.headers["x-mark"] = "yes"
        return response

    @app.on_error(KeyError)
    async def as_text(request: Request, error: KeyError) -> Response:
        return Response("handled", 418)

    answer = ask(app)

    assert (answer.status, answer.body, answer.header("x-mark")) == (418, b"handled", "yes")
    assert all(callable(function) for function in (fails, mark, as_text))


def test_commands_and_checks_are_declared_on_the_app():
    app = App()

    @app.command
    def import_posts() -> None: ...

    @app.check
    def check_it(app: App) -> list[Problem]:
        return [Problem("mine.W1", "something", "do this")]

    assert [entry.name for entry in app.declarations.values(COMMANDS)] == ["import-posts"]
    assert "mine.W1" in [problem.id for problem in app.problems()]


# Life -----------------------------------------------------------------------------------------


def test_an_app_opens_and_closes_in_order_and_may_run_again():
    log: list[str] = []
    app = App()
    app.add("/", hello)

    @app.lifespan
    async def feed() -> AsyncIterator[None]:
        log.append("open")
        yield
        log.append("close")

    @app.on(AppStarted)
    async def started(event: AppStarted) -> None:
        log.append("started")

    @app.on(AppStopping)
    def stopping(event: AppStopping) -> None:
        log.append("stopping")

    for _ in range(2):
        assert ask(app).body == b"Hello"

    assert log == ["open", "started", "stopping", "close"] * 2


def test_an_app_runs_once_at_a_time():
    async def main() -> None:
        app = App()
        async with app.running():
            with pytest.raises(GambrelError, match="running-twice"):
                async with app.running():
                    pass
            app.pipeline.enter  # noqa: B018 - the first goes on

    asyncio.run(main())


def test_a_request_before_the_start_is_an_error_of_the_set_up():
    async def main() -> None:
        app = App()
        app.add("/", hello)
        app.build()
        request = make_request(app)
        for way in (app.respond, app.call):
            with pytest.raises(GambrelError, match="not-running"):
                await way(request)
        with pytest.raises(GambrelError, match="not-running"):
            app.enter(request)

    asyncio.run(main())


def test_a_start_that_fails_leaves_the_app_closed():
    log: list[str] = []
    app = App()

    @app.lifespan
    async def first() -> AsyncIterator[None]:
        yield
        log.append("first closed")

    async def work() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            log.append("work ended")

    @app.on(AppStarted)
    async def broken(event: AppStarted) -> None:
        app.tasks.spawn(work())
        await asyncio.sleep(0)
        raise ValueError("no")

    @app.on(AppStopping)
    async def stopping(event: AppStopping) -> None:
        log.append("stopping")

    async def main() -> None:
        with pytest.raises(ExceptionGroup, match="AppStarted"):
            async with app.running():
                log.append("never")

    asyncio.run(main())

    assert log == ["stopping", "work ended", "first closed"]
    assert app.pipeline is None


def test_a_build_that_failed_fails_again_with_its_cause():
    app = App()
    app.add("/", lambda x: x)

    errors = []
    for _ in range(2):
        with pytest.raises(GambrelError) as caught:
            app.build()
        errors.append(caught.value)

    assert errors[0] is errors[1]


# URLs and requests of its own -----------------------------------------------------------------


def test_urls_are_built_from_names_once_the_app_is_built():
    blog = Router("/blog", name="blog")
    blog.add("/{slug}", lambda slug: slug, name="post")
    app = App()
    app.include(blog)

    with pytest.raises(GambrelError, match="not-built"):
        app.url_for("blog:post", slug="a")
    app.build()

    assert app.url_for("blog:post", slug="a b", _query={"q": 1}) == "/blog/a%20b?q=1"


def test_a_request_of_the_apps_own_is_in_the_name_of_another():
    app = App()

    @app.get("/inner")
    async def inner(request: Request) -> list[str]:
        return [request.headers["x-user"], request.client, request.query["q"]]

    @app.get("/")
    async def outer(request: Request) -> Response:
        return await app.request("GET", "/inner?q=1", like=request)

    @app.get("/missing")
    async def missing(request: Request) -> int:
        return (await app.request("GET", "/nowhere", like=request)).status

    async def main() -> list[Any]:
        async with app.running():
            headers = {"x-user": "ann", "content-length": "5"}
            answers = [
                await read(await app.respond(make_request(app, "GET", target, headers)))
                for target in ("/", "/missing")
            ]
            return [answer.json() for answer in answers]

    assert asyncio.run(main()) == [["ann", "127.0.0.1", "1"], 404]


def test_errors_raised_in_a_handler_are_answered_by_type_before_status():
    app = App()

    @app.get("/")
    async def missing() -> None:
        raise NotFound

    @app.on_error(404)
    async def by_status(request: Request, error: Exception) -> Response:
        return Response("status")

    @app.on_error(NotFound)
    async def by_type(request: Request, error: Exception) -> Response:
        return Response("type")

    assert ask(app).body == b"type"


def test_an_app_says_how_versions_are_told_apart_and_which_converters_there_are():
    hexadecimal = Converter(lambda text: int(text, 16), "{:x}".format)
    app = App(versioning=Versioning("header", default="1"), converters={"hex": hexadecimal})

    @app.get("/{n:hex}", version="1")
    async def first(n: int) -> str:
        return f"first {n}"

    @app.get("/{n:hex}", version="2")
    async def second(n: int) -> str:
        return f"second {n}"

    async def main() -> list[bytes]:
        async with app.running():
            asked = [{}, {"x-api-version": "2"}]
            return [
                (await read(await app.respond(make_request(app, "GET", "/ff", headers)))).body
                for headers in asked
            ]

    assert asyncio.run(main()) == [b"first 255", b"second 255"]
