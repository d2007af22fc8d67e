import datetime as dt
import re
from typing import Annotated, Literal

from msgspec import Struct

from gambrel.forms import field
from gambrel.forms.progress import answers_of
from gambrel.i18n import I18n
from gambrel.testing import Client
from tests.forms.checkout import CONTACT, app_of, heading, hidden
from tests.forms.shop import form_of


class Inner(Struct):
    city: str


class Many(Struct):
    size: Literal["small", "large"]
    inner: Inner
    rows: list[Inner]
    tags: list[Literal["a", "b"]]
    secret: Annotated[str, field(widget="password")]
    day: dt.date | None = None
    is_new: bool = False
    is_old: bool = True


def test_answers_are_told_as_people_read_them():
    form = form_of(Many)
    form.fill(Many("large", Inner("Ulm"), [Inner("Rom"), Inner("Oslo")], ["a", "b"], "word"))

    assert list(answers_of(form)) == [
        ("Size", "Large"),
        ("Inner: City", "Ulm"),
        ("Rows 1: City", "Rom"),
        ("Rows 2: City", "Oslo"),
        ("Tags", "A, B"),
        ("Day", "-"),
        ("Is new", "No"),
        ("Is old", "Yes"),
    ]


class Review(Struct):
    pass


class Checked(Struct):
    inner: Inner
    review: Annotated[Review, field("Check your answers")]


def test_a_step_that_asks_nothing_shows_the_answers_with_links_to_change_them():
    done: list[Checked] = []
    with Client(app_of(done, Checked), follow_redirects=True) as client:
        page = client.post("/buy", data={"city": "<b>Ulm"})
        client.post("/buy", data=hidden(page))

    assert heading(page) == "2 of 2: Check your answers"
    assert "<dt>City</dt><dd>&lt;b&gt;Ulm</dd>" in page.text
    assert '<a href="/buy?step=inner" aria-label="Change Inner">Change</a>' in page.text
    assert done == [Checked(Inner("<b>Ulm"), Review())]


def test_the_heading_has_the_focus_where_one_has_come_from_another_step():
    with Client(app_of([]), follow_redirects=True) as client:
        first = client.get("/buy")
        second = client.post("/buy", data=CONTACT)
        wrong = client.post("/buy", data={**hidden(second), "city": ""})

    start = '<h2 id="form-step" tabindex="-1"'
    assert f"{start}>Contact" in first.text
    assert f"{start} autofocus>Where to?" in second.text
    assert f"{start}>Where to?" in wrong.text
    assert wrong.text.count("autofocus") == 1
    assert re.search('<input[^>]*name="city"[^>]* autofocus', wrong.text)


def test_the_first_button_goes_on_and_the_last_one_sends():
    with Client(app_of([]), follow_redirects=True) as client:
        first = client.get("/buy").text
        last = client.post("/buy", data={"name": "Ann"}).text

    assert first.index(">Continue<") < first.index("</p>", first.index("form-buttons"))
    assert ">Back<" not in first
    assert last.index(">Send<") < last.index(">Back<")


class Days(Struct):
    day: dt.date
    clock: dt.time
    when: dt.datetime


class Dated(Struct):
    days: Days
    review: Review


def test_answers_have_dates_in_the_language_of_the_visitor():
    app = app_of([], Dated, languages=I18n("en", "de", folders=()))
    with Client(app, follow_redirects=True, headers={"accept-language": "de"}) as client:
        answers = {"day": "2027-02-03", "clock": "14:05", "when": "2027-02-03T14:05"}
        page = client.post("/buy", data=answers)

    found = re.findall("<dd>([^<]*)", page.text)
    assert found == ["03.02.2027", "14:05", "03.02.2027, 14:05"]
