import base64
import hashlib
import re

import pytest

from gambrel.core.http.errors import GambrelError
from gambrel.debug.page import POLICY, inline_code, render_page, respond_with
from gambrel.debug.report import build_report
from tests.debug.requests import request

CANARY = "'\"></script></style><img src=x onerror=__xss()>"


def caught(function):
    try:
        function()
    except Exception as error:
        return error
    raise AssertionError("nothing was raised")


def hostile():
    value = {CANARY: CANARY}  # noqa: F841 - it is shown
    error = GambrelError("x.y", CANARY, CANARY, f"`{CANARY}`")
    error.add_note(CANARY)
    error.statement = CANARY
    raise error


def hostile_page(**options):
    asked = request(f"/{CANARY}", method=CANARY, query=f"a={CANARY}", x_hostile=CANARY)
    asked.params = {CANARY: CANARY}
    report = build_report(caught(hostile), asked, CANARY, ((CANARY, CANARY),))
    return render_page(report, **options)


def page(function=lambda: 1 / 0, **options):
    return render_page(build_report(caught(function), request(), "5f0d"), **options)


def wrapped():
    try:
        caught_too = 1 / 0
    except ZeroDivisionError as error:
        raise RuntimeError("outer") from error
    return caught_too


def test_the_error_the_request_and_the_source_are_on_the_page():
    html = page()

    assert "<h1>division by zero</h1>" in html
    assert "<b>GET /</b>" in html
    assert "test_page.py" in html
    assert "Incident 5f0d" in html


def test_causes_follow_with_their_own_frames():
    html = page(wrapped)

    assert html.index("<h1>outer</h1>") < html.index("What led to it")
    assert "This error was the cause of the one above:" in html


def test_only_the_last_frame_of_the_user_is_open():
    assert page().count(" open>") == 1


@pytest.mark.parametrize("options", [{}, {"docs": CANARY, "editor": CANARY}])
def test_nothing_in_the_page_can_become_markup(options):
    html = hostile_page(**options)

    assert "<img" not in html
    assert "</script" not in html
    assert html.count("</style>") == 1
    assert "onerror=__xss()&gt;" in html


def test_there_is_no_script_and_no_inline_style_attribute():
    html = page()

    assert "<script" not in html
    assert not re.search(r"<[^>]*\sstyle=", html)
    assert not re.search(r"<[^>]*\son\w+=", html)


def test_the_policy_allows_its_own_style_and_nothing_else():
    response = respond_with(page(), 500)
    [style] = re.findall(r"<style>(.*?)</style>", response.body.decode(), re.DOTALL)
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()

    assert response.headers["content-security-policy"] == POLICY
    assert f"style-src 'sha256-{digest}'" in POLICY
    assert "default-src 'none'" in POLICY
    assert response.headers["cache-control"] == "no-store"


def test_the_code_of_an_error_links_to_its_page():
    def fail():
        raise GambrelError("app.frozen", "too late")

    assert "<code>app.frozen</code>, explained in docs/errors" in page(fail)
    assert '<a href="https://docs.example/errors/app.frozen">' in page(
        fail, docs="https://docs.example/errors/"
    )


def test_places_open_in_the_editor_when_there_is_one():
    assert 'href="vscode://file/' in page(editor="vscode://file/{path}:{line}")
    assert "href=" not in page()


def test_code_in_hints_is_set_as_code():
    assert inline_code("use `a < b`") == "use <code>a &lt; b</code>"
