"""What a handler may return, and what the client gets, on a running app."""

import asyncio
import dataclasses
import datetime
import decimal
import enum
import uuid
from collections.abc import AsyncIterator, Iterable, Iterator
from typing import Annotated, Any

import msgspec
import pytest

from gambrel import (
    HTML,
    App,
    Conflict,
    Depends,
    GambrelError,
    HTTPError,
    NotFound,
    Redirect,
    Request,
    Response,
    Router,
    Text,
    abort,
)
from gambrel.checks import Level
from gambrel.core.binding.result import OFFERS
from gambrel.streams.events import ServerSentEvent
from gambrel.testing import Client


class Hero(msgspec.Struct):
    name: str


class SecretHero(Hero):
    secret: str = "Dive Wilson"


@dataclasses.dataclass
class Point:
    x: int
    y: int


class Colour(enum.Enum):
    RED = "red"


class Everything(msgspec.Struct):
    when: datetime.datetime
    price: decimal.Decimal
    key: uuid.UUID
    colour: Colour
    point: Point


@pytest.mark.parametrize(
    ("value", "kind", "content"),
    [
        ("text", "text/plain; charset=utf-8", b"text"),
        (b"\x00\x01", "application/octet-stream", b"\x00\x01"),
        ({"a": 1}, "application/json", b'{"a":1}'),
        ([1, None], "application/json", b"[1,null]"),
        (Hero("Ada"), "application/json", b'{"name":"Ada"}'),
        (Point(1, 2), "application/json", b'{"x":1,"y":2}'),
        (HTML("<p>"), "text/html; charset=utf-8", b"<p>"),
    ],
)
def test_a_value_becomes_a_response(value: Any, kind: str, content: bytes):
    app = App()

    @app.get("/")
    async def answer() -> Any:
        return value

    with Client(app) as client:
        got = client.get("/")

    assert got.status_code == 200
    assert got.headers["content-type"] == kind
    assert got.content == content


def test_status_and_headers_stand_at_the_route_in_a_tuple_or_on_the_response():
    app = App()

    @app.post("/route", status=201)
    async def route() -> Hero:
        return Hero("Ada")

    @app.get("/tuple")
    async def together():
        return {"ok": True}, 202, {"x-queue": "7"}

    @app.get("/none")
    async def nothing() -> None: ...

    @app.get("/null")
    async def null() -> Hero | None:
        return None

    with Client(app) as client:
        created, queued = client.post("/route"), client.get("/tuple")
        nothing_at_all, null_value = client.get("/none"), client.get("/null")

    assert created.status_code == 201
    assert (queued.status_code, queued.headers["x-queue"]) == (202, "7")
    assert (nothing_at_all.status_code, nothing_at_all.content) == (204, b"")
    assert (null_value.status_code, null_value.content) == (200, b"null")


def test_what_is_not_declared_does_not_leave_the_app():
    app = App()

    @app.get("/annotated")
    async def annotated() -> list[Hero]:
        return [SecretHero("Deadpond")]

    @app.get("/returns", returns=Hero)
    async def returns() -> Any:
        return SecretHero("Deadpond")

    with Client(app) as client:
        answers = [client.get("/annotated").json(), client.get("/returns").json()]

    assert answers == [[{"name": "Deadpond"}], {"name": "Deadpond"}]


def test_json_has_the_usual_types():
    app = App()

    @app.get("/")
    async def everything() -> Everything:
        return Everything(
            datetime.datetime(2026, 1, 2, tzinfo=datetime.UTC),
            decimal.Decimal("1.10"),
            uuid.UUID(int=1),
            Colour.RED,
            Point(1, 2),
        )

    with Client(app) as client:
        answer = client.get("/")

    assert answer.json() == {
        "when": "2026-01-02T00:00:00Z",
        "price": "1.10",
        "key": "00000000-0000-0000-0000-000000000001",
        "colour": "red",
        "point": {"x": 1, "y": 2},
    }


def test_the_client_chooses_between_json_and_msgpack():
    app = App()

    @app.get("/")
    async def hero() -> Hero:
        return Hero("Ada")

    with Client(app) as client:
        packed = client.get("/", headers={"accept": "application/msgpack"})
        refused = client.get("/", headers={"accept": "image/png"})

    assert msgspec.msgpack.decode(packed.content) == {"name": "Ada"}
    assert "accept" in packed.headers["vary"].lower()
    assert refused.status_code == 406


def test_generators_of_both_kinds_stream():
    app = App()

    @app.get("/lines")
    async def lines() -> AsyncIterator[Hero]:
        for name in ("Ada", "Bob"):
            yield Hero(name)

    @app.get("/text")
    def text() -> Iterator[str]:
        yield "one "
        yield "two"

    with Client(app) as client:
        typed, plain = client.get("/lines"), client.get("/text")

    assert typed.headers["content-type"].startswith("application/jsonl")
    assert typed.text == '{"name":"Ada"}\n{"name":"Bob"}\n'
    assert plain.headers["content-type"].startswith("text/plain")
    assert plain.text == "one two"


def test_a_redirect_is_303_unless_told_otherwise():
    app = App()

    @app.post("/usual")
    async def usual() -> Redirect:
        return Redirect("/done")

    @app.post("/again")
    async def again() -> Redirect:
        return Redirect("/done", status=308)

    with Client(app) as client:
        answers = [client.post("/usual"), client.post("/again")]

    assert [answer.status_code for answer in answers] == [303, 308]
    assert answers[0].headers["location"] == "/done"


def test_every_error_is_a_problem_for_programs_and_a_page_for_people():
    app = App()

    @app.get("/conflict")
    async def conflict() -> None:
        raise Conflict("There is one already.")

    @app.get("/teapot")
    async def teapot() -> None:
        abort(418, "Short and stout.")

    with Client(app) as client:
        problem, unnamed = client.get("/conflict"), client.get("/teapot")
        page = client.get("/conflict", headers={"accept": "text/html"})

    assert problem.headers["content-type"] == "application/problem+json"
    assert problem.json()["detail"] == "There is one already."
    assert (unnamed.status_code, unnamed.json()["status"]) == (418, 418)
    assert page.headers["content-type"].startswith("text/html")
    assert "There is one already." in page.text


def test_errors_are_answered_by_the_app_or_the_group_they_come_from():
    app = App()

    async def in_group(request: Request, error: LookupError) -> Text:
        return Text("group", status=410)

    @app.on_error(LookupError)
    async def in_app(request: Request, error: LookupError) -> Text:
        return Text("app", status=404)

    group = Router("/group", errors={LookupError: in_group})

    async def fails() -> str:
        raise KeyError("gone")

    app.add("/fails", fails)
    group.add("/fails", fails)
    app.include(group)

    with Client(app) as client:
        answers = [client.get("/fails"), client.get("/group/fails")]

    assert [(a.status_code, a.text) for a in answers] == [(404, "app"), (410, "group")]


def test_a_group_answers_for_what_is_missed_below_its_prefix():
    def saying(word: str) -> Any:
        async def answer(request: Request, error: HTTPError) -> Text:
            return Text(f"{word} {error.status}", status=error.status)

        return answer

    app = App()
    shop = Router("/{lang}/shop", errors={404: saying("shop"), 405: saying("shop")})
    admin = Router("/admin", errors={404: saying("admin")})
    old = Router("/old", version="1", errors={HTTPError: saying("old")})

    @shop.get("/cart")
    async def cart(lang: str) -> str:
        return lang

    @old.get("/cart")
    async def old_cart() -> str:
        return "old"

    shop.include(admin)
    app.include(shop)
    app.include(old)

    paths = ["/en/shop/x", "/en/shop", "/en/shop/admin/x", "/v1/old/x", "/old/x", "/en/shopping/x"]
    with Client(app) as client:
        missed = [client.get(path, headers={"accept": "text/plain"}) for path in paths]
        wrong_method = client.post("/en/shop/cart")

    assert [answer.status_code for answer in missed] == [404] * 6
    said = [answer.text.partition(" ")[0] for answer in missed[:4]]
    assert said == ["shop", "shop", "admin", "old"]
    assert all("Not Found" in answer.text for answer in missed[4:])
    assert wrong_method.text == "shop 405"


def test_work_after_the_answer_is_done_when_the_last_byte_is_out():
    done: list[str] = []
    app = App()

    async def write(line: str) -> None:
        done.append(line)

    @app.get("/")
    async def home() -> Response:
        response = Text("sent")
        response.on_close(lambda: done.append("plain"))
        response.on_close(lambda: write("waited"))
        done.append("handler")
        return response

    with Client(app) as client:
        answer = client.get("/")

    assert answer.text == "sent"
    assert done == ["handler", "plain", "waited"]


def test_a_dependency_sets_headers_cookies_and_callbacks_of_the_answer():
    closed: list[str] = []
    app = App()

    def mark(response: Response) -> None:
        response.headers["x-mark"] = "1"
        response.set_cookie("seen", "yes")
        response.on_close(lambda: closed.append("closed"))

    @app.get("/", dependencies=[Depends(mark)])
    async def home(response: Response) -> dict[str, int]:
        response.status = 203
        return {"a": 1}

    with Client(app) as client:
        answer = client.get("/")

    assert answer.status_code == 203
    assert answer.headers["x-mark"] == "1"
    assert answer.cookies["seen"] == "yes"
    assert closed == ["closed"]


@pytest.mark.parametrize("offers", [True, False])
def test_an_early_hint_goes_through_a_server_that_offers_it(offers: bool):
    app = App()

    @app.get("/")
    async def home(request: Request) -> str:
        await request.hint("</a.css>; rel=preload; as=style")
        return "page"

    sent: list[Any] = []
    scope = {
        "type": "http",
        "method": "GET",
        "path": "/",
        "query_string": b"",
        "headers": [(b"host", b"localhost")],
        "extensions": {"http.response.early_hint": {}} if offers else None,
    }

    async def receive() -> Any:
        return {"type": "http.request"}

    async def send(message: Any) -> None:
        sent.append(message)

    async def run() -> None:
        async with app.running():
            await app(scope, receive, send)

    asyncio.run(run())

    early = {"type": "http.response.early_hint", "links": [b"</a.css>; rel=preload; as=style"]}
    assert [one for one in sent if one["type"] == "http.response.early_hint"] == [early] * offers
    assert sent[-1]["body"] == b"page"


def test_a_hint_that_would_break_its_line_is_refused():
    app = App()

    @app.get("/")
    async def home(request: Request) -> None:
        await request.hint("</a>\r\nset-cookie: a=1")

    with Client(app, raise_server_errors=False) as client:
        answer = client.get("/")

    assert answer.status_code == 500


def test_whatever_the_request_carries_can_change_the_answer():
    app = App()

    async def deep_inside(request: Request) -> str:
        request.draft.headers["x-deep"] = "yes"
        return "deep"

    @app.get("/")
    async def home(value: Annotated[str, Depends(deep_inside)]) -> Text:
        return Text(value)

    with Client(app) as client:
        answer = client.get("/")

    assert (answer.text, answer.headers["x-deep"]) == ("deep", "yes")


@pytest.mark.parametrize(
    ("declared", "annotation", "media_types"),
    [
        (HTML | Redirect, None, ("text/html",)),
        (Hero | Redirect, Hero, OFFERS),
        (str, str, ("text/plain",)),
        (bytes, bytes, ("application/octet-stream",)),
        (AsyncIterator[Hero], Hero, ("application/jsonl",)),
        (Iterable[Hero], list[Hero], OFFERS),
        (Iterator[str], None, ("text/plain",)),
        (AsyncIterator[ServerSentEvent], None, ("text/event-stream",)),
    ],
)
def test_whatever_a_handler_may_return_can_be_documented(declared, annotation, media_types):
    app = App()

    async def show() -> Any: ...

    show.__annotations__ = {"return": declared}
    app.get("/shown")(show)
    (operation,) = [each for each in app.operations() if each.path == "/shown"]

    assert [problem for problem in app.problems() if problem.level >= Level.ERROR] == []
    assert operation.responses[200].annotation == annotation
    assert operation.responses[200].media_types == media_types


# What does not fit ----------------------------------------------------------------------------


class Item(msgspec.Struct):
    id: int
    name: str = ""


def returning(value: Any, returns: Any, **options: Any) -> App:
    app = App(**options)

    async def show() -> Any:
        return value

    app.add("/", show, returns=returns)
    return app


@pytest.mark.parametrize("debug", [False, True])
@pytest.mark.parametrize(
    ("returns", "value"),
    [
        (Item, {"name": "a"}),
        (Item, {"id": "one"}),
        (Item, None),
        (Item, "text"),
        (Item | None, {"id": None}),
        (list[Item], None),
        (list[Item], [Item(1), None]),
        (dict[str, Item], {"a": {"id": "one"}}),
        (int, "text"),
        (int, None),
        (list[int], None),
        (str, None),
        (str, b"octets"),
        (bytes, "text"),
        (HTML, "<p>"),
        (type(None), Item(1)),
        (datetime.date, "tomorrow"),
    ],
)
def test_what_is_not_of_the_declared_type_is_an_error_and_not_sent(debug, returns, value, caplog):
    with Client(returning(value, returns, debug=debug), raise_server_errors=False) as client:
        answer = client.get("/")

    assert answer.status_code == 500
    (record,) = [record for record in caplog.records if record.levelname == "ERROR"]
    told = str(record.exc_info[1])
    assert "[binding.wrong-value]" in told
    assert "integration/test_responses.py:" in told
    assert "hint: declare it" in told if value is None else "hint: return" in told


@pytest.mark.parametrize(
    ("returns", "make", "hint"),
    [
        (Item, lambda: (Item(1), 201), "say the status at the route, `status=201`"),
        (str, lambda: ("text", 201), "say the status at the route, `status=201`"),
        (Item, lambda: NotFound("none"), "raise it: `raise NotFound(...)`"),
        (None, lambda: NotFound("none"), "raise it: `raise NotFound(...)`"),
        (Item, lambda: None, "declare it, `-> T | None`, or raise NotFound"),
    ],
)
def test_habits_of_other_frameworks_are_told_what_to_write(returns, make, hint, caplog):
    app = App()

    async def show() -> Any:
        return make()

    app.add("/", show, returns=returns)

    with Client(app, raise_server_errors=False) as client:
        assert client.get("/").status_code == 500
    (record,) = [record for record in caplog.records if record.levelname == "ERROR"]
    assert f"hint: {hint}" in str(record.exc_info[1])
    assert "integration/test_responses.py:" in str(record.exc_info[1])


class Plain:
    pass


@pytest.mark.parametrize("returns", [Plain, list[Plain]])
def test_a_type_that_cannot_be_sent_is_told_with_its_handler(returns):
    async def show() -> Any: ...

    app = App()
    app.add("/", show, returns=returns)

    with pytest.raises(GambrelError, match=r"show returns .*: Plain cannot be bound") as caught:
        app.build()
    assert "integration/test_responses.py:" in caught.value.where


@pytest.mark.parametrize(
    ("returns", "value"), [(list[int], [1, "2"]), (dict[str, int], {"a": None})]
)
def test_plain_values_in_containers_are_looked_at_while_debugging(returns, value):
    with Client(returning(value, returns, debug=True), raise_server_errors=False) as client:
        assert client.get("/").status_code == 500
    with Client(returning(value, returns)) as client:
        assert client.get("/").status_code == 200


@pytest.mark.parametrize(
    ("returns", "value", "body"),
    [
        (Item, {"id": 1, "secret": 2}, {"id": 1, "name": ""}),
        (list[Item], ({"id": 1}, Item(2)), [{"id": 1, "name": ""}, {"id": 2, "name": ""}]),
        (Item | None, None, None),
        (float, 1, 1),
        (list[int], (1, 2), [1, 2]),
        (dict[str, float], {"a": 1}, {"a": 1}),
        (datetime.date, datetime.date(2026, 1, 31), "2026-01-31"),
    ],
)
@pytest.mark.parametrize("debug", [False, True])
def test_what_fits_is_sent(debug, returns, value, body):
    with Client(returning(value, returns, debug=debug)) as client:
        assert client.get("/").json() == body
