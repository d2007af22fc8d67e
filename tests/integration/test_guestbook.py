"""The guestbook in a real browser: with a script and without, light and dark, by keyboard.

And from right to left, in the language and the time zone of the visitor.
"""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.conftest import NODE_MODULES
from tests.pages import example, pages

SEND = "main form > button"
AXE = NODE_MODULES / "axe-core/axe.min.js"
pytestmark = pytest.mark.service("browser")


@pytest.fixture
def open_page(browser: Any) -> Iterator[Any]:
    with pages(browser, example("guestbook")) as open_page:
        yield open_page


def test_a_field_is_checked_when_it_is_left_and_by_the_keyboard_alone_it_is_sent(open_page):
    page = open_page()
    page.locator("#field-name").focus()
    page.keyboard.type("A")
    page.keyboard.press("Tab")
    page.locator("#field-name-error", has_text="Must have at least 2 characters").wait_for()
    assert page.locator("#field-name").get_attribute("aria-describedby") == "field-name-error"

    page.keyboard.press("Shift+Tab")
    page.keyboard.type("nn")
    page.keyboard.press("Tab")
    page.locator("#field-name-error").wait_for(state="detached")
    page.keyboard.type("A lovely place.")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.locator(".message", has_text="Thank you, nn").wait_for()

    assert page.locator(".card").count() == 1
    assert page.evaluate("trouble") == []


def test_without_a_script_it_is_the_same(open_page):
    page = open_page(java_script_enabled=False)
    page.locator("#field-name").fill("A")
    page.locator(SEND).click()
    page.locator(".form-summary").wait_for()
    assert page.locator("#field-message-error").inner_text() == "Is required"
    assert page.locator(":focus").get_attribute("id") == "field-name"

    page.locator("#field-name").fill("Ann")
    page.locator("#field-message").fill("A lovely place.")
    page.locator(SEND).click()
    page.locator(".message", has_text="Thank you, Ann.").wait_for()


def test_the_summary_leads_to_the_field(open_page):
    page = open_page()
    page.locator(SEND).click()
    page.get_by_role("link", name="Message is required").click()

    assert page.locator(":focus").get_attribute("id") == "field-message"


@pytest.mark.service("node")
@pytest.mark.parametrize("colours", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 360])
@pytest.mark.parametrize("language", ["en", "ar"])
def test_axe_finds_no_fault_and_nothing_is_wider_than_the_page(open_page, width, colours, language):
    page = open_page(
        viewport={"width": width, "height": 900},
        color_scheme=colours,
        bypass_csp=True,
        locale=language,
    )
    page.locator(SEND).click()
    page.locator(".form-summary").wait_for()
    page.evaluate(AXE.read_text())
    rules = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
    found = page.evaluate("rules => axe.run(document, {runOnly: rules})", rules)

    assert [(fault["id"], fault["nodes"][0]["html"]) for fault in found["violations"]] == []
    assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_an_arabic_visitor_reads_from_right_to_left(open_page):
    page = open_page(viewport={"width": 360, "height": 740}, locale="ar")
    page.locator("#field-name").fill("س")
    page.locator(SEND).click()
    page.locator(
        ".form-summary", has_text="الاسم: يجب أن تحتوي القيمة على حرفين على الأقل"
    ).wait_for()

    def edge(selector: str) -> dict[str, float]:
        box: dict[str, float] = page.locator(selector).first.bounding_box()
        return box

    width = page.evaluate("document.documentElement.clientWidth")
    assert page.evaluate("document.documentElement.dir") == "rtl"
    name, send, first = edge("#field-name"), edge(SEND), edge("header a")
    assert name["x"] + name["width"] == send["x"] + send["width"]
    assert abs(first["x"] + first["width"] - name["x"] - name["width"]) < 16  # it has a padding
    assert name["x"] + name["width"] > width - 32
    assert send["x"] > width / 3
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert page.evaluate("trouble") == []


def test_a_visitor_chooses_a_language_and_keeps_it(open_page):
    page = open_page(locale="en")
    page.get_by_role("button", name="Deutsch").click()
    page.get_by_role("heading", name="Gästebuch").wait_for()

    page.reload()
    assert page.locator("html").get_attribute("lang") == "de"
    current = page.locator(".languages [aria-current]")
    assert (current.count(), current.inner_text()) == (1, "Deutsch")
    assert page.evaluate("trouble") == []


def test_what_is_wrong_is_told_in_the_language_while_typing(open_page):
    page = open_page(locale="de")
    page.locator("#field-name").fill("A")
    page.locator("#field-message").focus()

    page.locator("#field-name-error", has_text="Muss mindestens 2 Zeichen haben").wait_for()


def test_times_are_those_of_the_visitor(open_page):
    page = open_page(locale="de", timezone_id="Asia/Tokyo")
    page.locator("#field-name").fill("Ann")
    page.locator("#field-message").fill("A lovely place.")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    shown = page.locator(".card time")
    shown.wait_for()

    there = page.evaluate(
        "text => new Date(text).toLocaleTimeString('de', {hour: '2-digit', minute: '2-digit'})",
        shown.get_attribute("datetime"),
    )
    assert shown.inner_text().endswith(there)
    assert "tz=Asia/Tokyo" in page.evaluate("document.cookie")
