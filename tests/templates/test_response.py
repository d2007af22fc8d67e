import asyncio
import logging
from dataclasses import dataclass

import pytest
from msgspec import Struct

from gambrel import App, GambrelError, NotFound, Redirect, Request
from gambrel.templates import Template, Templates
from gambrel.testing import AsyncClient, Client
from tests.templates.site import site


def test_a_handler_answers_with_a_page():
    with Client(site({"index.html": "<h1>{{ title }}</h1>"}, {"title": "Home"})) as client:
        answer = client.get("/")

    assert answer.text == "<h1>Home</h1>"
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert "script-src" in answer.headers["content-security-policy"]


class Typed(Struct):
    title: str


@dataclass
class Classic:
    title: str


@pytest.mark.parametrize("context", [Typed("Home"), Classic("Home"), {"title": "Home"}])
def test_values_come_by_name_or_as_a_typed_value(context):
    with Client(site({"index.html": "{{ title }}"}, context)) as client:
        assert client.get("/").text == "Home"


def test_the_page_has_the_status_and_headers_of_its_template():
    def page() -> Template:
        made = Template("index.html", status=404, headers={"x-a": "1"})
        made.set_cookie("seen", "yes")
        return made

    with Client(site({"index.html": "gone"}, page=page)) as client:
        answer = client.get("/")

    assert (answer.status_code, answer.headers["x-a"], answer.text) == (404, "1", "gone")
    assert "seen=yes" in answer.headers["set-cookie"]
    assert "script-src" in answer.headers["content-security-policy"]


def test_the_name_says_the_media_type_and_the_template_may():
    texts = {"feed.xml": "<a>{{ 'x<y' }}</a>", "mail.txt": "{{ 'x<y' }}"}
    app = App(extensions=[Templates(texts)])

    @app.get("/feed")
    async def feed() -> Template:
        return Template("feed.xml")

    @app.get("/mail")
    def mail() -> Template:
        return Template("mail.txt", media_type="text/calendar")

    with Client(app) as client:
        feed_answer, mail_answer = client.get("/feed"), client.get("/mail")

    assert feed_answer.headers["content-type"] == "application/xml; charset=utf-8"
    assert feed_answer.text == "<a>x&lt;y</a>"
    assert mail_answer.headers["content-type"] == "text/calendar; charset=utf-8"
    assert mail_answer.text == "x<y"


def test_a_handler_without_annotation_or_with_a_union_may_return_one():
    app = App(extensions=[Templates({"index.html": "page"})])

    @app.get("/bare")
    async def bare():
        return Template("index.html")

    @app.get("/either")
    async def either() -> Template | Redirect:
        return Template("index.html")

    with Client(app) as client:
        assert client.get("/bare").text == client.get("/either").text == "page"


def test_error_handlers_and_middleware_answer_with_pages():
    app = App(extensions=[Templates({"404.html": "no {{ request.path }}", "off.html": "closed"})])

    @app.on_error(404)
    async def missing(request: Request, error: NotFound) -> Template:
        return Template("404.html", status=404)

    @app.middleware
    async def closed(request, call_next):
        return (
            Template("off.html", status=503) if "off" in request.query else await call_next(request)
        )

    with Client(app) as client:
        missing_answer, closed_answer = client.get("/nowhere"), client.get("/?off=1")

    assert (missing_answer.status_code, missing_answer.text) == (404, "no /nowhere")
    assert (closed_answer.status_code, closed_answer.text) == (503, "closed")


def test_one_template_may_answer_twice():
    shared = Template("index.html")

    with Client(site({"index.html": "{{ request.query['n'] }}"}, page=lambda: shared)) as client:
        assert [client.get(f"/?n={n}").text for n in (1, 2)] == ["1", "2"]


def test_what_is_called_on_close_of_a_template_is_called():
    closed = []

    def page() -> Template:
        made = Template("index.html")
        made.on_close(lambda: closed.append(1))
        return made

    with Client(site({"index.html": "x"}, page=page)) as client:
        client.get("/")

    assert closed == [1]


def test_a_template_in_an_app_without_templates_says_what_to_add(caplog):
    app = App()

    @app.get("/")
    async def home() -> Template:
        return Template("index.html")

    with (
        caplog.at_level(logging.CRITICAL),
        Client(app) as client,
        pytest.raises(GambrelError) as told,
    ):
        client.get("/")

    assert told.value.code == "app.no-extension"
    assert "Templates()" in told.value.hint


def test_a_status_that_is_none_is_refused():
    with pytest.raises(ValueError, match="700"):
        Template("index.html", status=700)


def test_its_repr_names_it():
    assert repr(Template("index.html", status=404)) == "<Template 'index.html' 404>"


def test_pages_of_concurrent_requests_do_not_mix():
    app = App(extensions=[Templates({"index.html": "{{ request.query['n'] }} {{ n }}"})])

    @app.get("/")
    async def home(n: int) -> Template:
        await asyncio.sleep(0)
        return Template("index.html", {"n": n})

    async def ask_all() -> list[str]:
        async with AsyncClient(app) as client:
            answers = await asyncio.gather(*(client.get(f"/?n={n}") for n in range(50)))
        return [answer.text for answer in answers]

    assert asyncio.run(ask_all()) == [f"{n} {n}" for n in range(50)]
