import io
import re

import pytest

from gambrel.cli.reload.request_log import RequestLog
from gambrel.testing import make_request


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def logged(stream: io.StringIO, target: str = "/", status: int = 200) -> str:
    log = RequestLog(stream)
    log(make_request("GET", target), status, 5, 0.00123)
    log.close()
    return stream.getvalue()


def test_a_line_has_the_time_the_status_what_was_asked_and_the_duration():
    line = logged(io.StringIO(), "/users/3?page=2")

    assert re.fullmatch(r"\d\d:\d\d:\d\d 200 GET /users/3\?page=2 1\.2 ms\n", line)


@pytest.mark.parametrize(("status", "code"), [(200, 32), (304, 36), (404, 33), (500, 31)])
def test_a_terminal_shows_the_status_in_its_colour(status, code, monkeypatch):
    monkeypatch.delenv("NO_COLOR", raising=False)

    assert f"\x1b[{code}m{status}" in logged(Terminal(), status=status)


def test_no_colour_where_none_is_wanted(monkeypatch):
    monkeypatch.setenv("NO_COLOR", "1")

    assert "\x1b" not in logged(Terminal())
