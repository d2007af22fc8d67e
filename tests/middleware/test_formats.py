from typing import Any

import msgspec
import pytest

from gambrel import HTML, App, Response, Text
from gambrel.middleware import Format, Formats
from gambrel.middleware.formats import rendered, to_csv
from gambrel.testing import Client

CSV_OF_BOOKS = 'title,year,tags\r\nEmma,1815,"[""novel""]"\r\nWalden,1854,[]\r\n'
BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"


class Book(msgspec.Struct):
    title: str
    year: int
    tags: list[str] = []


def page(value: Any) -> Response:
    return HTML(f"<p>{value['title']}")


def lines(value: Any) -> str:
    return "".join(f"{name}: {item}\n" for name, item in value.items())


def shop(formats: Formats | None = None) -> App:
    app = App(extensions=[formats or Formats()])

    @app.get("/books")
    async def books() -> list[Book]:
        return [Book("Emma", 1815, ["novel"]), Book("Walden", 1854)]

    @app.get("/books/{year:int}", status=203)
    def book(year: int) -> Book:
        return Book("Emma", year)

    @app.get("/files/{name}")
    async def file(name: str) -> dict[str, str]:
        return {"name": name}

    @app.get("/strict", extra={"formats": ["msgpack"]})
    async def strict() -> list[int]:
        return [1]

    @app.get("/text")
    async def text() -> Text:
        return Text("as it is")

    return app


@pytest.mark.parametrize(
    ("path", "accept"),
    [
        ("/books", "text/csv"),
        ("/books", "application/json;q=0.5, text/csv"),
        ("/books?format=csv", "*/*"),
        ("/books?format=csv", "application/json"),
        ("/books.csv", "*/*"),
    ],
)
def test_a_format_is_asked_for_in_the_header_the_query_or_the_path(path: str, accept: str):
    with Client(shop()) as client:
        answer = client.get(path, headers={"accept": accept})

    assert answer.status_code == 200
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    assert "accept" in answer.headers["vary"]
    assert answer.text == CSV_OF_BOOKS


@pytest.mark.parametrize(
    ("path", "accept"),
    [
        ("/books", "*/*"),
        ("/books", "application/json, text/csv;q=0.5"),
        ("/books.json", "text/csv"),
        ("/books?format=json", "text/csv"),
        ("/books?format=", "*/*"),
    ],
)
def test_json_is_what_nobody_has_to_ask_for(path: str, accept: str):
    with Client(shop()) as client:
        answer = client.get(path, headers={"accept": accept})

    assert answer.json()[0] == {"title": "Emma", "year": 1815, "tags": ["novel"]}


def test_msgpack_is_a_format_too():
    with Client(shop()) as client:
        answer = client.get("/books.msgpack")

    assert msgspec.msgpack.decode(answer.content)[1]["title"] == "Walden"


def test_an_app_has_formats_of_its_own_and_pages_have_the_policy_of_pages():
    formats = {"html": Format("text/html", page), "yaml": Format("application/yaml", lines)}

    with Client(shop(Formats(formats))) as client:
        html = client.get("/books/1815", headers={"accept": BROWSER})
        yaml = client.get("/books/1815.yaml")
        data = client.get("/books/1815")

    assert (html.status_code, html.text) == (203, "<p>Emma")
    assert (yaml.status_code, yaml.text) == (203, "title: Emma\nyear: 1815\ntags: []\n")
    assert yaml.headers["content-type"] == "application/yaml"
    policy = "content-security-policy"
    assert "sandbox" not in html.headers[policy]
    assert "sandbox" in yaml.headers[policy]
    assert data.headers[policy] == yaml.headers[policy]


def test_an_error_is_told_as_ever():
    formats = Formats({"html": Format("text/html", page)})

    with Client(shop(formats)) as client:
        for_people = client.get("/nowhere.html", headers={"accept": BROWSER})
        for_programs = client.get("/nowhere.html", headers={"accept": "application/json"})
        impossible = client.get("/books", headers={"accept": "image/png"})

    assert for_people.headers["content-type"].startswith("text/html")
    assert for_programs.json()["status"] == 404
    assert impossible.status_code == 406


def test_a_route_says_which_formats_it_has():
    with Client(shop()) as client:
        other, own = (client.get(path) for path in ("/strict?format=csv", "/strict.msgpack"))

    assert (other.status_code, own.status_code) == (406, 200)
    assert other.json()["detail"] == "There is no such format here, but msgpack."
    assert own.headers["content-type"] == "application/msgpack"


def test_a_format_that_there_is_not_is_not_taken_for_json():
    with Client(shop()) as client:
        answer = client.get("/books?format=tea")

    assert answer.status_code == 406
    assert answer.json()["detail"] == "There is no such format here, but json, msgpack, csv."


def test_a_parameter_of_that_name_is_the_handlers_own():
    app = shop()

    @app.get("/dates")
    async def dates(format: str) -> list[str]:  # noqa: A002 - what the client says
        return [format]

    with Client(app) as client:
        assert client.get("/dates?format=long").json() == ["long"]


def test_a_suffix_that_a_route_takes_is_its_own():
    with Client(shop()) as client:
        assert client.get("/files/a.csv").json() == {"name": "a.csv"}


def test_without_suffixes_a_path_is_a_path():
    with Client(shop(Formats(suffixes=False))) as client:
        assert client.get("/books.csv").status_code == 404


def test_what_is_no_json_is_left_alone():
    with Client(shop()) as client:
        answer = client.get("/text?format=csv")

    assert (answer.text, answer.headers["content-type"]) == (
        "as it is",
        "text/plain; charset=utf-8",
    )


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ([{"a": 1}, {"b": [2]}], "a,b\r\n1,\r\n,[2]\r\n"),
        ({"a": None}, "a\r\n\r\n"),
        ([], ""),
        ([[1, "=x"], [None, 2]], "1,'=x\r\n,2\r\n"),
        ([1, "two"], "1\r\ntwo\r\n"),
        ("alone", "alone\r\n"),
    ],
)
def test_rows_are_made_of_any_value(value: Any, text: str):
    app = App()

    @app.get("/")
    async def rows() -> Response:
        return to_csv(value)

    with Client(app) as client:
        assert client.get("/").text.replace('""\r\n', "\r\n") == text


def test_what_renders_may_return_a_response_and_keeps_what_was_said_before():
    answer = Response(b'{"title": "Emma"}', 201, {"x-a": "b", "etag": '"1"'}, "application/json")

    made = rendered(answer, Format("text/html", page))

    assert (made.status, made.headers["x-a"], "etag" in made.headers) == (201, "b", False)
    assert made.body == b"<p>Emma"
