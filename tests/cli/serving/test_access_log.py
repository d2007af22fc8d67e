import io
import re

from gambrel import App, Request
from gambrel.cli.serving.access_log import AccessLog, open_log, told
from gambrel.observability import AccessLog as OwnLog
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
    stream = io.StringIO()
    log = AccessLog(stream)
    for _ in range(count):
        log(requests[0], 200, 5, 0.0123)
    log.close()
    return stream.getvalue().splitlines()


def test_a_line_has_time_client_request_status_size_and_duration():
    (text,) = log_requests(1)

    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ \S+ GET /users/3 200 5 12\.3ms", text)


def test_a_client_that_claims_too_many_proxies_is_logged_without_its_address():
    app = App(defaults=(), trusted_proxies=["127.0.0.1"])
    request = make_request(app=app, headers={"x-forwarded-for": ", ".join(["192.0.2.1"] * 40)})
    app.build()
    stream = io.StringIO()
    log = AccessLog(stream)
    log(request, 400, 0, 0)
    log.close()

    assert " - GET / 400 0 " in stream.getvalue()


def test_the_query_is_left_out():
    (text,) = log_requests(1, "/users/3?token=x")

    assert "token" not in text


def test_lines_that_are_missing_are_told():
    assert told(3) == "# 3 lines are missing"


def test_nothing_is_written_of_nothing():
    assert log_requests(0) == []


def test_an_app_with_a_log_of_its_own_is_not_logged_twice(capsys):
    app = App(extensions=[OwnLog()])

    assert open_log(app) is None
    assert "--access-log is left out" in capsys.readouterr().err
    assert open_log(app, is_first=False) is None
    assert capsys.readouterr().err == ""


def test_any_other_app_is_logged():
    assert isinstance(open_log(App()), AccessLog)
