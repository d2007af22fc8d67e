import datetime as dt
from collections.abc import Iterator
from typing import Annotated, Any
from zoneinfo import ZoneInfo

import pytest
from msgspec import Meta, Struct

from gambrel import HTML, App
from gambrel.forms import Forms, HTMLForm, field
from gambrel.forms.moments import MOMENT, read_typed, write_typed
from gambrel.i18n import I18n
from gambrel.testing import Client
from gambrel.wording import SPEAKER
from tests.forms.checkout import app_of, hidden
from tests.forms.shop import form_of, sent

TEN = dt.datetime(2027, 1, 2, 10, tzinfo=dt.UTC)


class Outing(Struct):
    when: dt.datetime = TEN
    naive: Annotated[dt.datetime, Meta(tz=False)] = TEN.replace(tzinfo=None)
    end: dt.datetime | None = None
    exact: Annotated[dt.datetime, field(widget="text")] = TEN


class Empty(Struct):
    """A step that asks nothing."""


class Speaker:
    def __init__(self, zone: str) -> None:
        self.zone = ZoneInfo(zone)


@pytest.fixture
def speak() -> Iterator[Any]:
    tokens: list[Any] = []
    yield lambda zone: tokens.append(SPEAKER.set(Speaker(zone)))
    SPEAKER.reset(tokens[0])


def test_what_a_browser_sends_is_a_moment_in_utc_where_nobody_knows_of_zones():
    form = sent(("when", "2027-01-02T10:00"), ("naive", "2027-01-02T10:00"), kind=Outing)

    assert form.value == Outing()
    assert form.value.when.tzinfo is not None
    assert form.value.naive.tzinfo is None


def test_moments_are_shown_on_the_clock_of_the_visitor():
    html = form_of(Outing).__html__()

    assert '<input type="datetime-local" value="2027-01-02T10:00" id="field-when"' in html
    assert '<input type="datetime-local" value="2027-01-02T10:00:00" id="field-naive"' in html
    assert '<input type="text" value="2027-01-02T10:00:00+00:00" id="field-exact"' in html


def page(zone: str, **data: str) -> tuple[str, Outing]:
    app = App(extensions=[Forms(), I18n("en", "de", folders=())])
    found: list[Any] = []

    @app.route("/", methods=["GET", "POST"])
    async def outing(form: HTMLForm[Outing]) -> HTML:
        form.fill(Outing(end=TEN.replace(second=5)))
        found.append(form.value)
        return HTML(form.__html__(), form.status)

    with Client(app, headers={"cookie": f"tz={zone}"}) as client:
        text = client.get("/").text
        assert client.post("/", data=data).status_code == 200
    return text, found[1]


def test_they_are_read_and_shown_in_the_zone_of_the_visitor():
    text, value = page("Europe/Berlin", when="2027-07-02T10:00", end="2027-01-02T11:00:05")

    assert 'value="2027-01-02T11:00" id="field-when"' in text
    assert 'value="2027-01-02T11:00:05" id="field-end"' in text
    assert value.when == dt.datetime(2027, 7, 2, 8, tzinfo=dt.UTC)
    assert value.end == TEN.replace(second=5)


@pytest.mark.parametrize(
    ("typed", "read"),
    [
        ("2027-01-02T10:00", "2027-01-02T15:00:00+00:00"),
        ("2027-01-02T10:00Z", "2027-01-02T10:00Z"),
        ("2027-01-02T10:00+01:00", "2027-01-02T10:00+01:00"),
        ("9999-12-31T23:59", "9999-12-31T23:59"),
        ("soon", "soon"),
        ("1700-01-01T00:00", "1700-01-01T04:56:02+00:00"),
        ("2027-03-14T02:30", "2027-03-14T07:30:00+00:00"),
    ],
)
def test_clocks_are_read_whatever_they_show(speak, typed, read):
    """A zone may have odd seconds long ago, and an hour that is none in spring."""
    speak("America/New_York")

    assert read_typed(MOMENT, typed) == read


@pytest.mark.parametrize(
    ("kept", "shown"),
    [
        ("2027-01-02T15:00:00+00:00", "2027-01-02T10:00"),
        ("2027-01-02T15:00:00.120000+00:00", "2027-01-02T10:00:00.120"),
        ("2027-01-02T15:00:00", "2027-01-02T15:00"),
        ("0001-01-01T00:00:00+00:00", "0001-01-01T00:00:00+00:00"),
        ("soon", "soon"),
    ],
)
def test_clocks_are_shown_without_a_zone(speak, kept, shown):
    speak("America/New_York")

    assert write_typed(MOMENT, kept) == shown


class Meeting(Struct):
    title: Annotated[str, Meta(min_length=2)]
    at: dt.datetime
    since: Annotated[dt.datetime, field(readonly=True)] = TEN


@pytest.fixture
def meetings() -> Iterator[tuple[Client, list[Any]]]:
    app = App(extensions=[Forms(), I18n("en", folders=())])
    kept: list[Any] = [Meeting("Team", TEN)]

    @app.route("/", methods=["GET", "POST"])
    async def edit(form: HTMLForm[Meeting]) -> HTML:
        form.fill(kept[-1])
        kept.extend([form.value] if form.value else [])
        return HTML(form.__html__(), form.status)

    with Client(app) as client:
        yield client, kept


def test_a_form_is_read_in_the_zone_it_was_shown_in(meetings):
    """On a first visit that of the visitor is not known yet, and it is when the form comes in."""
    client, kept = meetings
    sent = {**hidden(client.get("/")), "at": "2027-01-02T10:00"}
    client.cookies.set("tz", "Europe/Berlin")
    refused = client.post("/", data={**sent, "title": "T"})
    client.post("/", data={**sent, **hidden(refused), "title": "Teams"})
    shown = client.get("/")

    assert (sent["_zone"], hidden(refused)["_zone"]) == ("UTC", "UTC")
    assert 'value="2027-01-02T10:00" id="field-at"' in refused.text
    assert 'value="2027-01-02T10:00" id="field-since"' in refused.text
    assert kept == [Meeting("Team", TEN), Meeting("Teams", TEN)]
    assert hidden(shown) == {"_zone": "Europe/Berlin"}
    assert 'value="2027-01-02T11:00" id="field-at"' in shown.text


@pytest.mark.parametrize("zone", ["", "Nowhere/Land", "../../etc/passwd", "U" * 5_000, "<b>"])
def test_a_zone_that_is_none_is_that_of_the_visitor(meetings, zone):
    client, kept = meetings
    client.cookies.set("tz", "Europe/Berlin")
    sent = client.post("/", data={"_zone": zone, "title": "Teams", "at": "2027-01-02T11:00"})

    assert kept[1:] == [Meeting("Teams", TEN)]
    assert hidden(sent) == {"_zone": "Europe/Berlin"}


def test_a_step_is_kept_with_the_zone_it_was_shown_in():
    class Steps(Struct):
        meeting: Meeting
        end: Empty

    done: list[Any] = []
    app = app_of(done, Steps, languages=I18n("en", folders=()))
    with Client(app, follow_redirects=True) as client:
        first = client.get("/buy")
        client.cookies.set("tz", "Europe/Berlin")
        second = client.post(
            "/buy", data={**hidden(first), "title": "Teams", "at": "2027-01-02T10:00"}
        )
        client.post("/buy", data=hidden(second))

    assert [one.meeting for one in done] == [Meeting("Teams", TEN)]


def test_what_is_no_moment_is_told_and_shown_again():
    form = sent(("when", "soon"), kind=Outing)

    assert form.errors == {"when": ["must be a date and time such as 2026-01-31T12:00:00Z"]}
    assert 'value="soon"' in form["when"].__html__()
