from typing import Annotated, Any

import pytest
from msgspec import Struct

from gambrel import HTML, App, Depends, GambrelError, Redirect
from gambrel.forms import Forms, HTMLForm
from gambrel.testing import Client
from tests.forms.shop import GOOD, Order


class Search(Struct):
    term: str


def app_of() -> App:
    app = App(extensions=[Forms(trusted=["https://trusted.example"])])

    @app.route("/order", methods=["GET", "POST"])
    async def order(form: HTMLForm[Order], other: HTMLForm[Search]) -> HTML | Redirect:
        if form.value is None:
            return HTML(form.__html__(), form.status)
        return Redirect(f"/done/{form.value.name}", 303)

    def searched(form: HTMLForm[Search]) -> str:
        return form.value.term if form.value else "-"

    @app.post("/search")
    def search(term: Annotated[str, Depends(searched)]) -> str:
        return term

    return app


def test_one_handler_shows_the_form_and_takes_what_was_sent():
    with Client(app_of()) as client:
        shown = client.get("/order")
        wrong = client.post("/order", data={**GOOD, "name": "A"})
        right = client.post("/order", data=GOOD)

    assert (shown.status_code, "form-error" in shown.text) == (200, False)
    assert (wrong.status_code, "Must have at least 2 characters" in wrong.text) == (422, True)
    assert (right.status_code, right.headers["location"]) == (303, "/done/Ann")


def test_files_come_by_multipart():
    with Client(app_of()) as client:
        answer = client.post("/order", data=GOOD, files={"photo": ("a.png", b"abc")})

    assert answer.status_code == 303


def test_dependencies_and_plain_functions_have_forms_too():
    with Client(app_of()) as client:
        assert client.post("/search", data={"term": "tea"}).text == "tea"


@pytest.mark.parametrize(
    ("body", "kind", "status"),
    [
        (b"{}", "application/json", 415),
        (b"name=%ff", "application/x-www-form-urlencoded", 400),
        (b"--x\r\nbroken", "multipart/form-data; boundary=x", 400),
        (b"a=1&" * 1_100, "application/x-www-form-urlencoded", 413),
    ],
)
def test_what_is_no_form_is_refused(body, kind, status):
    with Client(app_of()) as client:
        answer = client.post("/order", content=body, headers={"content-type": kind})

    assert answer.status_code == status


def test_a_class_that_cannot_be_a_form_is_told_at_the_start():
    app = App(extensions=[Forms()])

    class Odd(Struct):
        values: dict[str, Any]

    @app.post("/")
    async def take(form: HTMLForm[Odd]) -> None: ...

    with pytest.raises(GambrelError, match="cannot fill in 'values'"):
        app.build()


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 303),
        ({"sec-fetch-site": "same-origin"}, 303),
        ({"sec-fetch-site": "none"}, 303),
        ({"origin": "http://localhost"}, 303),
        ({"origin": "https://trusted.example", "sec-fetch-site": "cross-site"}, 303),
        ({"sec-fetch-site": "cross-site"}, 403),
        ({"sec-fetch-site": "same-site"}, 403),
        ({"sec-fetch-site": "nonsense"}, 403),
        ({"origin": "http://evil.example"}, 403),
        ({"origin": "null"}, 403),
    ],
)
def test_a_form_that_a_page_of_another_site_has_sent_is_refused(headers, status):
    """T-C06-3: log-ins, too, for which nobody needs a cookie."""
    with Client(app_of()) as client:
        assert client.post("/order", data=GOOD, headers=headers).status_code == status


def test_what_fills_in_a_field_that_nobody_sees_is_spam():
    app = App(extensions=[Forms(trap="website")])

    @app.route("/", methods=["GET", "POST"])
    async def search(form: HTMLForm[Search]) -> HTML:
        return HTML(form.__html__() if form.value is None else "found", form.status)

    with Client(app) as client:
        page = client.get("/").text
        by_program = client.post("/", data={"term": "tea", "website": "http://spam.example"})
        by_a_person = client.post("/", data={"term": "tea", "website": ""})

    assert '<div hidden class="form-trap">' in page
    assert (by_program.status_code, "This looks like spam." in by_program.text) == (422, True)
    assert by_a_person.text == "found"
