import asyncio
import functools
import importlib
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from gambrel import App, Request, Response, when
from gambrel.core.http.errors import GambrelError
from gambrel.mounts.mount import is_asgi
from tests.core.edges.server import Visit, scope_of, under_way, until, visit

Sender = Any


def mounting(app: Any, at: str = "/in", **options: Any) -> App:
    outer = App()
    outer.mount(at, app, **options)
    return outer


def http_only(app: Any) -> Any:
    """Return an app without a lifespan."""

    async def only(scope: Any, receive: Any, send: Any) -> None:
        assert scope["type"] == "http"
        await app(scope, receive, send)

    return only


async def answer(send: Sender, *pieces: bytes, status: int = 200, **headers: str) -> None:
    raw = [(name.encode(), value.encode()) for name, value in headers.items()]
    await send({"type": "http.response.start", "status": status, "headers": raw})
    for piece in pieces[:-1]:
        await send({"type": "http.response.body", "body": piece, "more_body": True})
    await send({"type": "http.response.body", "body": pieces[-1]})


async def whole_body(receive: Any) -> bytes:
    body, more = b"", True
    while more:
        message = await receive()
        assert message["type"] == "http.request"
        body += message["body"]
        more = message["more_body"]
    return body


async def show(scope: Any, receive: Any, send: Sender) -> None:
    """Tell what a mounted app is told; has no lifespan."""
    assert scope["type"] == "http"
    told = {
        name: value
        for name, value in scope.items()
        if name not in {"headers", "extensions", "state"}
    }
    await answer(send, repr(told).encode())


def shown(sent: Visit) -> dict[str, Any]:
    assert sent.status == 200, sent.body
    found: dict[str, Any] = eval(sent.body)
    return found


# What is ASGI ----------------------------------------------------------------------------------


class AsgiObject:
    async def __call__(self, scope: Any, receive: Any, send: Any) -> None: ...


class PlainCallOfThree:
    def __call__(self, scope: Any, receive: Any, send: Any, more: int = 0) -> None: ...


class WsgiObject:
    def __call__(self, environ: Any, start_response: Any) -> None: ...


def wsgi(environ: Any, start_response: Any) -> None: ...


@pytest.mark.parametrize(
    ("app", "expected"),
    [
        (show, True),
        (AsgiObject(), True),
        (PlainCallOfThree(), True),
        (AsgiObject().__call__, True),
        (functools.partial(PlainCallOfThree().__call__, more=1), True),
        (App(), True),
        (wsgi, False),
        (WsgiObject(), False),
        (functools.partial(WsgiObject()), False),
    ],
)
def test_asgi_is_told_from_wsgi(app, expected):
    assert is_asgi(app) is expected


# Requests --------------------------------------------------------------------------------------


def test_the_scope_tells_where_the_app_is_mounted():
    told = shown(visit(mounting(show), "/in/a%2Fb/c?d=%41"))

    assert told["root_path"] == "/in"
    assert (told["path"], told["raw_path"]) == ("/in/a/b/c", b"/in/a%2Fb/c")
    assert told["query_string"] == b"d=%41"
    assert told["client"] == ("127.0.0.1", 50_000)


@pytest.mark.parametrize(
    ("target", "root", "path"),
    [
        ("/shop/7/x", "/shop/7", "/shop/7/x"),
        ("/shop/a%20b/x/y", "/shop/a b", "/shop/a b/x/y"),
        ("/shop/x/x", "/shop/x", "/shop/x/x"),
        ("/shop/x/", "/shop/x", "/shop/x/"),
    ],
)
def test_parameters_in_the_prefix_are_part_of_the_root(target, root, path):
    told = shown(visit(mounting(show, "/shop/{tenant}"), target))

    assert (told["root_path"], told["path"]) == (root, path)
    assert told["path_params"]["tenant"] == root.rpartition("/")[2]


def test_a_mount_in_a_mount_has_both_roots():
    told = shown(visit(mounting(mounting(show, "/b"), "/a b"), "/a%20b/b/c"))

    assert (told["root_path"], told["path"], told["raw_path"]) == (
        "/a b/b",
        "/a b/b/c",
        b"/a%20b/b/c",
    )


def test_the_outer_root_path_is_kept():
    told = shown(visit(mounting(show), "/api/in/c", root_path="/api"))

    assert (told["root_path"], told["path"]) == ("/api/in", "/api/in/c")


def test_a_mount_at_the_root_takes_what_is_left():
    outer = mounting(show, "/")
    outer.add("/mine", lambda: "mine", ["GET"])

    assert visit(outer, "/mine").body == b"mine"
    assert shown(visit(outer, "/other"))["root_path"] == ""


def test_the_app_sees_the_client_behind_trusted_proxies():
    outer = App(trusted_proxies=["127.0.0.0/8"], hosts=["localhost"])
    outer.mount("/in", show)
    forwarded = [(b"x-forwarded-for", b"203.0.113.7"), (b"x-forwarded-proto", b"https")]

    told = shown(visit(outer, "/in/", headers=forwarded))

    assert (told["client"], told["scheme"]) == (("203.0.113.7", 0), "https")


def test_methods_and_bodies_pass_through():
    async def echo(scope: Any, receive: Any, send: Sender) -> None:
        await answer(send, scope["method"].encode() + await whole_body(receive))

    sent = visit(mounting(http_only(echo)), "/in/x", "PUT", body=[b"a", b"b", b"c"])

    assert sent.body == b"PUTabc"


def test_an_app_that_stops_waiting_loses_no_piece_of_the_body():
    async def impatient(scope: Any, receive: Any, send: Sender) -> None:
        told.append("asks")
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(receive(), 0.001)
        told.append("gave up")
        await answer(send, await whole_body(receive))

    async def scenario() -> bytes:
        app = mounting(http_only(impatient))
        one = Visit(scope_of("/in/", "POST", headers=[(b"content-length", b"3")]), [None, b"abc"])
        async with app.running(), under_way(app, one):
            await until(lambda: "gave up" in told)
            one.go.set()
        return one.body

    told: list[str] = []
    assert asyncio.run(scenario()) == b"abc"


def test_a_body_too_large_is_413_whatever_the_app_makes_of_it():
    async def careless(scope: Any, receive: Any, send: Sender) -> None:
        while (await receive())["type"] == "http.request":
            pass
        await answer(send, b"broken", status=500)

    sent = visit(
        mounting(http_only(careless), max_body=10), "/in/", "POST", body=[b"x" * 6, b"x" * 6]
    )

    assert sent.status == 413


def test_a_body_that_is_cut_off_is_a_disconnect():
    told = []

    async def listen(scope: Any, receive: Any, send: Sender) -> None:
        told.extend([(await receive())["type"] for _ in range(3)])

    async def scenario() -> None:
        app = mounting(http_only(listen))
        one = Visit(scope_of("/in/", "POST", headers=[(b"content-length", b"9")]), [b"abc", None])
        async with app.running(), under_way(app, one):
            await until(lambda: one.received == 2)
            one.left.set()
            one.go.set()

    asyncio.run(scenario())

    assert told == ["http.request", "http.disconnect", "http.disconnect"]


# Responses -------------------------------------------------------------------------------------


def test_a_response_passes_through_our_middleware():
    async def app(scope: Any, receive: Any, send: Sender) -> None:
        await send({"type": "http.response.start", "status": 418})
        await send({"type": "http.response.body"})

    outer = mounting(http_only(app))

    @outer.middleware
    async def mark(request: Request, call_next: Any) -> Response:
        response: Response = await call_next(request)
        response.headers["x-mark"] = str(response.status)
        return response

    sent = visit(outer, "/in/")

    assert (sent.status, sent.header("x-mark")) == (418, "418")


def test_caches_are_told_by_which_header_one_app_was_chosen_from_several():
    async def old(scope: Any, receive: Any, send: Sender) -> None:
        await answer(send, b"old", vary="origin")

    async def new(scope: Any, receive: Any, send: Sender) -> None:
        await answer(send, b"new")

    outer = mounting(http_only(old), when=when.not_(when.header("x-new")))
    outer.mount("/in", http_only(new), when=when.header("x-new"))

    answers = [visit(outer, "/in/", headers=given) for given in ([], [(b"x-new", b"1")])]

    told = [
        (one.body, [value for name, value in one.sent[0]["headers"] if name == b"vary"])
        for one in answers
    ]
    assert told == [(b"old", [b"origin", b"x-new"]), (b"new", [b"x-new"])]


def test_a_stream_keeps_its_pieces_and_its_pace():
    sent_so_far = 0

    async def pour(scope: Any, receive: Any, send: Sender) -> None:
        nonlocal sent_so_far
        await send({"type": "http.response.start", "status": 200, "headers": []})
        for sent_so_far in range(1, 101):  # noqa: B007
            await send({"type": "http.response.body", "body": b"x", "more_body": True})
        await send({"type": "http.response.body", "body": b""})

    async def scenario() -> tuple[int, bytes]:
        app, one, gate = mounting(http_only(pour)), Visit(scope_of("/in/")), asyncio.Event()

        async def hold(message: dict[str, Any]) -> None:
            if message["type"] == "http.response.body":
                await gate.wait()

        one.on_send = hold
        async with app.running(), under_way(app, one):
            await until(lambda: sent_so_far)
            await asyncio.sleep(0.01)
            ahead = sent_so_far
            gate.set()
        return ahead, one.body

    ahead, body = asyncio.run(scenario())

    assert ahead < 5
    assert body == b"x" * 100


def test_an_app_is_stopped_when_its_stream_is_left():
    told = []

    async def endless(scope: Any, receive: Any, send: Sender) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        try:
            while True:
                await send({"type": "http.response.body", "body": b"x", "more_body": True})
        except OSError:
            told.append("refused")
            raise
        finally:
            told.append("stopped")

    async def scenario() -> None:
        app, one = mounting(http_only(endless)), Visit(scope_of("/in/"))
        async with app.running(), under_way(app, one):
            await until(lambda: len(one.sent) > 3)
            one.left.set()
        await until(lambda: told)

    asyncio.run(scenario())

    assert told[-1] == "stopped"


def test_an_app_that_waits_for_the_client_to_leave_is_told():
    told = []

    async def listen(scope: Any, receive: Any, send: Sender) -> None:
        await whole_body(receive)
        told.append((await receive())["type"])

    async def scenario() -> None:
        app, one = (
            mounting(http_only(listen), cancel_on_disconnect=False),
            Visit(scope_of("/in/", "POST")),
        )
        async with app.running(), under_way(app, one):
            await asyncio.sleep(0.01)
            one.left.set()

    asyncio.run(scenario())

    assert told == ["http.disconnect"]


def test_work_behind_the_response_is_finished():
    told = []

    async def later(scope: Any, receive: Any, send: Sender) -> None:
        await whole_body(receive)
        await answer(send, b"at once")
        await asyncio.sleep(0.01)
        told.append((await receive())["type"])

    async def scenario() -> bytes:
        app, one = mounting(http_only(later)), Visit(scope_of("/in/"))
        async with app.running():
            await one.run(app)
            assert told == []
        return one.body  # the app was closed after what it had begun

    assert asyncio.run(scenario()) == b"at once"
    assert told == ["http.disconnect"]


# Errors ----------------------------------------------------------------------------------------


async def raises(scope: Any, receive: Any, send: Sender) -> None:
    raise ValueError("inside")


async def exits(scope: Any, receive: Any, send: Sender) -> None:
    raise SystemExit(3)


async def says_nothing(scope: Any, receive: Any, send: Sender) -> None:
    """Return without an answer."""


async def only_starts(scope: Any, receive: Any, send: Sender) -> None:
    await send({"type": "http.response.start", "status": 200, "headers": []})


async def impossible_status(scope: Any, receive: Any, send: Sender) -> None:
    await answer(send, b"", status=1000)


async def bad_header(scope: Any, receive: Any, send: Sender) -> None:
    await answer(send, b"", x="a\nb")


async def body_first(scope: Any, receive: Any, send: Sender) -> None:
    await send({"type": "http.response.body", "body": b""})


async def starts_twice(scope: Any, receive: Any, send: Sender) -> None:
    await only_starts(scope, receive, send)
    await only_starts(scope, receive, send)


async def unknown_message(scope: Any, receive: Any, send: Sender) -> None:
    await send({"type": "http.response.push"})


@pytest.mark.parametrize(
    "app",
    [
        raises,
        exits,
        says_nothing,
        only_starts,
        impossible_status,
        bad_header,
        body_first,
        starts_twice,
        unknown_message,
    ],
)
@pytest.mark.parametrize("kind", ["mount", "raw"])
def test_an_app_that_fails_is_a_500_logged_once(app, kind, caplog):
    outer = App()
    if kind == "mount":
        outer.mount("/in", http_only(app))
    else:
        outer.raw("/in/{rest:path}", app)

    with caplog.at_level(logging.WARNING):
        sent = visit(outer, "/in/x")

    assert sent.status == 500
    assert len(caplog.records) == 1


def test_a_failure_in_the_middle_of_a_stream_breaks_it_off():
    async def breaks(scope: Any, receive: Any, send: Sender) -> None:
        await only_starts(scope, receive, send)
        await send({"type": "http.response.body", "body": b"x", "more_body": True})
        raise ValueError("halfway")

    with pytest.raises(ValueError, match="halfway"):
        visit(mounting(http_only(breaks)), "/in/")


def test_a_failure_behind_the_response_is_logged(caplog):
    async def fails_later(scope: Any, receive: Any, send: Sender) -> None:
        await answer(send, b"fine")
        raise ValueError("too late")

    async def scenario() -> bytes:
        app, one = mounting(http_only(fails_later)), Visit(scope_of("/in/"))
        async with app.running():
            await one.run(app)
            await until(lambda: caplog.records)
        return one.body

    assert asyncio.run(scenario()) == b"fine"
    assert "too late" in str(caplog.records[0].exc_info)


# Lifespan --------------------------------------------------------------------------------------


def noting(told: list[str], name: str, app: App | None = None) -> App:
    app = app or App()

    @app.lifespan
    async def life() -> AsyncIterator[None]:
        told.append(f"{name} opens")
        yield
        told.append(f"{name} closes")

    return app


def run_once(app: App) -> None:
    async def scenario() -> None:
        async with app.running():
            pass

    asyncio.run(scenario())


def test_lifespans_open_inwards_in_order_and_close_in_reverse():
    told: list[str] = []
    first = noting(told, "first")
    first.mount("/x", noting(told, "innermost"))
    outer = noting(told, "outer")
    outer.mount("/1", first)
    outer.mount("/2", noting(told, "second"))

    run_once(outer)

    opened = ["outer", "first", "innermost", "second"]
    assert told == [f"{name} opens" for name in opened] + [
        f"{name} closes" for name in reversed(opened)
    ]


def test_an_app_mounted_twice_existingce_and_again_after_a_restart():
    told: list[str] = []
    inner, outer = noting(told, "inner"), App()
    outer.mount("/a", inner)
    outer.mount("/b", inner)

    run_once(outer)
    run_once(outer)

    assert told == ["inner opens", "inner closes"] * 2


def test_an_app_without_a_lifespan_is_served_all_the_same():
    assert shown(visit(mounting(show), "/in/"))["path"] == "/in/"


def test_what_a_lifespan_puts_into_its_state_is_copied_into_requests():
    async def app(scope: Any, receive: Any, send: Sender) -> None:
        if scope["type"] == "lifespan":
            await receive()
            scope["state"]["pool"] = "pool"
            await send({"type": "lifespan.startup.complete"})
            await receive()
            await send({"type": "lifespan.shutdown.complete"})
            return
        await answer(send, scope["state"].pop("pool").encode())

    async def scenario() -> list[bytes]:
        outer = mounting(app)
        async with outer.running():
            return [(await Visit(scope_of("/in/")).run(outer)).body for _ in range(2)]

    assert asyncio.run(scenario()) == [b"pool", b"pool"]


@pytest.mark.parametrize("moment", ["startup", "shutdown"])
def test_a_lifespan_that_fails_is_told_with_its_message(moment):
    told: list[str] = []
    outer, inner = noting(told, "outer"), App()

    @inner.lifespan
    async def life() -> AsyncIterator[None]:
        if moment == "startup":
            raise RuntimeError("no database")
        yield
        raise RuntimeError("no database")

    outer.mount("/in", inner)

    with pytest.raises(GambrelError, match="no database") as error:
        run_once(outer)

    assert error.value.code == "app.mount-lifespan"
    assert "test_mount.py" in error.value.where
    assert told == ["outer opens", "outer closes"]


def test_a_start_that_is_cancelled_cancels_the_mounted_app():
    told = []

    async def slow(scope: Any, receive: Any, send: Sender) -> None:
        try:
            await asyncio.sleep(60)
        finally:
            told.append("cancelled")

    async def scenario() -> None:
        async def opens() -> None:
            async with mounting(slow).running():
                pass

        task = asyncio.create_task(opens())
        await asyncio.sleep(0.01)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(scenario())

    assert told == ["cancelled"]


# Gambrel within Gambrel ------------------------------------------------------------------------


def test_an_app_within_knows_where_it_is():
    inner = App(hosts=["inner.example"])

    @inner.get("/items/{name}")
    async def item(name: str, request: Request) -> list[str]:
        return [request.path, str(request.url), request.url_for("item", name="b")]

    sent = visit(mounting(mounting(inner, "/b"), "/a"), "/a/b/items/x?y")

    assert sent.body == (b'["/items/x","http://localhost/a/b/items/x?y","/a/b/items/b"]')


def test_errors_within_are_answered_within():
    inner = App()

    @inner.on_error(404)
    async def missing(request: Request, error: Exception) -> Response:
        return Response("inner's own", 404)

    sent = visit(mounting(inner), "/in/nowhere")

    assert (sent.status, sent.body) == (404, b"inner's own")


def test_a_client_that_leaves_is_noticed_within():
    told = []
    inner = App()

    @inner.get("/wait")
    async def wait() -> None:
        try:
            await asyncio.sleep(60)
        finally:
            told.append("cancelled")

    async def scenario() -> None:
        app, one = mounting(inner), Visit(scope_of("/in/wait"))
        async with app.running(), under_way(app, one):
            await asyncio.sleep(0.01)
            one.left.set()

    asyncio.run(scenario())

    assert told == ["cancelled"]


# Other frameworks ------------------------------------------------------------------------------


def starlette_app() -> Any:
    applications = pytest.importorskip("starlette.applications")
    responses = pytest.importorskip("starlette.responses")
    routing = pytest.importorskip("starlette.routing")
    background = pytest.importorskip("starlette.background")

    @asynccontextmanager
    async def life(app: Any) -> AsyncIterator[dict[str, str]]:
        yield {"pool": "pool"}

    async def hello(request: Any) -> Any:
        return responses.PlainTextResponse(
            f"{request.path_params['name']} {request.state.pool} "
            f"{request.url_for('hello', name='b')}"
        )

    async def upload(request: Any) -> Any:
        return responses.JSONResponse(len(await request.body()))

    async def numbers(request: Any) -> Any:
        async def stream() -> AsyncIterator[str]:
            for n in range(3):
                yield str(n)

        return responses.StreamingResponse(stream())

    async def later(request: Any) -> Any:
        return responses.PlainTextResponse(
            "at once", background=background.BackgroundTask(request.app.state.told.append, "later")
        )

    async def fail(request: Any) -> Any:
        raise RuntimeError("inside Starlette")

    app = applications.Starlette(
        lifespan=life,
        routes=[
            routing.Route("/hello/{name}", hello, name="hello"),
            routing.Route("/upload", upload, methods=["POST"]),
            routing.Route("/numbers", numbers),
            routing.Route("/later", later),
            routing.Route("/fail", fail),
        ],
    )
    app.state.told = []
    return app


def test_starlette_within():
    app = starlette_app()
    outer = mounting(app, "/in/{tenant}")

    assert visit(outer, "/in/t/hello/a").body == b"a pool http://localhost/in/t/hello/b"
    assert visit(outer, "/in/t/upload", "POST", body=[b"x" * 10] * 10).body == b"100"
    assert visit(outer, "/in/t/numbers").body == b"012"
    assert visit(outer, "/in/t/nowhere").status == 404
    assert visit(outer, "/in/t/later").body == b"at once"
    assert app.state.told == ["later"]


def test_starlette_that_fails_answers_itself_and_is_logged_once(caplog):
    async def scenario() -> Visit:
        outer, one = mounting(starlette_app()), Visit(scope_of("/in/fail"))
        async with outer.running():
            await one.run(outer)
            await until(lambda: caplog.records)
        return one

    assert asyncio.run(scenario()).status == 500
    assert len(caplog.records) == 1


def test_starlette_with_a_body_too_large():
    outer = mounting(starlette_app(), max_body=50)

    assert visit(outer, "/in/upload", "POST", body=[b"x" * 10] * 10).status == 413


def test_fastapi_within():
    fastapi = pytest.importorskip("fastapi")
    app = fastapi.FastAPI()

    @app.get("/items/{number}")
    def item(number: int, q: str = "") -> dict[str, Any]:
        return {"number": number, "q": q}

    outer = mounting(app)

    assert visit(outer, "/in/items/3?q=a").body == b'{"number":3,"q":"a"}'
    assert visit(outer, "/in/items/x").status == 422
    assert b'"/in"' in visit(outer, "/in/openapi.json").body


def test_gambrel_within_starlette():
    applications = pytest.importorskip("starlette.applications")
    routing = pytest.importorskip("starlette.routing")
    inner = App()

    @inner.get("/items/{name}")
    async def item(name: str, request: Request) -> list[str]:
        return [name, request.root_path, request.url_for("item", name="b")]

    @asynccontextmanager
    async def life(app: Any) -> AsyncIterator[None]:
        async with inner.running():
            yield

    app = applications.Starlette(lifespan=life, routes=[routing.Mount("/in", app=inner)])

    async def scenario() -> list[Visit]:
        async with app.router.lifespan_context(app):
            targets = ["/in/items/a%20b", "/in/nowhere", "/in/items/%ff"]
            return [await Visit(scope_of(target)).run(app) for target in targets]

    found, missing, refused = asyncio.run(scenario())

    assert found.body == b'["a b","/in","/in/items/b"]'
    assert (missing.status, refused.status) == (404, 400)


def test_gambrel_within_starlette_without_its_lifespan_says_so():
    applications = pytest.importorskip("starlette.applications")
    routing = pytest.importorskip("starlette.routing")
    app = applications.Starlette(routes=[routing.Mount("/in", app=App())])

    with pytest.raises(GambrelError, match="before the app was started"):
        asyncio.run(Visit(scope_of("/in/x")).run(app))


def test_django_within_as_asgi_is_an_app_like_others():
    pytest.importorskip("django")
    django_app = importlib.import_module("tests.mounts.django_app")
    outer = mounting(django_app.asgi_application())

    assert visit(outer, "/in/hello/a").body == b"a /in/hello/a /in/hello/b"
    assert visit(outer, "/in/upload", "POST", body=[b"x" * 10]).body == b"10"
    assert visit(outer, "/in/numbers").body == b"012"
