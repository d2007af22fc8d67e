import json

import pytest

APP = """
import sys
from collections.abc import AsyncIterator

from msgspec import Struct

from gambrel import App, Request

app = App()


class Item(Struct):
    name: str


class Opened:
    pass


@app.lifespan
async def opened() -> AsyncIterator[Opened]:
    print("opened", file=sys.stderr)
    yield Opened()
    print("closed", file=sys.stderr)


@app.get("/items/{id}")
async def show(id: int, request: Request, opened: Opened) -> list[str | int]:
    return [id, request.host, request.scheme, request.query_string, request.headers.get("x-a", "")]


@app.post("/items")
async def add(item: Item) -> str:
    return item.name


@app.get("/lines")
async def lines() -> AsyncIterator[str]:
    yield "one "
    yield "two"
"""


@pytest.fixture
def shop(folder):
    (folder / "app.py").write_text(APP)
    return folder


def test_an_answer_is_written_without_a_server(gambrel, shop):
    result = gambrel("request", "/items/7?b=1", "-H", "X-A: yes")

    assert result.exit_code == 0
    assert json.loads(result.stdout) == [7, "localhost", "http", "b=1", "yes"]
    assert result.stderr.split() == ["opened", "closed"]


def test_host_and_scheme_are_those_of_the_url(gambrel, shop):
    result = gambrel("request", "https://127.0.0.1/items/7")

    assert json.loads(result.stdout)[1:3] == ["127.0.0.1", "https"]


def test_a_body_is_sent(gambrel, shop):
    assert gambrel("request", "/items", "--json", "-d", '{"name": "Shed"}').stdout == "Shed"


def test_a_stream_is_written_whole(gambrel, shop):
    assert gambrel("request", "/lines").stdout == "one two"


def test_what_fails_has_exit_code_1_and_its_problem(gambrel, shop):
    result = gambrel("request", "/items/x", "-i")

    status, *lines = result.stdout.splitlines()
    assert result.exit_code == 1
    assert status == "422"
    assert "content-type: application/problem+json" in lines
    assert json.loads(lines[-1])["status"] == 422


def test_a_method_can_be_named(gambrel, shop):
    assert "405" in gambrel("request", "/items/7", "-X", "delete", "-i").stdout


@pytest.mark.parametrize("header", ["x", ": y"])
def test_a_header_needs_a_name_and_a_value(gambrel, shop, header):
    assert gambrel("request", "/lines", "-H", header).exit_code == 2
