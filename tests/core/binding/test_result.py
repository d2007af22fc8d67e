import enum
from collections.abc import AsyncIterable, AsyncIterator, Iterable, Iterator, Sequence
from typing import Annotated, Any, ClassVar

import msgspec
import pydantic
import pytest

from gambrel.core.app.app import App
from gambrel.core.binding.result import Result
from gambrel.core.binding.signature import REQUIRED
from gambrel.core.http.errors import GambrelError
from gambrel.core.http.request import Request
from gambrel.core.http.response import HTML, JSON, Redirect, Response, Stream
from tests.core.harness import Answer, ask


class Ticks(Stream):
    media_type = "application/ticks"

    def __init__(self, ticks):
        super().__init__(tick.text for tick in ticks)


class Tick(msgspec.Struct):
    sent_as: ClassVar = Ticks

    text: str


class Hero(msgspec.Struct):
    name: str


class SecretHero(Hero):
    secret: str = "hidden"


class Team(msgspec.Struct):
    heroes: list[Hero]
    lead: Hero | None = None


class Model(pydantic.BaseModel):
    name: str


class SecretModel(Model):
    secret: str = "hidden"


class Colour(enum.Enum):
    RED = "red"


SECRET = SecretHero("ann")


def answer_to(value: Any, returns: Any = None, accept: str = "", **options: Any) -> Answer:
    """Return the answer of a handler that declares `returns` and returns `value`."""

    async def handle():
        return value() if callable(value) else value

    if returns is not None:
        handle.__annotations__["return"] = returns
    app = App()
    app.add("/", handle, **options)
    return ask(app, "GET", "/", {"accept": accept} if accept else None)


# What a value becomes -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("returns", "value", "status", "media_type", "body"),
    [
        (str, "héllo", 200, "text/plain; charset=utf-8", "héllo".encode()),
        (bytes, b"\x00\xff", 200, "application/octet-stream", b"\x00\xff"),
        (int, 5, 200, "application/json", b"5"),
        (float, 1, 200, "application/json", b"1"),
        (bool, True, 200, "application/json", b"true"),
        (list[int], [1, 2], 200, "application/json", b"[1,2]"),
        (tuple[int, int], (1, 2), 200, "application/json", b"[1,2]"),
        (dict[str, int], {"a": 1}, 200, "application/json", b'{"a":1}'),
        (Colour, Colour.RED, 200, "application/json", b'"red"'),
        (Hero, Hero("ann"), 200, "application/json", b'{"name":"ann"}'),
        (Hero | None, None, 200, "application/json", b"null"),
        (str | None, "text", 200, "application/json", b'"text"'),
        (str | None, None, 200, "application/json", b"null"),
        (Any, {"a": None}, 200, "application/json", b'{"a":null}'),
        (Any, "text", 200, "text/plain; charset=utf-8", b"text"),
        (object, {"a": None}, 200, "application/json", b'{"a":null}'),
        (object, "text", 200, "text/plain; charset=utf-8", b"text"),
        (object, None, 204, None, b""),
        (dict[str, object], {"a": [1]}, 200, "application/json", b'{"a":[1]}'),
        (None, "text", 200, "text/plain; charset=utf-8", b"text"),
        (None, b"octets", 200, "application/octet-stream", b"octets"),
        (None, bytearray(b"octets"), 200, "application/octet-stream", b"octets"),
        (None, [1], 200, "application/json", b"[1]"),
        (None, None, 204, None, b""),
        (type(None), None, 204, None, b""),
        (Annotated[str, "note"], "text", 200, "text/plain; charset=utf-8", b"text"),
    ],
)
def test_a_value_is_sent_as_its_declared_type(returns, value, status, media_type, body):
    answer = answer_to(lambda: value, returns)

    assert (answer.status, answer.header("content-type"), answer.body) == (status, media_type, body)


@pytest.mark.parametrize("returns", [None, Response, Hero, str, Hero | Response], ids=repr)
def test_a_response_is_sent_as_it_is(returns):
    answer = answer_to(lambda: HTML("<p>", 201, {"x-a": "b"}), returns)

    assert (answer.status, answer.header("x-a"), answer.body) == (201, "b", b"<p>")


@pytest.mark.parametrize(
    ("options", "returns", "value", "status"),
    [
        ({"status": 201}, Hero, Hero("a"), 201),
        ({"status": 202}, str, "text", 202),
        ({"status": 205}, type(None), None, 205),
        ({"status": 202}, None, None, 202),
        ({"status": 201}, None, {"a": 1}, 201),
        ({"status": 201}, AsyncIterator[Tick], lambda: iter([Tick("a")]), 201),
    ],
)
def test_the_status_is_that_of_the_route(options, returns, value, status):
    assert answer_to(value, returns, **options).status == status


@pytest.mark.parametrize(
    ("value", "status", "headers", "body"),
    [
        (("text", 418), 418, {}, b"text"),
        (({"a": 1}, 201, {"x-a": "b"}), 201, {"x-a": "b"}, b'{"a":1}'),
        (({"a": 1}, 201, [("x-a", "b")]), 201, {"x-a": "b"}, b'{"a":1}'),
        ((None, 404), 404, {}, b""),
        ((1, 2), 200, {}, b"[1,2]"),
        ((1, True), 200, {}, b"[1,true]"),
        ((1, 999), 200, {}, b"[1,999]"),
        ((1, 200, 3), 200, {}, b"[1,200,3]"),
        ((1, 200, {}, 4), 200, {}, b"[1,200,{},4]"),
    ],
)
def test_a_tuple_says_status_and_headers_where_nothing_is_declared(value, status, headers, body):
    answer = answer_to(lambda: value)

    assert (answer.status, answer.body) == (status, body)
    assert headers.items() <= dict(answer.headers).items()


# Nothing undeclared leaks ---------------------------------------------------------------------


@pytest.mark.parametrize(
    ("returns", "value"),
    [
        (Hero, SECRET),
        (Hero | None, SECRET),
        (Hero | Redirect, SECRET),
        (Hero | Response | None, SECRET),
        (list[Hero], [SECRET]),
        (Sequence[Hero], [SECRET]),
        (Iterable[Hero], [SECRET]),
        (dict[str, Hero], {"a": SECRET}),
        (tuple[Hero, ...], (SECRET,)),
        (Team, Team([SECRET], SECRET)),
        (Model, SecretModel(name="ann")),
        (list[Model], [SecretModel(name="ann")]),
        (AsyncIterator[Hero], lambda: async_items(SECRET)),
        (AsyncIterable[Hero], lambda: async_items(SECRET)),
        (Iterator[Hero], lambda: iter([SECRET])),
        (Iterable[Hero], lambda: iter([SECRET])),
        (Iterator[Model], lambda: iter([SecretModel(name="ann")])),
    ],
    ids=lambda value: getattr(value, "__name__", repr(value)),
)
@pytest.mark.parametrize("accept", ["application/json", "application/msgpack"])
def test_a_field_that_is_not_declared_never_leaks(returns, value, accept):
    answer = answer_to(value if callable(value) else lambda: value, returns, accept)

    assert answer.status == 200
    assert b"ann" in answer.body
    assert b"hidden" not in answer.body


async def async_items(*values: Any) -> AsyncIterator[Any]:
    for value in values:
        yield value


def test_the_route_may_declare_another_type_than_the_function():
    async def handle() -> SecretHero:
        return SECRET

    app = App()
    app.add("/", handle, returns=Hero)

    assert ask(app).body == b'{"name":"ann"}'


@pytest.mark.parametrize(
    ("returns", "value"),
    [
        (type(None), SECRET),
        (str, SECRET),
        (bytes, SECRET),
        (str, None),
        (int, SECRET),
        (Response, SECRET),
        (Redirect, {"a": 1}),
    ],
)
def test_a_value_of_quite_another_type_is_an_error(returns, value, caplog):
    answer = answer_to(lambda: value, returns)

    assert answer.status == 500
    assert b"hidden" not in answer.body
    assert "[binding.wrong-value]" in caplog.text


# Streams --------------------------------------------------------------------------------------


async def words() -> AsyncIterator[Any]:
    yield "a"
    yield b"b"


def plain_words() -> Iterator[Any]:
    yield "a"
    yield b"b"


@pytest.mark.parametrize("make", [words, plain_words])
@pytest.mark.parametrize(
    ("returns", "media_type"),
    [
        (None, "text/plain; charset=utf-8"),
        (AsyncIterator[object], "text/plain; charset=utf-8"),
        (AsyncIterator[str], "text/plain; charset=utf-8"),
        (AsyncIterator[str | bytes], "text/plain; charset=utf-8"),
        (AsyncIterator[bytes], "application/octet-stream"),
        (Iterator, "text/plain; charset=utf-8"),
    ],
)
def test_a_generator_of_text_or_bytes_streams_them_as_they_are(make, returns, media_type):
    answer = answer_to(make, returns)

    assert (answer.header("content-type"), answer.body) == (media_type, b"ab")


def test_a_handler_may_be_a_generator():
    async def handle() -> AsyncIterator[Hero]:
        yield SECRET
        yield Hero("bob")

    def handle_plain() -> Iterator[str]:
        yield "a"

    app = App()
    app.add("/", handle)
    app.add("/plain", handle_plain)

    answer = ask(app)
    assert answer.body == b'{"name":"ann"}\n{"name":"bob"}\n'
    assert answer.header("content-type") == "application/jsonl"
    assert ask(app, "GET", "/plain").body == b"a"


@pytest.mark.parametrize("item", [Tick, Tick | str])
def test_a_type_may_say_how_streams_of_it_are_sent(item):
    answer = answer_to(lambda: iter([Tick("a"), Tick("b")]), AsyncIterator[item])

    assert answer.header("content-type") == "application/ticks"
    assert answer.body == b"ab"


# Negotiation ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("accept", "media_type"),
    [
        ("", "application/json"),
        ("*/*", "application/json"),
        ("application/*", "application/json"),
        ("application/json, application/msgpack", "application/json"),
        ("application/msgpack", "application/msgpack"),
        ("application/msgpack, application/json;q=0.5", "application/msgpack"),
        ("application/json;q=0, */*", "application/msgpack"),
        ("text/html, */*;q=0.1", "application/json"),
    ],
)
def test_json_or_msgpack_is_what_the_client_prefers(accept, media_type):
    answer = answer_to(lambda: Hero("ann"), Hero, accept)

    decode = msgspec.json.decode if media_type == "application/json" else msgspec.msgpack.decode
    assert answer.header("content-type") == media_type
    assert decode(answer.body) == {"name": "ann"}
    assert answer.header("vary") == "accept"


@pytest.mark.parametrize("accept", ["text/html", "image/*", "application/json;q=0", "*/*;q=0"])
def test_a_client_that_takes_neither_is_told_so(accept):
    assert answer_to(lambda: Hero("ann"), Hero, accept).status == 406


def test_text_pages_and_responses_are_not_negotiated():
    assert answer_to(lambda: "text", str, "application/json").body == b"text"
    assert answer_to(lambda: JSON([1]), Response, "text/html").body == b"[1]"


# The draft ------------------------------------------------------------------------------------


def drafted(change: Any, value: Any = "text", **options: Any) -> Answer:
    async def handle(response: Response):
        change(response)
        return value

    app = App()
    app.add("/", handle, **options)
    return ask(app)


def test_what_is_set_on_the_draft_is_laid_over_the_answer():
    def change(response: Response) -> None:
        response.headers["x-a"] = "1"
        response.headers["content-type"] = "text/markdown"
        response.set_cookie("k", "v")
        response.set_cookie("l", "w")

    answer = drafted(change)

    assert answer.header("content-type") == "text/markdown"
    assert answer.header("x-a") == "1"
    assert len([1 for name, _ in answer.headers if name == "set-cookie"]) == 2


def test_several_lines_of_one_field_stay_and_vary_adds_up():
    def change(response: Response) -> None:
        response.headers.add("link", "</a>")
        response.headers.add("link", "</b>")
        response.headers.add("vary", "cookie")

    answer = drafted(change, {"a": 1})

    assert [value for name, value in answer.headers if name == "link"] == ["</a>", "</b>"]
    assert [value for name, value in answer.headers if name == "vary"] == ["accept", "cookie"]


@pytest.mark.parametrize(("route", "wanted"), [({}, 202), ({"status": 201}, 200)])
def test_a_status_that_was_set_holds_and_one_that_was_not_is_the_routes(route, wanted):
    seen: list[int] = []

    def set_status(response: Response) -> None:
        seen.append(response.status)
        response.status = wanted

    assert drafted(set_status, **route).status == wanted
    assert seen[0] == route.get("status", 200)
    assert drafted(lambda _: None, **route).status == route.get("status", 200)


def test_the_draft_holds_for_responses_too_and_its_callbacks_run():
    closed: list[str] = []

    def change(response: Response) -> None:
        response.headers["x-a"] = "1"
        response.on_close(lambda: closed.append("closed"))

    answer = drafted(change, HTML("<p>", 203))

    assert (answer.status, answer.header("x-a")) == (203, "1")
    assert closed == ["closed"] * 2  # once per way of asking


def test_a_draft_is_left_out_of_errors():
    async def handle(request: Request, response: Response) -> str:
        response.headers["x-a"] = "1"
        return str(1 // 0)

    app = App()
    app.add("/", handle)

    answer = ask(app)
    assert (answer.status, answer.header("x-a")) == (500, None)


class Late(Response):
    """A response that is completed when its request is known, as a file is."""

    __slots__ = ("path",)

    def __init__(self, path: str) -> None:
        super().__init__(b"")
        self.path = path

    async def for_request(self, method: str, headers: Any) -> Response:
        return Response(self.path.encode())


def test_a_late_response_is_passed_on():
    async def handle() -> Late:
        return Late("a.txt")

    app = App()
    app.add("/", handle)
    app.build()

    assert app.routes[0].endpoint.plan.result.declared is Any


class OnDemand(Response):
    """A response that is made once its request is known, as a page is."""

    def answer_to(self, request: Any) -> Response:
        return Response(request.path.encode())


def test_a_response_made_for_its_request_is_made_within_the_boundary():
    app = App()

    @app.get("/made")
    async def made() -> OnDemand:
        return OnDemand()

    answer = ask(app, "GET", "/made")

    assert (answer.status, answer.body) == (200, b"/made")


# What is known at start-up --------------------------------------------------------------------


def result_of(returns: Any) -> Result:
    return Result(returns, None, lambda status, media_type, *pairs: (status, media_type))


@pytest.mark.parametrize(
    ("returns", "fast"),
    [
        (str, str),
        (int, int),
        (dict[str, int], dict),
        (list[Hero], list),
        (Hero, Hero),
        (Hero | Redirect, Hero),
        (Hero | None, None),
        (Any, None),
        (bytes, None),
        (Response, None),
        (AsyncIterator[Hero], None),
    ],
)
def test_the_class_of_values_that_need_no_look_is_known(returns, fast):
    assert result_of(returns).fast_type is fast


@pytest.mark.parametrize("returns", [REQUIRED, Any, str, dict, Response, None])
def test_a_coroutine_that_nobody_awaited_names_the_handler(returns):
    async def load() -> str: ...

    made = Result(returns, None, lambda *_: ("head",), "show", "app.py:7")
    unasked: Any = None

    with pytest.raises(GambrelError) as caught:
        made.to_response(unasked, load())

    assert (caught.value.code, caught.value.where) == ("binding.forgotten-await", "app.py:7")
    assert "show" in caught.value.what
    assert caught.value.hint.startswith("write `await load(...)`")


@pytest.mark.parametrize("constant", [HTML("<p>"), Late("a.txt"), Redirect("/a")])
@pytest.mark.parametrize("is_tuple", [False, True])
def test_a_response_that_is_returned_again_keeps_nothing_of_the_request_before(constant, is_tuple):
    before = constant.status, list(constant.headers.pairs())
    app = App()

    @app.get("/")
    async def root(response: Response) -> Any:
        response.set_cookie("session", "secret")
        response.on_close(lambda: None)
        return (constant, 404, {"a": "b"}) if is_tuple else constant

    ask(app)

    assert (constant.status, constant.headers.pairs()) == before
    assert constant.callbacks == []
