import io
import json
from collections.abc import Callable
from typing import Any

import pytest

from gambrel import App
from gambrel.core.http.errors import BadRequest
from gambrel.core.http.request import Request
from gambrel.observability.access import (
    AccessWriter,
    Answered,
    render_line,
    render_lost,
    render_object,
)
from gambrel.testing import Client, make_request

ONE = Answered(0.5, "192.0.2.1", "GET", "/items/7", "/items/{id}", 200, 12, 0.00123, "ab-1", "curl")


def written(request: Request) -> io.StringIO:
    stream = io.StringIO()
    writer = AccessWriter(render_object, stream)
    writer.record(request, 200, 12, 0.001)
    writer.close()
    return stream


def test_an_answer_is_a_json_object():
    assert json.loads(render_object(ONE)) == {
        "time": "1970-01-01T00:00:00.500Z",
        "logger": "access",
        "client": "192.0.2.1",
        "method": "GET",
        "path": "/items/7",
        "route": "/items/{id}",
        "status": 200,
        "size": 12,
        "seconds": 0.00123,
        "request": "ab-1",
        "agent": "curl",
    }


def test_an_answer_names_the_span_of_its_request():
    one = ONE._replace(trace_id="a" * 32, span_id="b" * 16)

    told = json.loads(render_object(one))
    line = render_line(one)

    assert (told["trace_id"], told["span_id"]) == ("a" * 32, "b" * 16)
    assert json.loads(render_object(one._replace(path="/\u00e9")))["trace_id"] == "a" * 32
    assert line == f"{render_line(ONE)} trace_id={'a' * 32} span_id={'b' * 16}"


def test_a_path_with_a_secret_is_told_as_its_route():
    app, stream = App(defaults=()), io.StringIO()
    writer = AccessWriter(render_object, stream)

    @app.get("/reset/{token}")
    async def reset(request: Request) -> None:
        writer.record(request, 204, 0, 0.001)

    app.get("/orders/{number}/pins")(reset)
    with Client(app) as client:
        client.get("/reset/hunter2")
        client.get("/orders/7/pins")
    writer.close()

    told = [json.loads(line)["path"] for line in stream.getvalue().splitlines()]
    assert told == ["/reset/{token}", "/orders/7/pins"]


def test_what_is_empty_is_not_told():
    one = ONE._replace(client="", route="", request="", agent="", size=None)

    assert json.loads(render_object(one)) == {
        "time": "1970-01-01T00:00:00.500Z",
        "logger": "access",
        "method": "GET",
        "path": "/items/7",
        "status": 200,
        "size": None,
        "seconds": 0.00123,
    }


def test_an_answer_is_a_line_for_people():
    line = render_line(ONE)

    assert line == "1970-01-01T00:00:00.500Z 192.0.2.1 GET /items/7 200 12 1.2ms ab-1"
    assert render_line(ONE._replace(size=None, client="")).split()[1:6] == [
        "-", "GET", "/items/7", "200", "-",
    ]  # fmt: skip


@pytest.mark.parametrize("render", [render_object, render_line])
def test_no_path_or_header_can_forge_a_line(render: Callable[[Answered], str]):
    hostile = '/a\n{"status":200}\r\x1b[2J\u202e\u2028\x85\x7f\udc80'

    line = render(ONE._replace(path=hostile, agent=hostile, method="G\nET", client="a\nb"))

    assert all(" " <= char <= "~" for char in line)


def test_a_line_of_json_tells_every_text_as_it_was():
    hostile = '/a"\\\n\x1b\u202e\x7f\u00e9\U0001f600'
    one = ONE._replace(
        client=hostile, method=hostile, path=hostile, route=hostile, request=hostile, agent=hostile
    )

    told = json.loads(render_object(one))

    assert {told[name] for name in ("client", "method", "path", "route", "request", "agent")} == {
        hostile
    }


def test_the_query_and_a_megabyte_of_path_are_not_told():
    request = make_request(
        "GET", "/" + "x" * 1_000_000 + "?token=abc", headers={"user-agent": "u" * 9_999}
    )

    line = written(request).getvalue()

    assert "token" not in line
    assert len(line) < 2_000


def test_lines_that_are_missing_are_told():
    assert json.loads(render_lost(7)) == {"logger": "access", "lost": 7}


def test_nonsense_of_a_proxy_does_not_keep_an_answer_from_the_log():
    class Proxied:
        @property
        def proxies(self) -> Any:
            return self

        def resolve(self, *_: object) -> None:

            raise BadRequest("malformed forwarded scheme")

    line = written(make_request(app=Proxied())).getvalue()

    assert json.loads(line)["client"] == "127.0.0.1"
