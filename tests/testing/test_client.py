import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from http import HTTPStatus
from typing import Annotated, Any

import msgspec
import pytest

from gambrel import (
    App,
    Depends,
    File,
    Form,
    GambrelError,
    Redirect,
    Request,
    Response,
    Upload,
    abort,
)
from gambrel.testing import AsyncClient, Client


class Order(msgspec.Struct):
    sku: str
    quantity: int = 1


class Clock:
    def time(self) -> str:
        return "now"


def season() -> str:
    return "winter"


async def greet() -> str:
    return "hello"


async def place(order: Order) -> Order:
    return order


async def repeat(name: Annotated[str, Form()], file: Annotated[Upload, File()]) -> str:
    return f"{name}: {(await file.read()).decode()}"


async def fail() -> str:
    raise ValueError("an order without a customer")


async def visit(request: Request) -> Response:
    visits = int(request.cookies.get("visits", "0")) + 1
    response = Response(str(visits))
    response.set_cookie("visits", str(visits))
    return response


async def move() -> Redirect:
    return Redirect("/visit")


async def describe(request: Request) -> dict[str, Any]:
    return {
        "method": request.method,
        "path": request.path,
        "raw_path": request.raw_path,
        "query": request.query_string,
        "host": request.host,
        "client": request.client,
        "lines": request.headers.get_all("x-line"),
    }


async def ask_season(now: Annotated[str, Depends(season)]) -> str:
    return now


async def ask_time(clock: Clock) -> str:
    return clock.time()


async def unavailable() -> None:
    abort(503)


def make_app(**options: Any) -> App:
    app = App(**options)
    app.provide(Clock, Clock)
    app.get("/")(greet)
    app.post("/orders", status=HTTPStatus.CREATED)(place)
    app.post("/files")(repeat)
    app.get("/fail")(fail)
    app.get("/visit")(visit)
    app.get("/move")(move)
    app.get("/describe/{rest:path}")(describe)
    app.get("/season")(ask_season)
    app.get("/time")(ask_time)
    app.get("/unavailable")(unavailable)
    return app


def test_a_client_gets_what_the_app_answers():
    with Client(make_app()) as client:
        answer = client.get("/")

    assert (answer.status_code, answer.text) == (200, "hello")
    assert answer.http_version == "HTTP/1.1"


def test_json_goes_in_and_comes_out():
    with Client(make_app()) as client:
        answer = client.post("/orders", json={"sku": "A1", "quantity": 3})

    assert answer.status_code == HTTPStatus.CREATED
    assert answer.json() == {"sku": "A1", "quantity": 3}


def test_forms_and_files_are_sent():
    with Client(make_app()) as client:
        answer = client.post("/files", data={"name": "n"}, files={"file": ("f.txt", b"content")})

    assert answer.text == "n: content"


def test_cookies_are_kept_from_request_to_request():
    with Client(make_app()) as client:
        counts = [client.get("/visit").text for _ in range(3)]

    assert counts == ["1", "2", "3"]


def test_a_given_cookie_is_sent_until_the_app_sets_it_anew():
    with Client(make_app(), cookies={"visits": "7"}) as client:
        counts = [client.get("/visit").text for _ in range(2)]

    assert counts == ["8", "9"]


def test_redirects_are_followed_where_asked_with_the_cookies_of_the_client():
    with Client(make_app()) as client:
        client.get("/visit")
        stayed = client.get("/move")
        followed = client.get("/move", follow_redirects=True)

    assert (stayed.status_code, followed.text) == (303, "2")


def test_the_target_and_the_header_lines_arrive_as_they_were_sent():
    lines = [("X-Line", "one"), ("X-Line", "two")]

    with Client(make_app()) as client:
        seen = client.get("/describe/a%2Fb%20c?q=%20&q=2", headers=lines).json()

    assert seen["raw_path"] == "/describe/a%2Fb%20c"
    assert seen["path"] == "/describe/a/b c"
    assert seen["query"] == "q=%20&q=2"
    assert seen["lines"] == ["one", "two"]


def test_the_app_sees_the_given_peer():
    with Client(make_app(), peer=("203.0.113.9", 4711)) as client:
        seen = client.get("/describe/x").json()

    assert seen["client"] == "203.0.113.9"


@pytest.mark.parametrize(
    ("hosts", "expected"),
    [
        ([], "localhost"),
        (["localhost", "shop.example"], "localhost"),
        (["shop.example"], "shop.example"),
        (["*.shop.example"], "www.shop.example"),
    ],
)
def test_the_host_is_one_that_the_app_answers_for(hosts: list[str], expected: str):
    with Client(make_app(hosts=hosts)) as client:
        seen = client.get("/describe/x").json()

    assert seen["host"] == expected


def test_a_given_base_url_is_used():
    with Client(make_app(hosts=["*.example"]), base_url="https://eu.example/describe") as client:
        seen = client.get("/x").json()

    assert (seen["host"], seen["path"]) == ("eu.example", "/describe/x")


def test_head_has_the_fields_and_no_body():
    with Client(make_app()) as client:
        answer = client.head("/")

    assert (answer.headers["content-length"], answer.content) == ("5", b"")


def test_an_unexpected_exception_is_raised_in_the_test_with_its_own_traceback():
    with Client(make_app()) as client, pytest.raises(ValueError, match="customer") as caught:
        client.get("/fail")

    assert caught.traceback[-1].name == "fail"


def test_an_unexpected_exception_is_answered_where_that_is_asked_for():
    with Client(make_app(), raise_server_errors=False) as client:
        answer = client.get("/fail")

    assert answer.status_code == 500
    assert "customer" not in answer.text


def test_an_error_status_that_the_app_has_chosen_is_an_answer():
    with Client(make_app()) as client:
        answer = client.get("/unavailable")

    assert answer.status_code == 503


def test_an_exception_that_the_app_answers_below_500_is_an_answer():
    app = make_app()
    app.on_error(Exception)(lambda request, error: Response("teapot", 418))

    with Client(app) as client:
        answer = client.get("/fail")

    assert answer.status_code == 418


def test_the_app_of_a_client_can_be_asked_for():
    app = make_app()

    assert Client(app).app is app
    assert AsyncClient(app).app is app


def test_a_dependency_is_overridden_for_a_time():
    with Client(make_app()) as client:
        with client.override(season, lambda: "summer"):
            during = client.get("/season").text
        after = client.get("/season").text

    assert (during, after) == ("summer", "winter")


def test_a_provider_is_overridden_for_a_time():
    class StoppedClock(Clock):
        def time(self) -> str:
            return "then"

    with Client(make_app()) as client:
        with client.override(Clock, StoppedClock):
            during = client.get("/time").text
        after = client.get("/time").text

    assert (during, after) == ("then", "now")


def test_settings_are_overridden_before_the_app_is_built():
    app = make_app()

    with app.settings.override(hosts=["shop.example"]), Client(app) as client:
        seen = client.get("/describe/x").json()

    assert seen["host"] == "shop.example"


def test_two_clients_of_one_app_are_two_visitors():
    app = make_app()

    with Client(app) as ann, Client(app) as bob:
        counts = [client.get("/visit").text for client in (ann, ann, bob)]

    assert counts == ["1", "2", "1"]


def test_an_app_can_be_tested_again_and_again():
    app = make_app()
    answers = []

    for _ in range(2):
        with Client(app) as client:
            answers.append(client.get("/").text)

    assert answers == ["hello", "hello"]


def test_a_client_works_while_an_event_loop_is_running():
    async def in_a_loop() -> str:
        with Client(make_app()) as client:
            return client.get("/").text

    assert asyncio.run(in_a_loop()) == "hello"


def test_a_client_that_was_not_entered_says_what_to_write():
    with pytest.raises(GambrelError, match=r"with Client\(app\) as client") as caught:
        Client(make_app()).get("http://localhost/")

    assert caught.value.code == "testing.not-open"


def test_the_wrong_client_on_the_loop_of_the_app_says_what_to_write():
    async def sync_in_async() -> None:
        app = make_app()
        async with AsyncClient(app):
            with Client(app):
                pass

    with pytest.raises(GambrelError, match="AsyncClient") as caught:
        asyncio.run(sync_in_async())

    assert caught.value.code == "testing.same-loop"


def test_an_async_client_gets_what_the_app_answers():
    async def get() -> tuple[str, str]:
        async with AsyncClient(make_app()) as client:
            await client.get("/visit")
            return (await client.get("/")).text, (await client.get("/visit")).text

    assert asyncio.run(get()) == ("hello", "2")


def test_an_async_client_overrides_and_raises_as_the_other():
    async def run() -> str:
        async with AsyncClient(make_app()) as client:
            with client.override(season, lambda: "summer"):
                text = (await client.get("/season")).text
            with pytest.raises(ValueError, match="customer"):
                await client.get("/fail")
            return text

    assert asyncio.run(run()) == "summer"


def test_an_async_client_that_was_not_entered_says_what_to_write():
    with pytest.raises(GambrelError, match="async with AsyncClient") as caught:
        asyncio.run(AsyncClient(make_app()).get("http://localhost/"))

    assert caught.value.code == "testing.not-open"


def test_an_async_client_does_not_reach_over_to_another_loop():
    async def enter(app: App) -> None:
        async with AsyncClient(app):
            pass

    app = make_app()
    with Client(app), pytest.raises(GambrelError) as caught:
        asyncio.run(enter(app))

    assert caught.value.code == "testing.other-loop"


def test_an_app_in_asgi_middleware_is_tested_with_it():
    class Stamp:
        def __init__(self, app: App) -> None:
            self.app = app

        async def __call__(self, scope: Any, receive: Any, send: Callable[..., Awaitable[None]]):
            async def stamped(message: Any) -> None:
                if message["type"] == "http.response.start":
                    message["headers"].append((b"x-stamp", b"1"))
                await send(message)

            await self.app(scope, receive, stamped)

    opened = []
    app = make_app()

    @app.lifespan
    async def opens() -> AsyncIterator[None]:
        opened.append("open")
        yield
        opened.append("closed")

    with Client(Stamp(app)) as client:
        stamp = client.get("/").headers["x-stamp"]
        with pytest.raises(ValueError, match="customer"):
            client.get("/fail")

    assert stamp == "1"
    assert opened == ["open", "closed"]


def test_a_refused_host_is_told(caplog: pytest.LogCaptureFixture):
    with Client(App(hosts=["shop.example"])) as client:
        answer = client.get("http://evil.example/")

    assert answer.status_code == 400
    assert caplog.messages == [
        "host 'evil.example' is refused: none of App(hosts=[...]) or GAMBREL_HOSTS matches"
    ]


def test_a_plain_handler_spawns_a_task_from_its_thread():
    app, done = App(), []

    async def job() -> None:
        done.append("job")

    @app.post("/")
    def start() -> str:
        app.tasks.spawn(job(), grace=5)
        return "started"

    with Client(app) as client:
        assert client.post("/").text == "started"

    assert done == ["job"]
