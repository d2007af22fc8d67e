"""A form in steps in a real browser: with a script and without, by keyboard, back and forth."""

import logging
from collections.abc import Iterator
from typing import Any

import pytest

from gambrel import HTML, App
from gambrel.middleware import CrossOriginProtection, SecurityHeaders
from tests.conftest import NODE_MODULES
from tests.pages import example, pages

AXE = NODE_MODULES / "axe-core/axe.min.js"
pytestmark = pytest.mark.service("browser")


@pytest.fixture
def open_page(browser: Any) -> Iterator[Any]:
    with pages(browser, example("booking")) as open_page:
        yield open_page


def focus(page: Any) -> str:
    return str(page.evaluate("document.activeElement.id || document.activeElement.tagName"))


def at(page: Any, title: str) -> None:
    page.locator("#form-step", has_text=title).wait_for()


def fill_in(page: Any, **texts: str) -> None:
    for name, text in texts.items():
        page.locator(f"#field-{name}").fill(text)


def test_by_the_keyboard_alone_a_table_is_booked(open_page):
    page = open_page()
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    at(page, "Who is coming?")
    page.locator("#field-name").focus()
    page.keyboard.type("Ann")
    page.keyboard.press("Tab")
    page.keyboard.type("ann@example.com")
    page.keyboard.press("Enter")

    at(page, "When?")
    assert focus(page) == "form-step"
    assert page.title().startswith("When? (step 2 of 3)")
    page.keyboard.press("Tab")
    page.keyboard.type("05012030")
    page.keyboard.press("Enter")

    at(page, "Check your answers")
    assert page.locator("dd").all_inner_texts() == [
        "Ann",
        "ann@example.com",
        "No",
        "2030-05-01",
        "2",
        "Inside",
    ]
    page.get_by_role("button", name="Send").focus()
    page.keyboard.press("Enter")
    page.locator(".message", has_text="Thank you, Ann.").wait_for()
    assert page.evaluate("trouble") == []


@pytest.mark.parametrize("script", [True, False])
def test_back_and_forth_with_the_buttons_of_page_and_browser_nothing_is_lost(open_page, script):
    page = open_page(java_script_enabled=script)
    page.get_by_role("link", name="Book a table").click()
    fill_in(page, name="Ann", email="ann@example.com")
    page.locator("#field-stays").check()
    page.get_by_role("button", name="Continue").click()
    at(page, "When?")
    fill_in(page, people="5")
    page.get_by_role("button", name="Back").click()
    at(page, "Who is coming?")
    assert page.locator("#field-name").input_value() == "Ann"
    assert page.locator("#field-stays").is_checked()

    page.get_by_role("button", name="Continue").click()
    at(page, "When?")
    assert page.locator("#field-people").input_value() == "5"
    fill_in(page, day="2030-05-01")
    page.get_by_role("button", name="Continue").click()
    at(page, "Your room")
    page.go_back()
    at(page, "When?")
    assert page.locator("#field-day").input_value() == "2030-05-01"
    page.reload()
    page.go_forward()
    at(page, "Your room")
    page.get_by_label("Two").check()
    page.get_by_role("button", name="Continue").click()
    at(page, "Check your answers")
    page.get_by_role("button", name="Send").click()
    page.locator(".message", has_text="Thank you, Ann.").wait_for()


def test_without_a_script_what_is_wrong_is_told_and_has_the_focus(open_page):
    page = open_page(java_script_enabled=False)
    page.get_by_role("link", name="Book a table").click()
    fill_in(page, name="Ann")
    page.get_by_role("button", name="Continue").click()
    page.locator(".form-summary").wait_for()

    assert page.locator(":focus").get_attribute("id") == "field-email"
    assert page.title().startswith("Problem: Who is coming?")


def test_markup_of_a_visitor_stays_text_in_every_step(open_page):
    """T-C09-1: shown again with an error, as answers, and in the message at the end."""
    page = open_page()
    page.add_init_script("window.__xss = () => trouble.push('a script of a visitor has run')")
    page.goto(page.url)
    markup = "'\"></title></script><img src=x onerror=__xss()>"
    page.get_by_role("link", name="Book a table").click()
    fill_in(page, name=markup)
    page.get_by_role("button", name="Continue").click()
    page.locator(".form-summary").wait_for()
    fill_in(page, email=f"{markup}@example.com")
    page.get_by_role("button", name="Continue").click()
    page.locator("#field-email-error").wait_for()  # it is no address, and shown again
    fill_in(page, email="ann@example.com")
    page.locator("#field-stays").check()
    page.get_by_role("button", name="Continue").click()
    at(page, "When?")
    fill_in(page, day="2030-05-01")
    page.get_by_role("button", name="Continue").click()
    at(page, "Your room")
    page.get_by_label("Two").check()
    fill_in(page, wishes=f"</textarea>{markup}")
    page.get_by_role("button", name="Continue").click()
    at(page, "Check your answers")
    assert markup in page.locator("dd").all_inner_texts()
    page.get_by_role("button", name="Send").click()
    page.locator(".message", has_text=f"Thank you, {markup}").wait_for()

    assert page.locator("img").count() == 0
    assert page.evaluate("trouble") == []


def test_a_field_of_a_step_is_checked_when_it_is_left(open_page):
    page = open_page()
    page.get_by_role("link", name="Book a table").click()
    fill_in(page, name="A")
    page.keyboard.press("Tab")
    page.locator("#field-name-error", has_text="Must have at least 2 characters").wait_for()
    fill_in(page, name="Ann")
    page.keyboard.press("Tab")
    page.locator("#field-name-error").wait_for(state="detached")

    assert page.evaluate("trouble") == []


def test_sent_twice_it_is_booked_once(open_page):
    page = open_page()
    page.get_by_role("link", name="Book a table").click()
    fill_in(page, name="Ann", email="ann@example.com")
    page.get_by_role("button", name="Continue").click()
    at(page, "When?")
    fill_in(page, day="2030-05-01", people="12")
    page.get_by_role("button", name="Continue").click()
    at(page, "Check your answers")
    statuses = page.evaluate(
        """async () => {
            const form = document.querySelector("form");
            const body = new URLSearchParams(new FormData(form));
            const send = () => fetch(form.action, {method: "POST", body, redirect: "manual"});
            return (await Promise.all([send(), send()])).map((answer) => answer.status).sort();
        }"""
    )

    assert statuses == [0, 409]  # 0 is a redirect that was not followed


@pytest.mark.service("node")
@pytest.mark.parametrize("colours", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 360])
def test_axe_finds_no_fault_in_any_step(open_page, width, colours):
    page = open_page(
        viewport={"width": width, "height": 900}, color_scheme=colours, bypass_csp=True
    )
    rules = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
    found = []

    def look() -> None:
        page.evaluate(AXE.read_text())
        faults = page.evaluate("rules => axe.run(document, {runOnly: rules})", rules)["violations"]
        found.extend((fault["id"], fault["nodes"][0]["html"]) for fault in faults)
        assert page.evaluate("document.documentElement.scrollWidth") <= width

    page.get_by_role("link", name="Book a table").click()
    page.get_by_role("button", name="Continue").click()
    page.locator(".form-summary").wait_for()
    look()
    fill_in(page, name="Ann", email="ann@example.com")
    page.get_by_role("button", name="Continue").click()
    at(page, "When?")
    look()
    fill_in(page, day="2030-05-01")
    page.get_by_role("button", name="Continue").click()
    at(page, "Check your answers")
    look()

    assert found == []


def test_what_the_policy_refuses_is_reported_and_logged(browser, caplog):
    """By `report-uri`: without TLS, Chromium reports in no other way."""
    policy = "default-src 'self'; report-uri /_reports"
    app = App(
        extensions=[
            SecurityHeaders(page_policy=policy, reports="/_reports"),
            CrossOriginProtection(),
        ]
    )

    @app.get("/")
    async def page_with_a_picture() -> HTML:
        return HTML("<img src='https://evil.example/x?who=1'>")

    with caplog.at_level(logging.WARNING, "gambrel.csp"), pages(browser, app) as open_page:
        page = open_page()
        for _ in range(50):
            if caplog.messages:
                break
            page.wait_for_timeout(100)

    [line] = [text for text in caplog.messages if "img-src" in text]
    assert line.startswith("img-src refused https://evil.example/x on http://127.0.0.1")
