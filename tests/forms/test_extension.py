from typing import Annotated, Any

import pytest
from msgspec import Meta, Struct

from gambrel import HTML, App, Depends, GambrelError, Query, Redirect, Request, Upload
from gambrel.forms import Forms, HTMLForm, Steps, field
from gambrel.sessions import Sessions
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


class Photos(Struct):
    photos: Annotated[list[Upload], Meta(min_length=1, max_length=2), field(accept="image/*")]
    notes: list[Upload] = []


def photos_app() -> App:
    app = App(extensions=[Forms()])

    @app.route("/", methods=["GET", "POST"])
    async def take(form: HTMLForm[Photos]) -> HTML:
        if form.value is None:
            return HTML(form.__html__(), form.status)
        names = [upload.filename for upload in form.value.photos]
        return HTML(f"{names} {form.value.notes}")

    return app


def test_one_field_takes_several_files():
    one, two, three = (("photos", (f"{n}.png", b"abc")) for n in "abc")
    with Client(photos_app()) as client:
        shown = client.get("/").text
        single = client.post("/", files=[one]).text
        both = client.post("/", files=[one, two]).text
        many = client.post("/", files=[one, two, three])

    assert '<input type="file" id="field-photos" name="photos" accept="image/*" multiple' in shown
    assert (single, both) == ("['a.png'] []", "['a.png', 'b.png'] []")
    assert (many.status_code, "Photos must have at most 2 items" in many.text) == (422, True)


def test_an_input_for_several_files_that_was_left_empty_is_no_file():
    part = 'Content-Disposition: form-data; name="photos"; filename=""\r\n\r\n\r\n'
    kind = {"content-type": "multipart/form-data; boundary=x"}
    with Client(photos_app()) as client:
        answer = client.post("/", content=f"--x\r\n{part}--x--\r\n", headers=kind)

    assert answer.status_code == 422
    assert '<a href="#field-photos">Photos must have at least 1 item</a>' in answer.text


def test_text_is_no_file_and_a_file_is_no_text():
    with Client(photos_app()) as client:
        text = client.post("/", data={"photos": ["a", "b"]}, files={"x": ("x", b"x")})
    with Client(app_of()) as client:
        file = client.post("/search", files={"term": ("tea.txt", b"tea")})

    assert '<a href="#field-photos">Photos must be a file</a>' in text.text
    assert file.text == "-"


async def countries(request: Request, region: Annotated[str, Query()] = "eu") -> dict[str, str]:
    return {"eu": {"de": "Germany"}, "as": {"jp": "Japan"}}[region]


def airports() -> list[tuple[int, str]]:
    return [(1, "Ulm"), (2, "Rom")]


class Leg(Struct):
    airport: Annotated[int, field(choices=airports)]


class Travel(Struct):
    country: Annotated[str, field(choices=countries)]
    legs: list[Leg]
    via: Annotated[int | None, field(choices=airports)] = None


def travel_app() -> App:
    app = App(extensions=[Forms()])

    @app.route("/", methods=["GET", "POST"])
    async def take(form: HTMLForm[Travel]) -> HTML:
        return HTML(form.__html__() if form.value is None else repr(form.value), form.status)

    return app


def test_choices_are_loaded_for_each_request_with_whatever_they_depend_on():
    good = {"country": "jp", "legs.0.airport": "2", "via": "1"}
    with Client(travel_app()) as client:
        shown = client.get("/?region=as").text
        right = client.post("/?region=as", data=good).text
        wrong = client.post("/", data=good)
        other = client.post("/?region=as", data={**good, "legs.0.airport": "3"})

    assert '<option value="jp">Japan</option>' in shown
    assert '<option value="2">Rom</option>' in shown
    assert right == "Travel(country='jp', legs=[Leg(airport=2)], via=1)"
    assert "Country is none of the choices" in wrong.text
    assert "Airport is none of the choices" in other.text


def test_a_choice_that_may_be_left_out_can_be_taken_back():
    with Client(travel_app()) as client:
        page = client.post("/", data={"country": "", "via": "1"}).text

    assert '<option value=""></option><option value="1" selected>Ulm</option>' in page


def test_choices_can_be_overridden_in_tests():
    app = travel_app()
    with app.override(airports, lambda: [(7, "Oslo")]), Client(app) as client:
        assert '<option value="7">Oslo</option>' in client.get("/").text


class Limits(Struct):
    most: int


class Account(Struct):
    number: Annotated[int, field(readonly=True)]
    name: str
    role: Annotated[str, field(choices={"user": "User", "admin": "Admin"}, readonly=True)] = "user"
    is_trusted: Annotated[bool, field(disabled=True)] = True
    limits: Annotated[Limits | None, field(disabled=True)] = None


def account_app(*, fills: bool) -> App:
    app = App(extensions=[Forms()])

    @app.route("/", methods=["GET", "POST"])
    async def take(form: HTMLForm[Account]) -> HTML:
        if fills:
            form.fill(Account(7, "Ann", limits=Limits(5)))
        return HTML(form.__html__() if form.value is None else repr(form.value), form.status)

    return app


FORGED = {"number": "1", "name": "Bob", "role": "admin", "is_trusted": "", "limits.most": "99"}


def test_what_is_sent_for_a_locked_field_counts_for_nothing():
    with Client(account_app(fills=True)) as client:
        shown = client.get("/").text
        value = client.post("/", data=FORGED).text
        again = client.post("/", data={**FORGED, "name": ""}).text

    assert 'value="7" id="field-number" name="number" readonly' in shown
    assert '<select id="field-role" name="role" disabled>' in shown
    assert (
        '<fieldset id="field-limits" class="form-field form-group" tabindex="-1" disabled>' in shown
    )
    told = "Account(number=7, name='Bob', role='user', is_trusted=True, limits=Limits(most=5))"
    assert value == told
    assert 'value="7"' in again
    assert "99" not in again


def test_a_locked_field_that_is_not_filled_has_its_default_or_the_form_tells():
    with Client(account_app(fills=False)) as client:
        answer = client.post("/", data=FORGED)

    assert (answer.status_code, "Number is required" in answer.text) == (422, True)


def test_a_locked_field_is_not_checked_while_typing():
    with Client(account_app(fills=True)) as client:
        assert client.post("/", data=FORGED, headers={"precognition": "true"}).status_code == 204


def test_rows_have_no_locked_fields():
    app = App(extensions=[Forms()])

    class Rows(Struct):
        rows: list[Account]

    @app.post("/")
    async def take(form: HTMLForm[Rows]) -> None: ...

    with pytest.raises(GambrelError, match="'number' is locked, and 'rows' has it in each"):
        app.build()


def test_choices_that_only_the_handler_knows_are_shown_whoever_shows_the_form():
    app = App(extensions=[Forms()])

    @app.get("/")
    async def show(form: HTMLForm[Search]) -> HTML:
        form["term"].choices = {"a": "First"}
        return HTML(str(form["term"].choices) + str(next(iter(form)).choices))

    with Client(app) as client:
        assert client.get("/").text == "(('a', 'First'),)(('a', 'First'),)"


@pytest.mark.parametrize(
    ("kind", "what", "where"),
    [
        (HTMLForm, "HTMLForm does not say which form it is", "of type HTMLForm\n"),
        (HTMLForm[str], "str has no fields, and is no form", r"of type HTMLForm\[str\]"),
        (Steps, "Steps does not say which form it is", "of type Steps\n"),
        (Steps[int], "int has no fields, and is no form", r"of type Steps\[int\]"),
    ],
    ids=str,
)
def test_a_form_of_no_class_is_told_at_the_start(kind, what, where):
    app = App(extensions=[Forms(), Sessions()])

    @app.post("/")
    async def take(form: kind) -> None: ...

    with pytest.raises(GambrelError, match=rf"\[forms\.class\] {what}(?s:.*){where}"):
        app.build()
