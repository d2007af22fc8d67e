"""Attacks on a whole app with its defaults. All others are in `docs/reference/security.md`."""

import gc
import tracemalloc
from collections.abc import Awaitable, Callable, Iterator
from itertools import product
from typing import Annotated, Any
from urllib.parse import quote, unquote

import httpx2
import pytest
from msgspec import Meta, Struct

from gambrel import App, Body, Cookie, Header, Query, Request, Response
from gambrel.i18n import slugify
from gambrel.testing import Client
from tests.architecture.source import sources

CANARY = "'\"></script><img src=x onerror=alert(1)>"
PIECES = ("admin", "ADMIN", "%61dmin", "/", "//", "%2f", ".", "..", "%2e", ";x", "\\", "%25", "%0a")


class Search(Struct, forbid_unknown_fields=True):
    text: Annotated[str, Meta(max_length=100)]


async def admin() -> str:
    return "admin"


async def rest(request: Request, rest: str) -> dict[str, str]:
    return {"path": request.path, "raw": request.raw_path, "url": request.url.path, "rest": rest}


async def search(search: Search) -> str:
    return search.text


async def number(n: int) -> int:
    return n


async def apart(
    x: str,
    query: Annotated[str, Query(alias="x")] = "",
    header: Annotated[str, Header(alias="x")] = "",
    cookie: Annotated[str, Cookie(alias="x")] = "",
    body: Annotated[dict[str, str] | None, Body()] = None,
) -> list[Any]:
    return [x, query, header, cookie, body]


@pytest.fixture(scope="module")
def gate() -> list[str]:
    """The paths that the middleware has seen."""
    return []


@pytest.fixture(scope="module")
def client(gate: list[str]) -> Iterator[httpx2.Client]:
    app = App()

    @app.middleware
    async def look(
        request: Request, call_next: Callable[[Request], Awaitable[Response]]
    ) -> Response:
        gate.append(request.path)
        return await call_next(request)

    app.get("/admin")(admin)
    app.get("/all/{rest:path}")(rest)
    app.get("/numbers/{n}")(number)
    app.post("/search")(search)
    app.post("/apart/{x}")(apart)
    with Client(app, raise_server_errors=False) as client:
        yield client


def ask(client: httpx2.Client, target: str, **more: Any) -> httpx2.Response:
    return client.request("GET", "/", extensions={"target": target.encode()}, **more)


def test_no_disguise_of_a_path_reaches_another_route_than_the_middleware_saw(client, gate):
    reached = set()
    for parts in product(PIECES, repeat=3):
        target = "/" + "".join(parts)

        answer = ask(client, target)

        if answer.text == "admin":
            reached.add(target)
            assert gate[-1] == unquote(target) == "/admin"
        else:
            assert answer.status_code in {308, 400, 404}
            # a slash too many is taken away, and leads nowhere else
            assert answer.headers.get("location", "/admin") == "/admin"
    assert reached == set()
    assert ask(client, "/%61dmin").text == "admin"


def test_every_view_of_a_path_is_the_same(client, gate):
    for parts in product(PIECES, repeat=3):
        target = "/all/x" + "".join(parts)

        answer = ask(client, target)

        if answer.status_code == 200:
            told = answer.json()
            assert told["raw"] == told["url"] == target
            assert told["path"] == gate[-1] == unquote(target) == f"/all/{told['rest']}"
        else:
            assert answer.status_code in {308, 400, 404}
            assert answer.headers.get("location", "/all/").startswith("/all/")


@pytest.mark.parametrize("accept", ["application/json", "text/html", "*/*"])
def test_errors_reflect_nothing_that_could_be_markup(client, accept):
    headers = {"accept": accept}
    name, value = httpx2.QueryParams({CANARY: CANARY}), {CANARY: CANARY, "text": CANARY * 9}
    answers = [
        ask(client, f"/{name}", headers=headers),
        ask(client, f"/numbers/{str(name).partition('=')[0]}?{name}", headers=headers),
        client.post("/search", json=value, headers=headers),
        client.post("/search", content=CANARY, headers=headers | {"content-type": CANARY}),
        client.request(CANARY.partition("'")[0] or "PUT", "/search", headers=headers),
        client.get("/admin", headers={"accept": accept, "cookie": CANARY, "range": CANARY}),
    ]

    assert [answer.status_code for answer in answers] == [404, 422, 422, 415, 405, 200]
    for answer in answers:
        kind = answer.headers["content-type"]
        assert "html" not in kind or CANARY not in answer.text
        assert "html" not in kind or "<img" not in answer.text
        assert CANARY not in repr(answer.headers)


def test_one_name_in_every_place_stays_apart(client):
    answer = client.post(
        "/apart/path?x=query",
        json={"x": "body"},
        headers={"x": "header", "cookie": "x=cookie"},
    )

    assert answer.json() == ["path", "query", "header", "cookie", {"x": "body"}]


def test_no_answer_names_the_server(client):
    for path in ("/admin", "/nowhere", "/docs", "/openapi.json"):
        names = client.get(path).headers.keys()

        assert not {"server", "x-powered-by", "x-aspnet-version"} & set(names)


@pytest.mark.parametrize("text", ["\ufdfa" * 300_000, "\u0344" * 300_000, "a" + "\u0300" * 100_000])
def test_text_that_grows_when_normalised_is_refused_by_its_length(client, text):
    assert ask(client, f"/all/{quote(text)}").status_code == 414
    assert client.post("/search", json={"text": text}).status_code in {413, 422}


def test_nothing_is_normalised():
    names = [source.name for source in sources() if "unicodedata" in source.text]

    # Names of columns as Python reads them, numbers as they are typed, and slugs.
    assert names == [
        "db/inspection/naming.py",
        "db/search/headlines.py",
        "i18n/parsing.py",
        "i18n/slugs.py",
    ]


def test_a_slug_of_many_marks_takes_no_longer_than_one_of_letters():
    assert slugify("a" + "\u0300" * 100_000) == "a"


def test_nothing_is_remembered_of_what_clients_make_up(client, gate):
    def pester(numbers: range) -> None:
        for n in numbers:
            made_up = f"{n}-" + "x" * 200
            headers = {
                "accept": f"text/{made_up}, */*",
                "accept-language": f"x-{made_up}",
                "accept-encoding": made_up,
                "cookie": f"{made_up}=1",
                f"x-{made_up}": "1",
                "if-none-match": f'"{made_up}"',
            }
            client.get(f"/{made_up}?{made_up}=1", headers=headers)
        gate.clear()
        gc.collect()

    pester(range(300))
    tracemalloc.start()
    pester(range(1_000, 1_300))
    before = tracemalloc.take_snapshot()
    pester(range(2_000, 2_600))
    after = tracemalloc.take_snapshot()
    tracemalloc.stop()

    ours = [
        tracemalloc.Filter(True, "*/gambrel/*"),
        tracemalloc.Filter(False, "*/gambrel/testing/*"),
    ]
    grown = after.filter_traces(ours).compare_to(before.filter_traces(ours), "filename")
    # one name of 200 bytes, kept each time, would be 120 kB
    assert sum(found.size_diff for found in grown) < 20_000
