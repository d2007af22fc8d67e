from msgspec import Struct

from gambrel import HTML, App, Request
from gambrel.forms import Forms, HTMLForm, PerClient
from gambrel.forms.rate import KEPT, Tally
from gambrel.i18n import I18n
from gambrel.testing import Client


class Note(Struct):
    text: str


def app_of(rate: object, *others: object) -> App:
    app = App(extensions=[Forms(rate=rate), *others])

    @app.route("/", methods=["GET", "POST"])
    async def note(form: HTMLForm[Note]) -> HTML:
        return HTML(form.__html__() if form.value is None else "taken", form.status)

    @app.post("/other")
    async def other(form: HTMLForm[Note]) -> str:
        return "taken" if form.value else "refused"

    return app


def test_who_sends_too_often_is_told_how_long_to_wait_and_keeps_what_was_typed():
    now = [0.0]
    with Client(app_of(PerClient(2, 60, clock=lambda: now[0]))) as client:
        good = [client.post("/", data={"text": "tea"}).text for _ in range(2)]
        now[0] = 20.5
        answer = client.post("/", data={"text": "my long text"})
        elsewhere = client.post("/other", data={"text": "tea"})
        shown = client.get("/")
        now[0] = 60
        again = client.post("/", data={"text": "tea"})

    assert good == ["taken", "taken"]
    assert (answer.status_code, answer.headers["retry-after"]) == (429, "40")
    assert "This was sent too often. Try again in 40 seconds." in answer.text
    assert 'value="my long text"' in answer.text
    assert (elsewhere.text, shown.status_code, again.text) == ("taken", 200, "taken")


def test_who_sends_too_often_is_told_so_in_their_language():
    rate = PerClient(0, 60, clock=lambda: 0.0)
    app = app_of(rate, I18n("en", "de", "ar", folders=()))
    with Client(app, headers={"accept-language": "de"}) as client:
        german = client.post("/", data={"text": "t"}).text
        arabic = client.post("/", data={"text": "t"}, headers={"accept-language": "ar"}).text

    assert "Bitte in 60 Sekunden noch einmal versuchen." in german
    assert "حاول مرة أخرى بعد 60 ثانية." in arabic


def test_to_check_a_field_is_not_to_send_the_form():
    with Client(app_of(PerClient(1))) as client:
        for _ in range(3):
            answer = client.post("/", data={"text": "t"}, headers={"precognition": "true"})

    assert answer.status_code == 204


def test_a_hook_of_ones_own_may_wait_and_decide_by_anything():
    async def rate(request: Request) -> int:
        return 1 if "x-slow" in request.headers else 0

    with Client(app_of(rate)) as client:
        slow = client.post("/", data={"text": "t"}, headers={"x-slow": "1"})

        assert "Try again in 1 second." in slow.text
        assert client.post("/", data={"text": "t"}).text == "taken"


def test_a_tally_begins_anew_and_forgets():
    now = [0.0]
    tally = Tally(lambda: now[0])

    assert [tally.hit("a", 10), tally.hit("a", 10), tally.hit("b", 10)] == [
        (1, 10),
        (2, 10),
        (1, 10),
    ]
    now[0] = 10
    assert tally.hit("a", 10) == (1, 10)
    tally.forget("a")
    assert tally.hit("a", 10) == (1, 10)


def test_strangers_cannot_fill_the_memory():
    tally = Tally()
    for number in range(2 * KEPT):
        tally.hit(number, 60)

    assert len(tally.counts) == KEPT
