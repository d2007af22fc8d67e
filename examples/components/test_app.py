"""The reading list: its page, its parts, and both in a browser."""

import pytest
from components.app import app

from gambrel.testing import Client, LiveServer
from tests.conftest import chromium

PART = {"X-Part": "1"}
FLAGS = ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking"]
TROUBLE = """
window.trouble = [];
addEventListener("securitypolicyviolation", (event) => trouble.push(event.violatedDirective));
addEventListener("error", (event) => trouble.push(event.message));
"""


@pytest.fixture
def site():
    with Client(app) as client:
        yield client


def test_the_page_shows_all_books(site):
    page = site.get("/").text

    assert page.count('class="book') == 4  # three, and their list
    assert "<footer>Two books to read</footer>" in page
    assert 'href="/_components/' in page


def test_the_script_gets_the_list_alone(site):
    part = site.get("/?show=read", headers=PART).text

    assert "<html" not in part
    assert "How Buildings Learn" in part
    assert "A Pattern Language" not in part
    assert site.get("/?show=none").status_code == 422


def test_a_book_is_added_with_and_without_the_script(site):
    book = {"title": "<b>", "author": "A & B"}

    plain = site.post("/books", data=book, follow_redirects=False)
    part = site.post("/books", data=book, headers=PART)

    assert (plain.status_code, plain.headers["location"]) == (303, "/")
    assert part.status_code == 201
    assert "<b>&lt;b&gt;</b> <small>A &amp; B</small>" in part.text
    assert site.post("/books", data={"title": "", "author": "x"}).status_code == 422


def test_a_book_is_turned_and_answers_for_itself(site):
    part = site.post("/books/3/turn", headers=PART).text

    assert part.strip().startswith('<li class="book" id="book-3">')
    assert site.post("/books/3/turn", follow_redirects=False).status_code == 303


def test_what_is_not_there_has_a_page(site):
    answer = site.post("/books/99/turn")

    assert answer.status_code == 404
    assert "<code>/books/99/turn</code>" in answer.text


def test_nothing_is_wrong_with_the_templates():
    assert [p for p in app.problems() if p.id.startswith("templates")] == []


@pytest.mark.service("browser")
@pytest.mark.parametrize("width", [360, 1280])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_in_a_browser_parts_are_swapped_in(width, scheme):
    playwright = pytest.importorskip("playwright.sync_api")
    with LiveServer(app) as server, playwright.sync_playwright() as driver:
        chrome = driver.chromium.launch(executable_path=chromium(), args=FLAGS)
        size = {"width": width, "height": 800}
        view = chrome.new_page(viewport=size, color_scheme=scheme)
        view.add_init_script(TROUBLE)
        view.goto(server.url)
        view.get_by_role("link", name="Open").click()
        view.locator("#list").get_by_text("How Buildings Learn").wait_for(state="detached")
        view.get_by_role("button", name="Read: A Pattern Language").click()
        view.locator("#book-1.read").wait_for()
        view.get_by_label("Title").fill("Dune")
        view.get_by_label("Author").fill("Frank Herbert")
        view.get_by_role("button", name="Add").click()
        view.get_by_text("Dune").wait_for()

        assert view.evaluate("trouble") == []
        assert view.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0
        assert view.get_by_label("Title").input_value() == ""
        chrome.close()
