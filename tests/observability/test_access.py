import io
import json
import threading
import time
from typing import Any

import pytest

from gambrel import App
from gambrel.core.http.errors import BadRequest
from gambrel.core.http.request import Request
from gambrel.observability.access import (
    BATCH,
    KINDS,
    AccessWriter,
    Form,
    JSONForm,
    TextForm,
    render_lost,
)
from gambrel.testing import Client, make_request

SPANS = ("a" * 32, "b" * 16)


def line_of(
    form: Form,
    client: str = "192.0.2.1",
    agent: str = "curl",
    method: str = "GET",
    path: str = "/items/7",
    route: str = "/items/{id}",
    size: int | None = 12,
    seconds: float = 0.00123,
    request: str = "ab-1",
    spans: tuple[str, str] = ("", ""),
) -> str:
    who, what = form.who(client, agent), form.what(method, route, 200)
    return form.line("1970-01-01T00:00:00.500Z", who, what, path, size, seconds, request, spans)


def written(request: Request) -> io.StringIO:
    stream = io.StringIO()
    writer = AccessWriter(JSONForm(), stream)
    writer.record(request, 200, 12, 0.001)
    writer.close()
    return stream


def test_an_answer_is_a_json_object():
    assert json.loads(line_of(JSONForm())) == {
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


@pytest.mark.parametrize("seconds", [0.0, 0.000_001, 0.000_999, 0.001, 0.25, 61.5])
def test_seconds_are_told_to_the_millionth(seconds: float):
    assert json.loads(line_of(JSONForm(), seconds=seconds))["seconds"] == seconds


def test_an_answer_names_the_span_of_its_request():
    told = json.loads(line_of(JSONForm(), spans=SPANS))
    line = line_of(TextForm(), spans=SPANS)

    assert (told["trace_id"], told["span_id"]) == SPANS
    assert line == f"{line_of(TextForm())} trace_id={SPANS[0]} span_id={SPANS[1]}"


def test_lines_are_in_the_order_of_the_answers_however_many_there_are():
    stream = io.StringIO()
    writer = AccessWriter(JSONForm(), stream)
    for number in range(3 * BATCH + 1):
        writer.record(make_request("GET", f"/{number}"), 200, 0, 0.0)
    writer.close()

    paths = [json.loads(line)["path"] for line in stream.getvalue().splitlines()]
    assert paths == [f"/{number}" for number in range(3 * BATCH + 1)]


def test_lines_that_the_loop_and_the_thread_make_together_are_written_without_another_answer():
    loop, stream = threading.current_thread(), io.StringIO()

    class Slow(JSONForm):
        def line(self, *told: Any) -> str:
            if threading.current_thread() is loop:  # the thread looks meanwhile, and finds nothing
                writer.sink._some.wait(5)
                while writer.sink._some.is_set() or writer._answered:
                    time.sleep(0.01)
            return super().line(*told)

    writer = AccessWriter(Slow(), stream)
    for _ in range(BATCH):
        writer.record(make_request(), 200, 12, 0.001)

    until = time.monotonic() + 5
    while stream.getvalue().count("\n") < BATCH and time.monotonic() < until:
        time.sleep(0.01)

    assert stream.getvalue().count("\n") == BATCH
    writer.close()


def test_a_line_names_the_id_that_its_request_has_or_will_be_given():
    named, unnamed = make_request("GET", "/"), make_request("GET", "/")
    named.id = "given"

    assert json.loads(written(named).getvalue())["request"] == "given"
    assert json.loads(written(unnamed).getvalue())["request"] == unnamed.id


def test_two_clients_that_send_the_same_fields_are_told_apart():
    stream = io.StringIO()
    writer = AccessWriter(JSONForm(), stream)
    first, second = make_request("GET", "/"), make_request("GET", "/", peer=("192.0.2.9", 1))
    second.headers = first.headers

    for request in (first, second, first):
        writer.record(request, 200, 0, 0.0)
    writer.close()

    told = [json.loads(line)["client"] for line in stream.getvalue().splitlines()]
    assert told == ["127.0.0.1", "192.0.2.9", "127.0.0.1"]


def test_methods_that_clients_make_up_fill_no_memory():
    writer = AccessWriter(JSONForm(), io.StringIO())
    for number in range(KINDS + 10):
        writer.record(make_request(f"M{number}", "/"), 501, 0, 0.0)
    writer.close()

    assert len(writer._known) == 10


def test_a_path_with_a_secret_is_told_as_its_route():
    app, stream = App(defaults=()), io.StringIO()
    writer = AccessWriter(JSONForm(), stream)

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
    assert json.loads(line_of(JSONForm(), client="", route="", agent="", size=None)) == {
        "time": "1970-01-01T00:00:00.500Z",
        "logger": "access",
        "method": "GET",
        "path": "/items/7",
        "status": 200,
        "size": None,
        "seconds": 0.00123,
        "request": "ab-1",
    }


def test_an_answer_is_a_line_for_people():
    line = line_of(TextForm())

    assert line == "1970-01-01T00:00:00.500Z 192.0.2.1 GET /items/7 200 12 1.2ms ab-1"
    assert line_of(TextForm(), size=None, client="").split()[1:6] == [
        "-", "GET", "/items/7", "200", "-",
    ]  # fmt: skip


@pytest.mark.parametrize("form", [JSONForm(), TextForm()])
def test_no_path_or_header_can_forge_a_line(form: Form):
    hostile = '/a\n{"status":200}\r\x1b[2J\u202e\u2028\x85\x7f\udc80'

    line = line_of(form, hostile, hostile, hostile, hostile, hostile, request=hostile)

    assert all(" " <= char <= "~" for char in line)


def test_a_line_of_json_tells_every_text_as_it_was():
    hostile = '/a"\\\n\x1b\u202e\x7f\u00e9\U0001f600'

    told = json.loads(line_of(JSONForm(), *[hostile] * 5, request=hostile))

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
