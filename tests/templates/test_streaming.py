import asyncio
import logging

import pytest
from jinja2 import UndefinedError

from gambrel import App, Depends, GambrelError, Request, Router
from gambrel.sessions import Flash, Sessions
from gambrel.templates import Renderer, Template, Templates, page_values
from gambrel.templates.streaming import CHUNK, gather
from gambrel.testing import Client
from tests.templates.site import site


def raising() -> None:
    """Stands for what tells errors better."""


def test_pieces_are_gathered_up_to_a_chunk_or_an_empty_piece():
    pieces = ["a", "", "", "b" * CHUNK, "c", "d"]

    assert list(gather(pieces, raising)) == [b"a", b"b" * CHUNK, b"cd"]


def test_a_page_is_sent_while_it_is_made():
    made = []

    def rows():
        for n in range(3):
            made.append(n)
            yield n

    text = "<title>x</title>{% flush %}{% for n in rows %}<li>{{ n }}{% flush %}{% endfor %}"
    page = Template("index.html", {"rows": rows()}, stream=True)
    renderer = Templates({"index.html": text}).build(App())
    request = type("R", (), {"route": None})()

    response = renderer.answer(page, request)

    pieces = iter(response.body)
    assert (next(pieces), made) == (b"<title>x</title>", [])
    assert (next(pieces), made) == (b"<li>0", [0])
    assert b"".join(pieces) == b"<li>1<li>2"


def test_a_streamed_page_has_a_head_as_any_other():
    text = "{{ csp_nonce() }}{% flush %}{% for n in range(3) %}{{ n }}{% endfor %}"

    with Client(
        site({"index.html": text}, page=lambda: Template("index.html", stream=True))
    ) as client:
        answer = client.get("/")

    assert answer.text.endswith("012")
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert f"'nonce-{answer.text[:-3]}'" in answer.headers["content-security-policy"]


def test_what_fails_at_the_beginning_of_a_stream_is_an_error_of_its_own(caplog):
    caplog.set_level(logging.CRITICAL)
    app = site({"index.html": "a{{ nobody }}"}, page=lambda: Template("index.html", stream=True))

    with Client(app, raise_server_errors=False) as client:
        assert client.get("/").status_code == 500


def test_what_fails_later_breaks_the_answer_off(caplog):
    caplog.set_level(logging.CRITICAL)
    text = "a{% flush %}{{ nobody }}"
    app = site({"index.html": text}, page=lambda: Template("index.html", stream=True))

    with Client(app) as client, pytest.raises(UndefinedError, match="nobody"):
        client.get("/")


# Waiting ---------------------------------------------------------------------------------------


async def later(value: object) -> object:
    await asyncio.sleep(0)
    return value


async def numbers():
    for n in range(3):
        yield await later(n)


WAITING = "{% for n in numbers %}{{ n }}{{ later(n) }} {% endfor %}{% include 'more.html' %}"
TEXTS = {
    "index.html": WAITING,
    "more.html": "{% from 'm.html' import m with context %}{{ m() }}",
    "m.html": "{% macro m() %}{{ later('m') }}{% endmacro %}",
}


@pytest.mark.parametrize("stream", [True, False])
def test_a_template_that_waits_awaits_what_it_uses(stream):
    def page() -> Template:
        values = {"numbers": numbers(), "later": later}
        return Template("index.html", values, 201, {"x-a": "1"}, waits=True, stream=stream)

    with Client(site(TEXTS, page=page)) as client:
        answer = client.get("/")

    assert answer.text == "00 11 22 m"
    assert (answer.status_code, answer.headers["x-a"]) == (201, "1")
    assert "script-src" in answer.headers["content-security-policy"]


def test_a_handler_may_wait_for_the_text_itself():
    app = App(extensions=[Templates(TEXTS)])

    @app.get("/")
    async def home(pages: Renderer, request: Request) -> str:
        values = {"numbers": numbers(), "later": later}
        return await pages.render_async("index.html", values, request=request)

    with Client(app) as client:
        assert client.get("/").text == "00 11 22 m"


def test_without_it_a_coroutine_is_an_error_of_the_template(caplog):
    caplog.set_level(logging.CRITICAL)
    app = site({"index.html": "{% for n in numbers %}{% endfor %}"}, {"numbers": numbers()})

    with Client(app) as client, pytest.raises(TypeError):
        client.get("/")


async def waited(request: Request) -> dict[str, object]:
    return {"user": await later(request.path)}


def test_values_of_all_pages_may_be_waited_for():
    with Client(site({"index.html": "{{ user }}"}, context=waited)) as client:
        assert client.get("/").text == "/"


def test_values_of_a_group_may_be_waited_for():
    app = App(extensions=[Templates({"i.html": "{{ user | default('none') }}"})])
    admin = Router("/admin", extra=page_values(waited))

    for router in (app, admin):

        @router.get("/page")
        async def page() -> Template:
            return Template("i.html", status=202, headers={"x-a": "1"})

    app.include(admin)
    with Client(app) as client:
        plain, own = client.get("/page"), client.get("/admin/page")

    assert (plain.text, own.text) == ("none", "/admin/page")
    assert (own.status_code, own.headers["x-a"]) == (202, "1")


def test_what_a_dependency_and_a_middleware_set_is_on_a_page_that_waits():
    app = App(extensions=[Templates({"i.html": "{{ user }}{{ csp_nonce() }}"}, context=waited)])

    def sign(request: Request) -> None:
        request.draft.headers["x-signed"] = "yes"

    @app.middleware
    async def mark(request, call_next):
        response = await call_next(request)
        response.headers["x-marked"] = "yes"
        return response

    @app.get("/", dependencies=[Depends(sign)])
    async def page() -> Template:
        return Template("i.html")

    with Client(app) as client:
        answer = client.get("/")

    assert (answer.headers["x-signed"], answer.headers["x-marked"]) == ("yes", "yes")
    assert answer.text[1:] in answer.headers["content-security-policy"]


def test_what_fails_in_a_template_that_waits_is_told_by_its_line():
    renderer = Templates({"a.html": "\n\n{{ nobody }}"}).build(App())

    with pytest.raises(UndefinedError) as told:
        asyncio.run(renderer.render_async("a.html"))

    trace, lines = told.value.__traceback__, []
    while trace is not None:
        lines.append((trace.tb_frame.f_code.co_name, trace.tb_lineno))
        trace = trace.tb_next
    assert ("top-level template code", 3) in lines


def test_a_missing_template_that_waits_is_told():
    renderer = Templates({}).build(App())

    with pytest.raises(GambrelError, match="no template"):
        asyncio.run(renderer.render_async("a.html"))


SECRET = "{% for message in flash %}{{ message.text }}{% endfor %}"
KEEP = "{% set messages = flash | list %}"


def told(page: str, **options: bool) -> App:
    app = App(extensions=[Sessions(), Templates({"page.html": page})])

    @app.get("/tell")
    async def tell(flash: Flash) -> None:
        flash.add("a secret")

    @app.get("/")
    async def show() -> Template:
        headers = {"cache-control": "public, max-age=600", "vary": "accept"}
        return Template("page.html", headers=headers, **options)

    return app


@pytest.mark.parametrize("waits", [False, True])
def test_a_stream_shows_no_message_when_its_head_has_left(waits):
    with Client(told("a{% flush %}" + SECRET, stream=True, waits=waits)) as client:
        client.get("/tell")
        with pytest.raises(GambrelError, match="after its head had left"):
            client.get("/")
        client.cookies.clear()
        with pytest.raises(GambrelError, match="'vary'"):
            client.get("/")


@pytest.mark.parametrize("waits", [False, True])
def test_messages_that_a_stream_takes_at_its_beginning_are_private_and_shown_once(waits):
    page = (
        KEEP + "a{% flush %}" + SECRET.replace("flash", "messages") + "{% if flash %}!{% endif %}"
    )
    with Client(told(page, stream=True, waits=waits)) as client:
        client.get("/tell")
        shown, again = client.get("/"), client.get("/")

    assert shown.text == "aa secret"
    assert shown.headers.get_list("cache-control") == ["private, no-store"]
    assert again.text == "a"


@pytest.mark.parametrize("waits", [False, True])
def test_what_a_page_says_of_its_visitor_takes_the_place_of_what_its_handler_says(waits):
    with Client(told(SECRET, waits=waits)) as client:
        client.get("/tell")
        headers = client.get("/").headers

    assert headers.get_list("cache-control") == ["private, no-store"]
    assert sorted(headers.get_list("vary")) == ["accept", "cookie"]


def test_a_nonce_may_be_shown_again_when_the_head_has_left():
    page = "{{ csp_nonce() }}{% flush %},{{ csp_nonce() }}"
    app = site({"index.html": page}, page=lambda: Template("index.html", stream=True))
    with Client(app) as client:
        first, _, second = client.get("/").text.partition(",")

    assert first == second != ""
