"""What the document of an app says is what the app does; and the same document comes every time."""

import os
import re
import subprocess
import sys
from datetime import UTC, date, datetime, time
from pathlib import Path
from typing import Annotated, Any

import jsonschema_rs
import pytest
from msgspec import Meta, Struct

from gambrel import App
from gambrel.testing import Client

ROOT = Path(__file__).parents[2]
JSON = {"content-type": "application/json"}


class Event(Struct):
    at: datetime
    day: date
    opens: time
    local: Annotated[datetime, Meta(tz=False)] | None = None
    size: int = 0


async def index() -> list[Event]:
    return [Event(datetime(2026, 1, 31, 12, tzinfo=UTC), date(2026, 1, 31), time(9))]


async def naive() -> Event:
    return Event(datetime(2026, 1, 31, 12), date(2026, 1, 31), time(9))  # noqa: DTZ001 - on purpose


async def create(event: Event) -> Event:
    return event


async def show(number: int, q: int = 0) -> int:
    return number


@pytest.fixture
def client():
    app = App(max_body=5_000)
    app.get("/events")(index)
    app.post("/events")(create)
    app.get("/naive")(naive)
    app.get("/numbers/{number:int}")(show)
    app.put("/numbers/{number:int}")(show)
    with Client(app, raise_server_errors=False) as client:
        yield client


def fits(document: dict[str, Any], path: str, method: str, answer: Any) -> bool:
    """Say whether an answer is documented: its status, its type, its body."""
    documented = document["paths"][path][method]["responses"].get(str(answer.status_code), {})
    kind = answer.headers["content-type"]
    schema = documented.get("content", {}).get(kind, {}).get("schema")
    whole = {**(schema or {}), "components": document["components"]}
    validator = jsonschema_rs.Draft202012Validator(whole, validate_formats=True)
    return schema is not None and validator.is_valid(answer.json())


def test_the_methods_of_all_routes_of_a_path_are_allowed(client):
    assert client.patch("/events").headers["allow"] == "GET, HEAD, OPTIONS, POST"
    assert client.delete("/numbers/1").headers["allow"] == "GET, HEAD, OPTIONS, PUT"


@pytest.mark.parametrize(
    ("method", "target", "headers", "body", "status"),
    [
        ("get", "/events", {}, b"", 200),
        ("post", "/events", JSON, b"{", 400),
        ("post", "/events", JSON, b"x" * 6_000, 413),
        ("post", "/events", {"content-type": "text/plain"}, b"{}", 415),
        ("post", "/events", JSON, b"{}", 422),
        ("get", "/numbers/x", {}, b"", 404),
        ("get", "/numbers/1?q=x", {}, b"", 422),
        ("get", "/numbers/1?q=%ff", {}, b"", 400),
        ("get", "/numbers/%0a", {}, b"", 400),
    ],
)
def test_what_the_framework_answers_by_itself_is_documented(
    client, method, target, headers, body, status
):
    document = client.get("/openapi.json").json()
    path = "/numbers/{number}" if target.startswith("/numbers") else target

    answer = client.request(
        method, "/", extensions={"target": target.encode()}, headers=headers, content=body
    )

    assert answer.status_code == status
    assert fits(document, path, method, answer)


EVENT = {"at": "2026-01-31T12:00:00Z", "day": "2026-01-31", "opens": "09:00:00"}


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("at", "2026-01-31T12:00:00"),
        ("local", "2026-01-31T12:00:00Z"),
        ("opens", "09:00:00Z"),
        ("opens", "9:00"),
        ("day", "2026-02-30"),
        ("size", False),
    ],
)
def test_what_the_schema_does_not_allow_is_refused(client, field, value):
    answer = client.post("/events", json={**EVENT, field: value})

    assert [fault["path"] for fault in answer.json()["errors"]] == [field]


def test_what_the_schema_allows_comes_back_as_it_says(client):
    document = client.get("/openapi.json").json()

    answer = client.post("/events", json={**EVENT, "local": "2026-01-31T12:00:00", "size": 2.0})

    assert answer.json() == {**EVENT, "local": "2026-01-31T12:00:00", "size": 2}
    assert fits(document, "/events", "post", answer)


def test_a_moment_without_an_offset_is_not_sent_as_one_with_it(client):
    assert client.get("/naive").status_code == 500


def test_the_page_stands_on_its_own(client):
    page = client.get("/docs").text
    addresses = re.findall(r'(?:src|href)="([^"]+)"', page)

    assert [
        url for url in addresses if "://" in url.replace("http://www.w3.org/2000/svg", "")
    ] == []
    assert re.search(r"<html[^>]* lang=", page)
    assert (page.count("<main"), page.count("<h1")) == (1, 1)
    assert "style=" not in page
    for url in addresses:
        if not url.startswith(("data:", "#")):
            assert client.get(f"/{url}").status_code == 200, url


@pytest.mark.parametrize("example", ["bigger_app", "heroes", "orders"])
def test_a_document_is_the_same_bytes_whatever_the_order_of_hashes(example):
    def export(seed: str) -> bytes:
        return subprocess.run(
            [sys.executable, "-m", "gambrel.cli.main", "openapi", f"examples/{example}"],
            cwd=ROOT,
            env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True,
            check=True,
        ).stdout

    first, *others = [export(seed) for seed in ("0", "1", "2718")]

    assert first.startswith(b"{")
    assert others == [first, first]
