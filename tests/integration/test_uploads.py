"""The uploads in a real browser: with a script and without, by its policy, and for everybody."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import NODE_MODULES
from tests.pages import example, pages

AXE = NODE_MODULES / "axe-core/axe.min.js"
PNG = b"\x89PNG\r\n\x1a\n" + bytes(2_000_000)
pytestmark = pytest.mark.service("browser")


@pytest.fixture
def open_page(browser: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    monkeypatch.setenv("GAMBREL_INSTANCE", str(tmp_path))
    with pages(browser, example("uploads", largest=3_000_000)) as open_page:
        yield open_page


def choose(page: Any, name: str, content: bytes) -> None:
    file = {"name": name, "mimeType": "image/png", "buffer": content}
    page.locator("#file").set_input_files([file])


@pytest.mark.parametrize("script", [True, False])
def test_a_file_comes_to_the_shelf_and_leaves_it_with_a_script_and_without(open_page, script):
    page = open_page(java_script_enabled=script)
    choose(page, "roof.png", PNG)
    page.get_by_role("button", name="Upload").click()
    page.get_by_role("link", name="roof.png").wait_for()

    page.get_by_role("button", name="Drop roof.png").click()
    page.locator(".empty", has_text="Nothing yet").wait_for()
    if script:
        assert page.evaluate("trouble") == []


def test_what_is_refused_is_told_where_the_progress_was(open_page):
    page = open_page()
    choose(page, "large.png", bytes(3_000_001))
    page.get_by_role("button", name="Upload").click()

    page.locator("#told", has_text="That is too large.").wait_for()
    assert page.evaluate("trouble") == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [320, 1_280])
def test_the_page_is_for_everybody(open_page, scheme, width):
    page = open_page(color_scheme=scheme, viewport={"width": width, "height": 800}, bypass_csp=True)
    choose(page, "roof.png", PNG)
    page.get_by_role("button", name="Upload").click()
    page.get_by_role("link", name="roof.png").wait_for()

    page.add_script_tag(path=str(AXE))
    found = page.evaluate("axe.run().then((result) => result.violations.map((one) => one.id))")
    assert found == []
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
