"""The error page in a real browser, under its own policy, with hostile text in every place."""

import pytest

from gambrel.debug.not_found import Candidate, render_not_found
from gambrel.debug.page import respond_with
from tests.conftest import chromium
from tests.debug.test_page import CANARY, hostile_page

pytestmark = pytest.mark.service("browser")

FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
]
TROUBLE = """
window.trouble = [];
window.__xss = () => trouble.push("script ran");
addEventListener("securitypolicyviolation", (event) => trouble.push(event.violatedDirective));
addEventListener("error", (event) => trouble.push(event.message));
"""
BACKGROUND = {"light": "rgb(247, 245, 242)", "dark": "rgb(23, 22, 20)"}


@pytest.fixture(scope="module")
def chrome():
    # Its own, and ended with this file: while Playwright runs, asyncio.run() cannot.
    playwright = pytest.importorskip("playwright.sync_api")
    with playwright.sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=chromium(), args=FLAGS)
        yield browser
        browser.close()


def pages():
    candidates = [Candidate(*[CANARY] * 5)] * 3
    return {
        "error": respond_with(hostile_page(), 500),
        "not found": respond_with(render_not_found(CANARY, f"/{CANARY}", candidates), 404),
    }


@pytest.mark.parametrize("width", [360, 1280])
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("name", ["error", "not found"])
def test_a_page_fits_and_stays_inert(chrome, width, scheme, name):
    response = pages()[name]
    view = chrome.new_page(viewport={"width": width, "height": 800}, color_scheme=scheme)
    view.add_init_script(TROUBLE)
    headers = dict(response.headers.items())
    view.route("**/*", lambda route: route.fulfill(headers=headers, body=response.body))

    view.goto("http://localhost/")
    view.evaluate("document.querySelectorAll('details').forEach(one => one.open = true)")
    trouble = view.evaluate("trouble")
    overflow = view.evaluate("document.documentElement.scrollWidth - innerWidth")
    background = view.evaluate("getComputedStyle(document.body).backgroundColor")
    view.close()

    assert trouble == []
    assert overflow <= 0
    assert background == BACKGROUND[scheme]


def test_every_foldable_part_is_reached_by_keyboard(chrome):
    view = chrome.new_page()
    view.set_content(pages()["error"].body.decode())

    reached = []
    for _ in range(12):
        view.keyboard.press("Tab")
        reached.append(view.evaluate("document.activeElement.tagName"))
    view.close()

    assert "SUMMARY" in reached
    assert "PRE" in reached
