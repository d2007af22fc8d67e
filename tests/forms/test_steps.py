import re
from collections.abc import AsyncIterator
from typing import Annotated, Any

import httpx2
import pytest
from msgspec import Meta, Struct

from gambrel import Depends, GambrelError
from gambrel.forms import PerClient, Steps, field, step
from gambrel.forms.rate import Once, Tally
from gambrel.i18n import I18n, lazy_gettext
from gambrel.testing import Client
from tests.forms.checkout import (
    CONTACT,
    Checkout,
    Contact,
    Delivery,
    Line,
    Payment,
    app_of,
    heading,
    hidden,
    walk_of,
)


@pytest.fixture
def done() -> list[Any]:
    return []


@pytest.fixture
def client(done: list[Any]) -> Any:
    with Client(app_of(done), follow_redirects=True) as client:
        yield client


def test_step_by_step_to_one_value(client, done):
    first = client.get("/buy")
    second = client.post("/buy", data={**hidden(first), **CONTACT})
    third = client.post("/buy", data={**hidden(second), "city": "Ulm", "lines.0.sku": "TEA"})
    sent = {**hidden(third), "iban": "DE1"}
    last = client.post(
        "/buy", data=sent, files={"proof": ("a.txt", b"abc")}, follow_redirects=False
    )

    assert [heading(page) for page in (first, second, third)] == [
        "1 of 3: Contact",
        "2 of 3: Where to?",
        "3 of 3: How to pay",
    ]
    assert second.history[0].status_code == 303
    assert second.url.path + "?" + second.url.query.decode() == "/buy?step=delivery"
    assert last.headers["location"] == "/thanks"
    [value] = done
    assert value.contact == Contact("Ann", True)
    assert value.delivery == Delivery("Ulm", [Line("TEA")])
    assert value.payment.proof.size == 3


def test_until_something_was_sent_nothing_is_kept(client):
    assert "set-cookie" not in client.get("/buy").headers


def test_a_step_is_left_out_by_its_condition(client, done):
    second = client.post("/buy", data={"name": "Ann"})
    client.post("/buy", data={**hidden(second), "iban": "DE1"})

    assert heading(second) == "2 of 2: How to pay"
    assert done == [Checkout(contact=Contact("Ann"), payment=Payment("DE1"))]


def test_an_answer_that_was_left_out_later_is_no_part_of_the_value(client, done):
    second = client.post("/buy", data=CONTACT)
    third = client.post("/buy", data={**hidden(second), "city": "Ulm"})
    first = client.get("/buy?step=contact")
    client.post("/buy", data={**hidden(first), "name": "Ann"})
    client.post("/buy", data={**hidden(third), "iban": "DE1"})

    assert done[0].delivery is None


def test_what_is_wrong_is_told_and_one_stays(client):
    page = client.post("/buy", data={"name": "A"})

    assert (page.status_code, heading(page)) == (422, "1 of 3: Contact")
    assert "Must have at least 2 characters" in page.text
    assert 'value="A"' in page.text


def test_back_and_forth_nothing_is_lost_not_even_what_is_not_right_yet(client):
    second = client.post("/buy", data=CONTACT)
    first = client.post(
        "/buy", data={**hidden(second), "city": "", "lines.0.sku": "TEA", "_go": "back"}
    )
    assert (heading(first), first.url.query) == ("1 of 3: Contact", b"step=contact")
    assert 'value="Ann"' in first.text

    second = client.post("/buy", data={**hidden(first), **CONTACT})
    assert heading(second) == "2 of 3: Where to?"
    assert 'value="TEA"' in second.text
    assert "form-error" not in second.text


def test_a_button_leads_to_any_step_before(client):
    second = client.post("/buy", data=CONTACT)
    third = client.post("/buy", data={**hidden(second), "city": "Ulm"})

    to_first = client.post("/buy", data={**hidden(third), "iban": "D", "_go": "contact"})
    nowhere = client.post("/buy", data={**hidden(third), "iban": "D", "_go": "<nothing>"})

    assert (heading(to_first), heading(nowhere)) == ("1 of 3: Contact", "2 of 3: Where to?")
    assert 'value="D"' in client.get("/buy?step=payment").text


def test_no_step_can_be_jumped_to(client, done):
    page = client.get("/buy?step=payment")
    posted = client.post("/buy", data={"_step": "payment", "iban": "DE1"})
    unknown = client.post("/buy", data={"_step": "nonsense", "name": "Ann"})

    assert heading(page) == "1 of 3: Contact"
    assert heading(posted) == "1 of 3: Contact"
    assert heading(unknown) == "2 of 2: How to pay"
    assert done == []


def test_an_address_of_a_step_can_be_reloaded_and_kept(client):
    second = client.post("/buy", data=CONTACT)
    client.post("/buy", data={**hidden(second), "city": "Ulm"})

    assert heading(client.get("/buy?step=delivery")) == "2 of 3: Where to?"
    assert 'value="Ulm"' in client.get("/buy?step=delivery").text
    assert heading(client.get("/buy")) == "3 of 3: How to pay"


def test_other_parts_of_the_query_stay(client):
    page = client.post("/buy?from=mail&step=contact", data={"name": "Ann"})

    assert page.url.query == b"from=mail&step=payment"


def test_rows_are_added_without_leaving_the_step(client):
    second = client.post("/buy", data=CONTACT)
    more = client.post("/buy", data={**hidden(second), "city": "Ulm", "_add": "lines"})

    assert (more.status_code, heading(more)) == (200, "2 of 3: Where to?")
    assert 'name="lines.0.sku"' in more.text


def test_sent_twice_it_is_done_once(client, done):
    page = client.post("/buy", data={"name": "Ann"})
    last = {**hidden(page), "iban": "DE1"}
    client.post("/buy", data=last)
    again = client.post("/buy", data=last)
    earlier = client.post("/buy", data={**hidden(page), "_step": "contact", "name": "Eve"})

    assert len(done) == 1
    assert (again.status_code, earlier.status_code) == (409, 409)
    assert "This was sent already. Nothing was sent a second time." in again.text
    assert '<a href="/buy?step=contact">Begin again</a>' in again.text


def test_after_it_was_sent_all_is_forgotten_and_may_begin_anew(client, done):
    page = client.post("/buy", data={"name": "Ann"})
    client.post("/buy", data={**hidden(page), "iban": "DE1"})
    fresh = client.get("/buy")
    page = client.post("/buy", data={**hidden(fresh), "name": "Bob"})
    client.post("/buy", data={**hidden(page), "iban": "DE2"})

    assert (heading(fresh), hidden(fresh)["_run"]) == ("1 of 3: Contact", "")
    assert "Ann" not in fresh.text
    assert [one.contact.name for one in done] == ["Ann", "Bob"]


def test_two_requests_at_the_same_time_are_one(done):
    """A double click: both have the session as it was before."""
    with Client(app_of(done)) as client:
        page = client.get(client.post("/buy", data={"name": "Ann"}).headers["location"])
        cookies = dict(client.cookies)
        last = {**hidden(page), "iban": "DE1"}
        answers = []
        for _ in range(2):
            client.cookies.clear()
            for name, value in cookies.items():
                client.cookies.set(name, value)
            answers.append(client.post("/buy", data=last).status_code)

    assert (answers, len(done)) == ([303, 409], 1)


def test_a_session_that_has_ended_is_told_and_what_was_sent_is_kept(client, done):
    page = client.post("/buy", data={"name": "Ann"})
    client.cookies.clear()
    late = client.post("/buy", data={**hidden(page), "iban": "DE1"})
    again = client.post("/buy", data={**hidden(late), "name": "Ann"})

    assert (late.status_code, heading(late), done) == (409, "1 of 3: Contact", [])
    assert "earlier answers are not there any more. Nothing was sent." in late.text
    assert heading(again) == "2 of 2: How to pay"
    assert 'value="DE1"' in again.text


def test_where_the_handler_fails_it_can_be_sent_again(done):
    fails = [True]

    def fail(_: Any) -> None:
        if fails.pop():
            raise RuntimeError("no space")

    app = app_of(done, on_value=fail)
    with Client(app, follow_redirects=True, raise_server_errors=False) as client:
        page = client.post("/buy", data={"name": "Ann"})
        last = {**hidden(page), "iban": "DE1"}
        failed = client.post("/buy", data=last)
        fails.append(False)
        client.post("/buy", data=last)

    assert failed.status_code == 500
    assert len(done) == 1


def test_where_a_commit_fails_it_can_be_sent_again(done):
    """Its dependencies close after the handler, and nothing is kept where one of them fails."""
    fails: list[bool] = []

    async def unit() -> AsyncIterator[None]:
        yield
        if fails:
            raise RuntimeError(fails.pop())

    app = app_of(done, dependencies=[Depends(unit)])
    with Client(app, follow_redirects=True, raise_server_errors=False) as client:
        page = client.post("/buy", data={"name": "Ann"})
        last = {**hidden(page), "iban": "DE1"}
        fails.append(True)
        failed = client.post("/buy", data=last)
        kept = len(done)
        client.post("/buy", data=last)
        again = client.post("/buy", data=last)

    assert (failed.status_code, kept, len(done), again.status_code) == (500, 1, 2, 409)


def test_where_the_limit_of_requests_fails_it_can_be_sent_again(done):
    fails = [True]

    def rate(_: Any) -> int:
        if fails:
            raise RuntimeError(fails.pop())
        return 0

    app = app_of(done, rate=rate)
    with Client(app, follow_redirects=True, raise_server_errors=False) as client:
        page = client.post("/buy", data={"name": "Ann"})
        last = {**hidden(page), "iban": "DE1"}
        failed = client.post("/buy", data=last)
        client.post("/buy", data=last)

    assert (failed.status_code, len(done)) == (500, 1)


def test_what_only_the_handler_knows_is_told_in_its_step(done):
    def refuse(steps: Any) -> None:
        if steps.value.contact.name == "Ann":
            steps.refuse("contact.name", "is taken")

    with Client(app_of(done, on_value=refuse), follow_redirects=True) as client:
        page = client.post("/buy", data={"name": "Ann"})
        refused = client.post("/buy", data={**hidden(page), "iban": "DE1"})
        page = client.post("/buy", data={**hidden(refused), "name": "Bob"})
        kept = page.text
        client.post("/buy", data={**hidden(page), "iban": "DE1"})

    assert (refused.status_code, heading(refused)) == (422, "1 of 2: Contact")
    assert "Name is taken" in refused.text
    assert 'value="DE1"' in kept
    assert [one.contact.name for one in done] == ["Bob"]


def test_a_rule_across_steps_stands_in_the_summary(client, done):
    page = client.post("/buy", data={"name": "same"})
    wrong = client.post("/buy", data={**hidden(page), "iban": "same"})

    assert (wrong.status_code, heading(wrong), done) == (422, "2 of 2: How to pay", [])
    assert "Both are the same" in wrong.text


def test_a_field_is_checked_alone_and_nothing_is_kept(client):
    headers = {"precognition": "true", "precognition-validate-only": "name"}
    wrong = client.post("/buy", data={"name": "A"}, headers=headers)
    right = client.post("/buy", data={"name": "Ann"}, headers=headers)

    assert (wrong.status_code, right.status_code) == (422, 204)
    assert "set-cookie" not in right.headers


def test_to_check_the_last_step_is_not_to_send_it(client, done):
    page = client.post("/buy", data={"name": "Ann"})
    last = {**hidden(page), "iban": "DE1"}
    checked = client.post("/buy", data=last, headers={"precognition": "true"})
    client.post("/buy", data=last)

    assert checked.status_code == 204
    assert len(done) == 1


def test_what_a_handler_would_say_of_a_step_comes_too_late():
    """Its answers are taken before: a choice that only the handler knows would not be checked."""

    class Cup(Struct):
        size: Annotated[str, field(choices={"s": "Small"})]
        price: Annotated[int, field(readonly=True)] = 2

    class Order(Struct):
        cup: Cup

    [one] = walk_of(Order).steps
    steps: Any = Steps(walk_of(Order), None, {}, Once(Tally()))

    for late in (
        lambda: setattr(steps.form["size"], "choices", {"l": "Large"}),
        lambda: steps.form.fill(Cup("s")),
    ):
        with pytest.raises(GambrelError, match="what was sent is checked before") as error:
            late()
        assert error.value.code == "forms.steps"
    assert one.definition.locked == ("price",)


def test_other_sites_cannot_take_a_step(client):
    answer = client.post("/buy", data={"name": "Ann"}, headers={"sec-fetch-site": "cross-site"})

    assert answer.status_code == 403


def test_only_the_last_step_counts_as_sent(done):
    app = app_of(done, rate=PerClient(1))
    with Client(app, follow_redirects=True) as client:
        for name in ("Ann", "Bob"):
            page = client.post("/buy", data={"name": name})
            last = client.post("/buy", data={**hidden(page), "iban": "DE1"})

    assert (last.status_code, len(done)) == (429, 1)
    assert "Try again in" in last.text
    assert 'value="DE1"' in last.text


def test_a_page_of_a_visitor_is_private(client):
    second = client.post("/buy", data={"name": "Ann"})

    assert second.headers["cache-control"] == "private, no-store"


def test_passwords_and_files_are_not_kept(client):
    page = client.post("/buy", data={"name": "Ann"})
    sent = {**hidden(page), "iban": "", "_go": "back"}
    client.post("/buy", data=sent, files={"proof": ("secret.txt", b"abc")})

    assert "secret.txt" not in client.get("/buy?step=payment").text
    assert re.search('type="file"[^>]*>', client.get("/buy?step=payment").text)


def test_strange_sessions_and_answers_are_no_error(client):
    for data in ({"_run": "x" * 5_000}, {"_step": "__class__"}, {"_go": "../.."}, {"_run": "\0"}):
        answer: httpx2.Response = client.post("/buy", data={**data, "name": "Ann"})

        assert answer.status_code in {200, 409}


class Story(Struct):
    text: Annotated[str, Meta(max_length=20_000)]
    name: str = ""


class Review(Struct):
    pass


class Told(Struct):
    story: Annotated[Story, step(lazy_gettext("Your story"))]
    review: Review


class ToldLast(Struct):
    contact: Contact
    story: Story


def told(client: Any, **fields: str) -> Any:
    page = client.post("/buy", data={"text": "short", "name": "Ann"})
    first = client.get("/buy?step=story")
    return page, client.post("/buy", data={**hidden(first), **fields})


@pytest.mark.parametrize("go", ["next", "back"])
def test_what_a_session_has_no_room_for_is_told_and_not_lost(done, go):
    letters = "".join(map(chr, range(192, 592))) * 12
    with Client(app_of(done, Told), follow_redirects=True) as client:
        _, long = told(client, text=letters, name="Ann", _go=go)
        again = client.get("/buy?step=story")
        page = client.post("/buy", data={**hidden(again), "text": "less", "name": "Ann"})
        client.post("/buy", data=hidden(page))

    assert (long.status_code, heading(long)) == (422, "1 of 2: Your story")
    assert "Text is too long to be kept" in long.text
    assert letters in long.text
    assert "short</textarea>" in again.text
    assert done == [Told(Story("less", "Ann"), Review())]


def test_the_last_step_needs_no_room(done):
    letters = "".join(map(chr, range(192, 592))) * 12
    with Client(app_of(done, ToldLast), follow_redirects=True) as client:
        page = client.post("/buy", data=CONTACT)
        client.post("/buy", data={**hidden(page), "text": letters})

    assert done == [ToldLast(Contact("Ann", True), Story(letters))]


def test_steps_speak_the_language_of_the_visitor(done):
    app = app_of(done, Told, languages=I18n("en", "de", "ar", folders=()))
    with Client(app, follow_redirects=True, headers={"accept-language": "de"}) as client:
        first = client.get("/buy")
        page = client.post("/buy", data={"text": "kurz"})
        last = hidden(page)
        client.post("/buy", data=last)
        again = client.post("/buy", data=last)
        client.cookies.clear()
        late = client.post("/buy", data=last)
        arabic = client.get("/buy", headers={"accept-language": "ar"})

    assert "Schritt 1 von 2" in first.text
    assert ">Weiter</button>" in first.text
    assert ">Absenden</button>" in page.text
    assert ">Zurück</button>" in page.text
    assert 'aria-label="Your story ändern">Ändern</a>' in page.text
    assert "Das wurde schon abgesendet." in again.text
    assert ">Noch einmal beginnen</a>" in again.text
    assert "Frühere Antworten sind nicht mehr da." in late.text
    assert "الخطوة 1 من 2" in arabic.text


def test_a_fault_of_a_step_that_is_not_there_is_a_mistake(done):
    told: list[str] = []

    def refuse(steps: Any) -> None:
        for path in ("contct.name", "contact.naem"):
            with pytest.raises(GambrelError, match="refuse") as error:
                steps.refuse(path, "is taken")
            told.append(error.value.what)

    with Client(app_of(done, on_value=refuse), follow_redirects=True) as client:
        page = client.post("/buy", data={"name": "Ann"})
        client.post("/buy", data={**hidden(page), "iban": "DE1"})

    assert told == ["there is no step 'contct'", "the form of Contact has no field 'naem'"]
    assert len(done) == 1
