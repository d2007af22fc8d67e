from typing import Annotated

import pytest

from gambrel import App, Depends, Unauthorized
from gambrel.forms import Forms, HTMLForm
from gambrel.testing import Client
from tests.forms.shop import GOOD, Order


def app_of(calls: list[str]) -> App:
    app = App(extensions=[Forms()])

    @app.post("/order")
    async def order(form: HTMLForm[Order]) -> str:
        calls.append("called")
        return "done"

    return app


@pytest.mark.parametrize(
    ("only", "errors"),
    [
        (None, {"name", "colour"}),
        ("name, day", {"name"}),
        ("day", set()),
    ],
)
def test_a_form_is_checked_and_its_handler_is_not_called(only, errors):
    calls: list[str] = []
    headers = {"precognition": "true"} | ({"precognition-validate-only": only} if only else {})
    with Client(app_of(calls)) as client:
        answer = client.post("/order", data={**GOOD, "name": "A", "colour": "q"}, headers=headers)

    assert calls == []
    assert answer.status_code == (422 if errors else 204)
    assert answer.headers["precognition"] == "true"
    assert answer.headers.get("precognition-success") == (None if errors else "true")
    assert answer.headers["vary"] == "precognition"
    assert set(answer.json()["errors"] if errors else ()) == errors


def test_without_the_header_the_handler_is_called():
    calls: list[str] = []
    with Client(app_of(calls)) as client:
        assert client.post("/order", data=GOOD).text == "done"

    assert calls == ["called"]


def test_who_may_not_call_the_handler_is_told_nothing_of_a_form():
    def admin() -> int:
        raise Unauthorized

    app = App(extensions=[Forms()])

    @app.post("/order")
    async def order(form: HTMLForm[Order], who: Annotated[int, Depends(admin)]) -> str:
        return "done"

    with Client(app) as client:
        for data in (GOOD, {}):
            answer = client.post("/order", data=data, headers={"precognition": "true"})
            assert answer.status_code == 401
