"""The script in a real browser: parts that are exchanged, questions, and clicks too many."""

from collections.abc import Iterator
from typing import Any

import pytest

from gambrel import HTML, App, Request
from gambrel.looks import Looks
from gambrel.testing import LiveServer

pytestmark = pytest.mark.service("browser")
LOOKS = Looks()
PAGE = """<!doctype html><html lang="en"><head><title>x</title>{tags}</head><main>
<h1>Page</h1><p id="kept">kept</p>
<ul id="list"><li>{number}</li></ul>
<a href="/?number={next}" data-swap="#list">more</a>
<form action="/" data-swap="#list"><input name="number" value="40"><button>find</button></form>
<form method="post" action="/delete"><button data-confirm="Delete it?">delete</button></form>
</main>"""


@pytest.fixture
def site() -> Iterator[tuple[str, list[str]]]:
    asked: list[str] = []
    app = App(extensions=[LOOKS])

    @app.get("/")
    async def page(request: Request, number: int = 1) -> HTML:
        asked.append(f"{number} {request.headers.get('x-fragment', '-')}")
        return HTML(PAGE.format(tags=LOOKS.tags, number=number, next=number + 1))

    @app.post("/delete")
    async def delete() -> HTML:
        asked.append("deleted")
        return HTML("<!doctype html><html lang=en><title>x</title><p>gone</p>")

    with LiveServer(app) as server:
        yield server.url, asked


def opened(browser: Any, url: str) -> Any:
    page = browser.new_page()
    page.set_default_timeout(10_000)
    page.goto(url)
    return page


def test_a_link_and_a_form_exchange_a_part_of_the_page(browser, site):
    url, asked = site
    page = opened(browser, url)
    page.evaluate("document.getElementById('kept').textContent = 'still here'")

    page.get_by_text("more").click()
    page.locator("#list li", has_text="2").wait_for()
    page.get_by_text("find").click()
    page.locator("#list li", has_text="40").wait_for()

    assert page.locator("#kept").inner_text() == "still here"
    assert asked == ["1 -", "2 #list", "40 #list"]
    assert page.url == f"{url}/?number=40"
    page.go_back()
    page.locator("#list li", has_text="2").wait_for()
    assert page.url == f"{url}/?number=2"
    page.close()


def test_a_question_is_asked_before_it_goes_on(browser, site):
    url, asked = site
    page = opened(browser, url)
    questions: list[str] = []
    answers = iter([False, True])

    def answer(dialog: Any) -> None:
        questions.append(dialog.message)
        dialog.accept() if next(answers) else dialog.dismiss()

    page.on("dialog", answer)
    page.get_by_text("delete").click()
    assert "deleted" not in asked
    page.get_by_text("delete").click()
    page.get_by_text("gone").wait_for()

    assert questions == ["Delete it?"] * 2
    assert asked.count("deleted") == 1
    page.close()


def test_a_second_click_sends_nothing_twice(browser, site):
    url, asked = site
    page = opened(browser, url)
    page.on("dialog", lambda dialog: dialog.accept())

    page.evaluate(
        "() => { const form = document.forms[1];"
        " for (let n = 0; n < 3; n += 1) form.requestSubmit(); }"
    )
    page.get_by_text("gone").wait_for()

    assert asked.count("deleted") == 1
    page.close()


TROUBLED = """<!doctype html><html lang="en"><head><title>x</title>{tags}</head><main>
<ul id="list"></ul>
<form method="post" action="/pay" data-swap="#list">
<input name="action" value="a"><input name="method" value="get"><input name="submit" value="s">
<button>pay</button></form></main>"""


def test_a_form_whose_answer_is_lost_is_not_sent_again_whatever_its_fields_are_called(browser):
    app = App(extensions=[LOOKS])

    @app.get("/")
    async def page() -> HTML:
        return HTML(TROUBLED.format(tags=LOOKS.tags))

    with LiveServer(app) as server:
        shown = opened(browser, server.url)
        asked: list[str] = []
        shown.on("request", lambda request: asked.append(f"{request.method} {request.url}"))
        shown.route("**/pay", lambda route: route.abort())
        shown.get_by_role("button", name="pay").dblclick()
        shown.get_by_role("alert").first.wait_for()

        assert next(one for one in asked if "/pay" in one) == f"POST {server.url}/pay"
        assert not [one for one in asked if one.startswith("GET") and "/pay" in one]
        assert "No answer came" in shown.get_by_role("alert").first.inner_text()
        assert shown.url == f"{server.url}/"
        shown.close()


FOCUSED = """<!doctype html><html lang="en"><head><title>x</title>{tags}</head><main>
<div id="part"><a href="/?number={number}" data-swap="#part">{number}</a>
<button hidden>x</button></div></main>"""


def test_the_focus_stays_where_a_part_was_exchanged_and_what_is_hidden_is_not_seen(browser):
    app = App(extensions=[LOOKS])

    @app.get("/")
    async def page(number: int = 1) -> HTML:
        return HTML(FOCUSED.format(tags=LOOKS.tags, number=number + 1))

    with LiveServer(app) as server:
        shown = opened(browser, server.url)
        shown.get_by_role("link", name="2").press("Enter")
        shown.get_by_role("link", name="3").wait_for()

        assert shown.evaluate("document.activeElement.id") == "part"
        assert not shown.locator("button").is_visible()
        shown.close()


LONG = """<!doctype html><html lang="en"><head><title>x</title>{tags}</head><main>
<div id="part"><p>Part {number}</p>{lines}<a href="/?number={next}" data-swap="#part">more</a></div>
</main>"""


def test_who_goes_on_from_the_end_of_a_long_part_sees_the_next_from_its_beginning(browser):
    app = App(extensions=[LOOKS])

    @app.get("/")
    async def page(number: int = 1) -> HTML:
        lines = "<p>line</p>" * 100
        return HTML(LONG.format(tags=LOOKS.tags, number=number, next=number + 1, lines=lines))

    with LiveServer(app) as server:
        shown = opened(browser, server.url)
        shown.get_by_role("link", name="more").click()
        beginning = shown.get_by_text("Part 2")
        beginning.wait_for()
        shown.wait_for_function("document.activeElement.id === 'part'")

        assert 0 <= beginning.bounding_box()["y"] < 300
        shown.close()
