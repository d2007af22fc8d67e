"""Middleware, hooks and extensions around the handlers of a running app."""

import asyncio
import inspect
import json
from collections.abc import AsyncIterator, Iterator
from typing import Annotated, Any

import pytest

from gambrel import (
    App,
    Body,
    Depends,
    FileResponse,
    NotFound,
    Request,
    Response,
    Router,
    Text,
    Unauthorized,
)
from gambrel.extend import HANDLER_ADAPTER, Band, ErrorReported, RequestFailed, Setup
from gambrel.middleware import Compression, ConditionalGet
from gambrel.testing import Client


def layer(name: str, log: list[str]) -> Any:
    async def around(request: Request, call_next: Any) -> Response:
        log.append(f"{name} in")
        response: Response = await call_next(request)
        log.append(f"{name} out")
        return response

    return around


def test_middleware_stands_in_bands_then_groups_then_routes():
    log: list[str] = []
    app = App(middleware=[layer("option", log)])
    app.middleware(layer("app", log))
    app.middleware(layer("auth", log), band=Band.AUTH)
    app.middleware(layer("edge", log), band=Band.EDGE)
    group = Router("/group", middleware=[layer("group", log)])

    @group.get("/", middleware=[layer("route", log)])
    async def show() -> str:
        log.append("handler")
        return "shown"

    app.include(group)

    with Client(app) as client:
        client.get("/group/")

    names = ["edge", "auth", "app", "option", "group", "route"]
    assert log == [
        *(f"{name} in" for name in names),
        "handler",
        *(f"{name} out" for name in reversed(names)),
    ]


def test_middleware_may_answer_itself_and_change_what_comes_back():
    app = App()

    @app.middleware
    async def guard(request: Request, call_next: Any) -> Response:
        if "x-token" not in request.headers:
            return Text("who?", status=401)
        response: Response = await call_next(request)
        response.headers["x-guarded"] = "yes"
        return response

    @app.get("/")
    def show() -> str:
        return "shown"

    with Client(app) as client:
        refused, fine = client.get("/"), client.get("/", headers={"x-token": "t"})

    assert (refused.status_code, refused.text) == (401, "who?")
    assert (fine.text, fine.headers["x-guarded"]) == ("shown", "yes")


@pytest.mark.parametrize("path", ["/fails", "/missing", "/raises"])
def test_outer_middleware_sees_the_answer_to_an_error(path: str):
    app = App()

    @app.middleware
    async def mark(request: Request, call_next: Any) -> Response:
        response: Response = await call_next(request)
        response.headers["x-status"] = str(response.status)
        return response

    async def raises(request: Request, call_next: Any) -> Response:
        raise Unauthorized("no")

    @app.get("/fails")
    async def fail() -> str:
        raise RuntimeError("unexpected")

    @app.get("/raises", middleware=[raises])
    async def never() -> str:
        return "never"

    with Client(app, raise_server_errors=False) as client:
        answer = client.get(path)

    assert answer.headers["x-status"] == str(answer.status_code)
    assert answer.status_code >= 400


def test_hooks_before_and_after_a_handler_are_dependencies_and_middleware():
    log: list[str] = []

    async def before(request: Request) -> None:
        log.append("before")
        if request.query.get("stop"):
            raise Unauthorized("stopped before the handler")

    app = App(dependencies=[Depends(before)])

    @app.middleware
    async def after(request: Request, call_next: Any) -> Response:
        response: Response = await call_next(request)
        log.append(f"after {response.status}")
        return response

    @app.get("/")
    async def show() -> str:
        log.append("handler")
        return "shown"

    with Client(app) as client:
        client.get("/")
        client.get("/?stop=1")

    assert log == ["before", "handler", "after 200", "before", "after 401"]


def test_an_extension_acts_on_an_option_of_the_route():
    class Teapots:
        name = "teapots"
        requires = ()
        settings = None

        def install(self, setup: Setup) -> None:
            setup.middleware(self.brew, Band.AUTH)

        async def brew(self, request: Request, call_next: Any) -> Response:
            response: Response = await call_next(request)
            extra = request.route.options.extra if request.route else {}
            if "brew" in extra:
                response.headers["x-brew"] = extra["brew"]
            return response

    app = App(extensions=[Teapots()])

    @app.get("/tea", extra={"brew": "4 min"})
    async def tea() -> str:
        return "tea"

    @app.get("/water")
    async def water() -> str:
        return "water"

    with Client(app) as client:
        answers = [client.get(path).headers.get("x-brew") for path in ("/tea", "/water", "/none")]

    assert answers == ["4 min", None, None]


def test_an_extension_takes_handlers_of_another_calling_convention():
    def by_keyword(handler: Any) -> Any:
        parameters = list(inspect.signature(handler).parameters.values())
        if [str(one) for one in parameters] != ["ctx", "**segments"]:
            return None

        async def adapted(request: Request) -> Response:
            return Text(handler({"app": request.app, "q": request.query}, **request.params))

        return adapted

    app = App()
    app.setup.add(HANDLER_ADAPTER, by_keyword)

    @app.get("/old/{shop}/{item}")
    def old(ctx, **segments):  # type: ignore[no-untyped-def]  # as the other convention has it
        return f"{segments} {ctx['q']['n']}"

    @app.get("/new/{shop}")
    async def new(shop: str, n: int) -> str:
        return f"{shop} {n}"

    with Client(app) as client:
        answers = [client.get(path).text for path in ("/old/tea/green?n=1", "/new/tea?n=2")]

    assert answers == ["{'shop': 'tea', 'item': 'green'} 1", "tea 2"]


def test_all_that_ends_a_request_runs_and_its_errors_are_collected():
    closed: list[str] = []
    app = App()

    def fails() -> None:
        closed.append("first")
        raise OSError("cannot close")

    @app.get("/")
    async def show(response: Response) -> str:
        response.on_close(fails)
        response.on_close(lambda: closed.append("second"))
        return "shown"

    with Client(app, raise_server_errors=False) as client:
        answer = client.get("/")

    assert answer.text == "shown"
    assert closed == ["first", "second"]


def test_every_unexpected_error_reaches_the_one_hook():
    reported: list[RequestFailed] = []
    app = App()

    @app.on(RequestFailed)
    async def report(event: RequestFailed) -> None:
        reported.append(event)

    @app.get("/")
    def fail() -> str:
        raise RuntimeError("unexpected")

    with Client(app, raise_server_errors=False) as client:
        answer = client.get("/")

    assert [str(event.error) for event in reported] == ["unexpected"]
    assert reported[0].incident in answer.text


def test_a_background_task_lives_as_long_as_the_app_and_its_errors_are_reported():
    log: list[str] = []
    app = App()

    @app.lifespan
    async def pump() -> AsyncIterator[None]:
        log.append("opened")
        yield
        log.append("closed")

    async def work(item: str) -> None:
        try:
            if item == "bad":
                raise LookupError(item)
            await asyncio.Event().wait()
        finally:
            log.append(f"{item} ended")

    @app.on(ErrorReported)
    async def report(event: ErrorReported) -> None:
        log.append(f"{event.place}: {event.error!r}")

    @app.post("/work/{item}")
    async def start(item: str) -> int:
        task = app.tasks.spawn(work(item), name=f"work on {item}")
        if item == "bad":
            await asyncio.wait([task])
        return len(list(app.tasks))

    with Client(app) as client:
        running = [client.post(f"/work/{item}").json() for item in ("good", "bad")]

    assert running == [1, 1]
    assert log == [
        "opened",
        "bad ended",
        "task work on bad: LookupError('bad')",
        "good ended",
        "closed",
    ]


def test_a_handler_asks_the_app_in_the_name_of_its_client():
    log: list[str] = []
    app = App(middleware=[layer("app", log)])

    def session() -> Iterator[str]:
        yield "session"
        log.append("session closed")

    @app.get("/shelf/{name}")
    async def shelf(
        request: Request, name: str, of: Annotated[str, Depends(session, exit="after")]
    ):
        who = request.cookies.get("who")
        return {"shelf": name, "who": who, "q": request.query.get("q"), "from": request.client}

    @app.put("/shelf/{name}")
    async def fill(name: str, item: Annotated[str, Body()]) -> str:
        return f"{item} in {name}"

    @app.post("/inventory")
    async def inventory(request: Request) -> list[Any]:
        found = await request.app.request("GET", "/shelf/a%20b?q=1", like=request)
        typed = {"content-type": "application/json"}
        put = await app.request("PUT", "/shelf/c", like=request, headers=typed, body=b'"nail"')
        missing = await app.request("GET", "/nowhere", like=request)
        log.append("asked")
        return [json.loads(found.body), put.body.decode(), missing.status]

    with Client(app, cookies={"who": "ada"}) as client:
        answer = client.post("/inventory", json={"a": 1}, headers={"if-match": '"x"'})

    shelf_of_ada = {"shelf": "a b", "who": "ada", "q": "1", "from": "127.0.0.1"}
    assert answer.json() == [shelf_of_ada, "nail in c", 404]
    assert log.count("app in") == 3
    assert log.index("asked") < log.index("session closed")


# Responses that middleware changes ------------------------------------------------------------


def stamped(*extensions: Any) -> App:
    """Return an app whose two middlewares add a field each, and one for answers that they see."""
    app = App(extensions=extensions)

    @app.middleware(band=Band.EDGE)
    async def outer(request: Request, call_next: Any) -> Response:
        response: Response = await call_next(request)
        response.headers.add("x-seen", f"outer {response.status}")
        return response

    @app.middleware
    async def inner(request: Request, call_next: Any) -> Response:
        response: Response = await call_next(request)
        response.headers.add("x-seen", f"inner {response.status}")
        return response

    return app


@pytest.mark.parametrize(
    ("path", "headers", "status"),
    [
        ("/files/a.txt", {}, 200),
        ("/files/a.txt", {"range": "bytes=1-2"}, 206),
        ("/files/a.txt", {"range": "bytes=99-"}, 416),
        ("/files/a.txt", {"if-match": '"other"'}, 412),
        ("/files/missing.txt", {}, 404),
        ("/files/.hidden", {}, 404),
    ],
)
def test_what_becomes_of_a_file_passes_middleware_like_any_answer(tmp_path, path, headers, status):
    app = stamped()
    (tmp_path / "a.txt").write_text("file")
    (tmp_path / ".hidden").write_text("file")

    @app.get("/files/{name}")
    async def files(name: str) -> FileResponse:
        return FileResponse(name, root=tmp_path)

    @app.get("/error")
    async def error() -> None:
        raise NotFound

    with Client(app) as client:
        answer, other = client.get(path, headers=headers), client.get("/error")

    assert answer.status_code == status
    assert answer.headers.get_list("x-seen") == [f"inner {status}", f"outer {status}"]
    if status == 404:
        assert (answer.json(), set(answer.headers)) == (other.json(), set(other.headers))


def test_a_middleware_that_answers_with_files_has_their_errors_answered_within_the_next(tmp_path):
    app = stamped()
    told = []

    @app.on_error(404)
    async def missing(request: Request, error: Exception) -> Response:
        return Text("no such file", 404)

    @app.middleware
    async def static(request: Request, call_next: Any) -> Response:
        response = FileResponse(request.path[1:], root=tmp_path)
        response.on_close(lambda: told.append("closed"))
        return response

    with Client(app) as client:
        answer = client.get("/missing.txt")

    assert (answer.status_code, answer.text) == (404, "no such file")
    assert answer.headers.get_list("x-seen") == ["inner 404", "outer 404"]
    assert told == ["closed"]


def test_files_are_neither_compressed_nor_tagged_anew(tmp_path):
    app = stamped(Compression(), ConditionalGet())
    (tmp_path / "a.txt").write_text("long " * 1000)

    @app.get("/a")
    async def tagged() -> FileResponse:
        return FileResponse(tmp_path / "a.txt", etag="v1")

    @app.get("/b")
    async def untagged() -> FileResponse:
        return FileResponse(tmp_path / "a.txt", etag=False)

    with Client(app) as client:
        first, second = client.get("/a"), client.get("/b")
        again = client.get("/a", headers={"if-none-match": '"v1"'})

    assert "content-encoding" not in first.headers
    assert (first.headers["etag"], again.headers["etag"], again.status_code) == (
        '"v1"',
        '"v1"',
        304,
    )
    assert "etag" not in second.headers


def test_a_response_that_is_answered_again_and_again_collects_no_fields():
    constant, closed = Text("constant"), Text("closed", 503)
    app = stamped()

    @app.get("/")
    async def from_handler() -> Text:
        return constant

    @app.middleware
    async def from_middleware(request: Request, call_next: Any) -> Response:
        return closed if request.path == "/closed" else await call_next(request)

    with Client(app) as client:
        answers = [client.get(path) for path in ("/", "/closed") * 3]

    seen = [answer.headers.get_list("x-seen") for answer in answers]
    assert seen == [["inner 200", "outer 200"], ["inner 503", "outer 503"]] * 3
    assert [name for name, _ in constant.headers.pairs()] == ["content-type"]
