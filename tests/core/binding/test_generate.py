import asyncio
import enum
import inspect
import json
from collections.abc import AsyncIterator, Callable
from datetime import date
from typing import Annotated, Any
from uuid import UUID

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gambrel.core.app.app import App
from gambrel.core.binding.generate import generate
from gambrel.core.binding.markers import Body, Cookie, File, Form, Header, Path, Query
from gambrel.core.http.bodies.forms import Upload
from gambrel.core.http.errors import NotFound
from gambrel.core.http.headers import Headers
from gambrel.core.http.request import Request
from gambrel.core.http.response import Redirect, Response
from gambrel.core.routing.route import Route
from tests.core.binding.reference import plain_endpoint
from tests.core.harness import MULTIPART, Answer, Pieces, ask, make_request, read, shown


class Colour(enum.Enum):
    RED = "red"
    BLUE = "blue"


class Item(msgspec.Struct):
    name: str
    size: Annotated[int, msgspec.Meta(ge=1)] = 1


class Secretive(Item):
    secret: str = "hidden"


class Filters(msgspec.Struct, forbid_unknown_fields=True):
    q: str
    n: int = 3


# Handlers of every shape, which show what they were given -------------------------------------


async def everything(
    key: int,
    q: str,
    n: int = 5,
    ratio: float | None = None,
    on: bool = False,
    tags: list[str] = [],  # noqa: B006 - copied for every request
    colour: Colour | None = None,
) -> list[Any]:
    return [key, q, n, ratio, on, tags, colour]


def everything_sync(key: int, q: str | None = None, n: int | None = None, on: bool = True) -> str:
    return repr((key, q, n, on))


async def item(key: int, item: Item) -> Item:
    return Secretive(item.name, item.size)


async def maybe_item(key: str, item: Item | None = None, note: str = "none") -> Item | None:
    return item


async def two_bodies(
    key: str, item: Item, count: Annotated[int, Body()] = 2, *, q: int = 0
) -> dict[str, Any]:
    return {"item": item, "count": count, "q": q}


async def raw(key: str, body: Annotated[bytes, Body()]) -> bytes:
    return body


def plain(key: str, item: Item, /, q: int = 1) -> list[Item]:
    return [item] * q


async def headers(
    key: str,
    x_token: Annotated[UUID, Header()],
    day: Annotated[date | None, Header(alias="x-day")] = None,
    colour: Annotated[Colour, Cookie()] = Colour.RED,
) -> dict[str, Any]:
    return {"token": x_token, "day": day, "colour": colour}


async def struct_in_query(key: str, filters: Annotated[Filters, Query()]) -> Filters:
    return filters


async def form(key: str, q: Annotated[str, Form()], n: Annotated[int, Form()] = 1) -> list[Any]:
    return [q, n]


async def upload(
    key: str, file: Annotated[Upload, File(max_size=4)], q: Annotated[str, Form()] = ""
):
    return {"name": file.filename, "size": file.size, "q": q}


async def draft(key: str, q: str, response: Response) -> dict[str, str]:
    response.status = 202
    response.headers["x-q"] = "seen"
    return {"q": q}


async def fails(key: int, q: str = "") -> Item | Redirect:
    match q:
        case "":
            raise NotFound("no such thing")
        case "go":
            return Redirect("/there")
        case "zero":
            return key // 0
    return Secretive("named")


async def stream(key: str, q: str = "x") -> AsyncIterator[Item]:
    yield Secretive(q)


async def undeclared(key: str, q: str = "text", n: int = 0):
    return [q, q.encode(), None, {"q": q}, (q, 418), ({"q": q}, 201, {"x-n": "1"}), (1, 2)][n % 7]


async def nothing(key: str, q: bool = False) -> None:
    return None


async def constrained(
    key: Annotated[int, msgspec.Meta(ge=3, le=9)],
    q: Annotated[str, msgspec.Meta(min_length=2)] = "ab",
) -> str:
    return f"{key} {q}"


async def aliased(
    number: Annotated[int, Path(alias="key")],
    what: Annotated[str, Query(alias="q")],
    request: Request,
    head: Headers,
) -> str:
    return f"{number} {what} {request.method} {head['host']}"


HANDLERS: list[Callable[..., Any]] = [
    everything,
    everything_sync,
    item,
    maybe_item,
    two_bodies,
    raw,
    plain,
    headers,
    struct_in_query,
    form,
    upload,
    draft,
    fails,
    stream,
    undeclared,
    nothing,
    constrained,
    aliased,
]

# Requests, good and bad -----------------------------------------------------------------------

WORDS = "1,0,-1,3,007,1.5,1e3,nan,true,off,red,go,zero,null,%41,a+b,%C3%A9,%FF,%00,%2F,é,ab"
words = st.sampled_from(["", *WORDS.split(","), "9" * 20, "x" * 300])
names = st.sampled_from(["q", "n", "on", "ratio", "tags", "colour", "%71", "other", "", "item"])
queries = st.lists(st.tuples(names, words), max_size=5).map(
    lambda pairs: "&".join(f"{name}={value}" for name, value in pairs)
)
values = st.recursive(
    st.none() | st.booleans() | st.integers(-3, 3) | st.sampled_from(["a", "", 2**70, 1.5]),
    lambda inner: (
        st.lists(inner, max_size=2)
        | st.dictionaries(
            st.sampled_from(["name", "size", "item", "count", "secret"]), inner, max_size=3
        )
    ),
    max_leaves=5,
)
items = st.fixed_dictionaries({"name": st.text(max_size=3)}, optional={"size": st.integers(0, 2)})
documents = items | values | st.fixed_dictionaries({"item": items}, optional={"count": values})
PART = b'--B\r\nContent-Disposition: form-data; name="file"; filename="a"\r\n\r\n%b\r\n--B--\r\n'
encoded = st.one_of(
    documents.map(lambda value: json.dumps(value).encode()),
    documents.filter(lambda v: "1180591620717411303424" not in str(v)).map(msgspec.msgpack.encode),
    st.sampled_from([b"", b"{", b"[", b'{"name":"\xff"}', b"q=1&n=2", b"name=a&size=2", b"null"]),
    st.sampled_from([PART % content for content in (b"", b"1234", b"12345")]),
)
media_types = st.sampled_from(
    [
        "",
        "application/json",
        "application/json; charset=utf-8",
        "Application/JSON",
        "application/vnd.api+json",
        "application/msgpack",
        "application/x-www-form-urlencoded",
        "multipart/form-data",
        "text/plain",
        "nonsense",
        MULTIPART,
    ]
)
accepts = st.sampled_from(
    [
        "",
        "*/*",
        "application/*",
        "application/json",
        "application/msgpack",
        "application/msgpack, application/json;q=0.5",
        "application/json;q=0",
        "*/*;q=0",
        "text/html",
        "a/b/c",
    ]
)
tokens = st.sampled_from(["", "x", "0e1a2b3c-0000-4000-8000-000000000000"])


@st.composite
def requests(draw) -> dict[str, Any]:
    headers = {
        "content-type": draw(media_types),
        "accept": draw(accepts),
        "x-token": draw(tokens),
        "x-day": draw(st.sampled_from(["", "2024-02-29", "2023-02-29"])),
        "cookie": draw(st.sampled_from(["", "colour=blue", "colour=", "colour=blue; colour=red"])),
    }
    body = draw(encoded)
    return {
        "target": f"/{draw(words) or '5'}?{draw(queries)}",
        "headers": {name: value for name, value in headers.items() if value},
        "body": body,
        "is_whole": draw(st.booleans()),
    }


async def run(endpoint: Callable[[Request], Any], request: Request, plan: Any) -> Answer:
    """Run an endpoint as the pipeline does."""
    is_coroutine = inspect.iscoroutinefunction(endpoint)
    if not is_coroutine and not plan.is_ready(request):
        try:
            await plan.load(request)
        except Exception as error:
            return await read(await plan.context.failed(request, error))
    answer = endpoint(request)
    return await read(answer if isinstance(answer, Response) else await answer)


async def both(app: App, handler: Callable[..., Any], given: dict[str, Any]) -> list[Any]:
    route = next(r for r in app.routes if r.handler is handler)
    plan = route.endpoint.plan
    outcomes = []
    for make in (generate, plain_endpoint):
        body = given["body"] if given["is_whole"] else Pieces(given["body"])
        request = make_request(app, "POST", given["target"], given["headers"], body=body)
        matched, request.params = app.build().match(
            "POST", f"/{handler.__name__}{request.raw_path}"
        )
        if not isinstance(matched, Route):
            return []
        request.endpoint = route.endpoint
        outcomes.append(shown(await run(make(plan), request, plan)))
    return outcomes


@pytest.fixture(scope="module")
def app() -> App:
    app = App()
    for handler in HANDLERS:
        app.add(f"/{handler.__name__}/{{key}}", handler, ["POST"])
    app.build()
    return app


@pytest.mark.parametrize("handler", HANDLERS, ids=lambda handler: handler.__name__)
@given(requests())
def test_generated_code_answers_as_the_closures_do(app, handler, given):
    outcomes = asyncio.run(both(app, handler, given))

    assert outcomes[:1] == outcomes[1:]


def source_of(handler: Callable[..., Any], path: str = "/", **options: Any) -> str:
    app = App()
    app.add(path, handler, **options)
    return app.routes[0].endpoint.call.__source__


def test_the_source_can_be_read():
    async def hello(name: str) -> str:
        await asyncio.sleep(0)
        return f"Hello, {name}!"

    assert source_of(hello, "/{name}").splitlines() == [
        "async def endpoint(request):",
        "    try:",
        "        arg_name = request.params['name']",
        "    except (Exception, SystemExit) as error:",
        "        return await failed(request, diagnose(request, error))",
        "    try:",
        "        result = await handler(arg_name)",
        "        if result.__class__ is str:",
        "            return Reply(baked, result.encode())",
        "        return respond(request, result)",
        "    except (Exception, SystemExit) as error:",
        "        return await failed(request, error)",
    ]


def test_a_handler_that_cannot_wait_is_run_without_a_task():
    async def hello() -> str:
        return "Hello"

    assert source_of(hello, "/").splitlines() == [
        "def endpoint(request):",
        "    try:",
        "        result = runner.run(handler())",
        "        if result.__class__ is str:",
        "            return Reply(baked, result.encode())",
        "        return respond(request, result)",
        "    except BaseException as error:",
        "        return failed(request, runner.failed(error))",
    ]


def test_an_error_in_generated_code_shows_its_line(app):
    async def broken() -> str:
        raise ValueError("here")

    seen: list[BaseException] = []
    small = App()
    small.add("/", broken)

    @small.on_error(ValueError)
    async def keep(request: Request, error: ValueError) -> Response:
        seen.append(error)
        return Response()

    ask(small)

    lines = inspect.getinnerframes(seen[0].__traceback__)
    assert "result = runner.run(handler())\n" in [
        (info.code_context or [""])[0].lstrip() for info in lines
    ]


def test_names_of_parameters_never_clash_with_those_of_the_generator():
    async def odd(request, error: str, fields: str, result: str, handler: str, failed: str) -> str:
        return "".join([error, fields, result, handler, failed])

    app = App()
    app.add("/", odd)

    assert ask(app, "GET", "/?error=a&fields=b&result=c&handler=d&failed=e").body == b"abcde"
