import asyncio
import re

from gambrel import App, Request
from gambrel.cli.serving.access_log import AccessLog
from gambrel.testing import Client, make_request


def log_requests(count: int, path: str = "/users/3") -> list[str]:
    """Log answers to a request for `path`, and return what was written."""
    app = App(defaults=())
    requests: list[Request] = []

    @app.get("/{rest:path}")
    async def keep(request: Request) -> str:
        requests.append(request)
        return "x"

    with Client(app) as client:
        client.get(path)
    written: list[str] = []

    async def answer() -> None:
        log = AccessLog(written.append)
        for _ in range(count):
            log(requests[0], 200, 5, 0.0123)
        log.flush()

    asyncio.run(answer())
    return written


def test_a_line_has_time_client_request_status_size_and_duration():
    (text,) = log_requests(1)

    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ \S+ GET /users/3 200 5 12\.3ms\n", text)


def test_a_client_that_claims_too_many_proxies_is_logged_without_its_address():
    app = App(defaults=(), trusted_proxies=["127.0.0.1"])
    request = make_request(app=app, headers={"x-forwarded-for": ", ".join(["192.0.2.1"] * 40)})
    written: list[str] = []

    async def answer() -> None:
        app.build()
        log = AccessLog(written.append)
        log(request, 400, 0, 0)
        log.flush()

    asyncio.run(answer())

    assert " - GET / 400 0 " in written[0]


def test_the_query_is_left_out():
    (text,) = log_requests(1, "/users/3?token=x")

    assert "token" not in text


def test_lines_are_written_together_and_not_without_end():
    written = log_requests(501)

    assert [text.count("\n") for text in written] == [500, 1]


def test_nothing_is_written_of_nothing():
    assert log_requests(0) == []
