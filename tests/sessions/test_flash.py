from collections.abc import AsyncIterator

import pytest

from gambrel import App, GambrelError, Redirect, Stream
from gambrel.sessions import Flash, Message, Sessions
from gambrel.sessions.cookies import Signing
from gambrel.templates import Template, Templates
from gambrel.testing import Client, make_request
from gambrel.wording import LazyText

PAGE = "{% for message in flash %}<p class={{ message.kind }}>{{ message.text }}</p>{% endfor %}"


def app_of() -> App:
    app = App(extensions=[Sessions(), Templates({"page.html": PAGE})])

    @app.post("/")
    async def save(flash: Flash) -> Redirect:
        flash.add("It is <saved>.", "success")
        return Redirect("/", 303)

    @app.get("/")
    async def show() -> Template:
        return Template("page.html")

    @app.get("/both")
    async def both(flash: Flash) -> Template:
        flash.add("Now.")
        return Template("page.html")

    return app


def test_a_page_shows_messages_once_though_its_handler_does_not_ask_for_them():
    with Client(app_of(), follow_redirects=True) as client:
        shown = client.post("/")
        again = client.get("/")

    assert shown.text == "<p class=success>It is &lt;saved&gt;.</p>"
    assert shown.headers["cache-control"] == "private, no-store"
    assert again.text == ""


def test_a_message_that_is_shown_at_once_is_not_shown_again():
    with Client(app_of()) as client:
        shown = client.get("/both")
        assert shown.text == "<p class=info>Now.</p>"
        assert shown.headers.get_list("set-cookie") == []
        assert client.get("/").text == ""


def test_a_message_that_is_translated_later_is_translated_when_it_is_left():
    flash = Flash(make_request(headers={"host": "localhost"}), Signing(["k" * 40], "session"))
    flash.add(LazyText("Saved %(name)s", {"name": "it"}), "success")

    assert list(flash) == [Message("Saved it", "success")]


@pytest.mark.parametrize("value", [b"", b"{}", b"[1]", b"[[1]]"])
def test_what_is_no_list_of_messages_is_none(value):
    sealing = Signing(["k" * 40], "session")
    text = sealing.seal("flash", value)
    request = make_request(headers={"host": "localhost", "cookie": f"flash={text}"})

    assert list(Flash(request, sealing)) == []


def test_there_are_messages_or_not():
    flash = Flash(make_request(), Signing(["k" * 40], "session"))
    assert not flash
    flash.add("a")
    assert flash
    assert list(flash) == [Message("a")]
    assert not flash


def test_a_message_that_no_cookie_can_hold_is_dropped():
    flash = Flash(make_request(), Signing(["k" * 40], "session"))
    flash.add("x" * 5_000)

    assert [message.text[:1] for message in flash] == ["x"]


def test_a_message_is_forgotten_after_ten_minutes_whatever_the_browser_keeps():
    sealing, now = Signing(["k" * 40], "session"), [1_000.0]
    first = make_request(headers={"host": "localhost"})
    Flash(first, sealing, clock=lambda: now[0]).add("old")
    cookie = first.draft.headers["set-cookie"].partition(";")[0]
    later = make_request(headers={"host": "localhost", "cookie": cookie})

    now[0] += 600
    assert [m.text for m in Flash(later, sealing, clock=lambda: now[0])] == ["old"]
    now[0] += 1
    assert list(Flash(later, sealing, clock=lambda: now[0])) == []


def test_a_message_that_is_longer_than_a_cookie_is_cut():
    sealing = Signing(["k" * 40], "session")
    first = make_request(headers={"host": "localhost"})
    Flash(first, sealing).add("ж" * 5_000, "error")
    cookie = first.draft.headers["set-cookie"].partition(";")[0]
    (message,) = Flash(make_request(headers={"host": "localhost", "cookie": cookie}), sealing)

    assert message.kind == "error"
    assert message.text.startswith("жжж")
    assert message.text.endswith("…")


def test_messages_cannot_be_shown_in_a_stream_whose_answer_has_begun():
    app = app_of()

    @app.get("/stream")
    async def stream(flash: Flash) -> Stream:
        async def pieces() -> AsyncIterator[str]:
            yield "a"
            for message in flash:
                yield message.text

        return Stream(pieces(), headers={"cache-control": "public"})

    @app.get("/before")
    async def before(flash: Flash) -> Stream:
        texts = [message.text for message in flash]

        async def pieces() -> AsyncIterator[str]:
            yield texts[0]

        return Stream(pieces(), headers={"cache-control": "public"})

    with Client(app) as client:
        client.post("/")
        with pytest.raises(GambrelError, match="its answer was made"):
            client.get("/stream")
        shown = client.get("/before")

        assert shown.text == "It is <saved>."
        assert shown.headers["cache-control"] == "private, no-store"
        assert client.get("/").text == ""
