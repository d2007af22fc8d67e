"""The demo platform in a real browser: by keyboard, without a script, light and dark, with axe."""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.conftest import NODE_MODULES
from tests.pages import example, pages

AXE = NODE_MODULES / "axe-core/axe.min.js"
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
PATHS = (
    "/",
    "/choose",
    "/choose/answer?workload=dashboard&needs=models&needs=roles&name=shop",
    "/choose/answer?workload=webhook&operator=platform",
    "/source/flask",
    "/documentation/docs/guides/choosing.md",
)
pytestmark = pytest.mark.service("browser")


@pytest.fixture(scope="module")
def open_page(browser: Any, tmp_path_factory: Any) -> Iterator[Any]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GAMBREL_INSTANCE", str(tmp_path_factory.mktemp("demo")))
        with pages(browser, example("demo")) as open_page:
            yield open_page


def tabbed_to(page: Any, name: str) -> None:
    """Press Tab until the element with this text has the focus."""
    for _ in range(120):
        page.keyboard.press("Tab")
        if name in page.evaluate("document.activeElement.innerText || document.activeElement.id"):
            return
    raise AssertionError(f"Tab does not lead to {name!r}")


def test_by_the_keyboard_alone_the_guide_is_asked(open_page):
    page = open_page()
    page.keyboard.press("Tab")
    assert page.locator(":focus").inner_text() == "Skip to the content"
    tabbed_to(page, "Which framework should I take?")
    page.keyboard.press("Enter")
    page.wait_for_url("**/choose")
    tabbed_to(page, "field-workload-0")
    page.keyboard.press("ArrowDown")  # as radio buttons are moved in
    page.keyboard.press("Space")
    tabbed_to(page, "field-needs-0")
    page.keyboard.press("Space")
    tabbed_to(page, "What should I take?")
    page.keyboard.press("Enter")
    page.wait_for_url("**/choose/answer?*")

    assert page.locator("h1").inner_text() == "Gambrel, as api"
    assert page.locator("pre").first.inner_text().endswith("--shape api --with db")
    assert page.evaluate("trouble") == []


def test_without_a_script_the_guide_answers_and_an_example_runs(open_page):
    page = open_page(java_script_enabled=False)
    page.get_by_role("link", name="Guide", exact=True).click()
    page.get_by_label("One or a few functions that others call").check()
    page.get_by_role("button", name="What should I take?").click()
    assert page.locator("h1").inner_text() == "Gambrel, as service"

    page.get_by_role("link", name="Gambrel").first.click()
    page.get_by_role("link", name="Open: The blog of its tutorial").click()
    page.get_by_role("link", name="Register").click()
    page.get_by_label("Username").fill("ann")
    page.get_by_label("Password").fill("a secret")
    page.get_by_role("button", name="Register").click()
    assert page.url.endswith("/flask/auth/login")


def test_two_windows_of_the_mounted_chat_see_each_other(open_page):
    one, other = open_page(), open_page()
    for page in (one, other):
        page.get_by_role("link", name="Open: Its chat").click()
        page.wait_for_url("**/tornado/")
    other.wait_for_timeout(300)  # its socket opens
    one.get_by_label("Message").fill("hello from here")
    one.keyboard.press("Enter")
    other.locator(".message", has_text="hello from here").wait_for()

    assert one.evaluate("trouble") == []


@pytest.mark.slow
@pytest.mark.service("node")
@pytest.mark.parametrize(("width", "colours"), [(1280, "light"), (360, "dark")])
def test_axe_finds_no_fault_in_any_page(open_page, width, colours):
    page = open_page(
        viewport={"width": width, "height": 900}, color_scheme=colours, bypass_csp=True
    )
    home, found = page.url.rstrip("/"), []
    for path in PATHS:
        page.goto(home + path)
        for details in page.locator("details").all():
            details.evaluate("one => one.open = true")
        page.evaluate(AXE.read_text())
        faults = page.evaluate("rules => axe.run(document, {runOnly: rules})", RULES)["violations"]
        found += [(path, fault["id"], fault["nodes"][0]["html"]) for fault in faults]
        assert page.evaluate("document.documentElement.scrollWidth") <= width, path

    assert found == []
