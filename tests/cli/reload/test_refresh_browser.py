"""`gambrel dev` beside a real browser: what is saved is shown, and nothing is typed for it."""

from pathlib import Path
from typing import Any

import pytest

from tests.pages import TROUBLE

pytestmark = pytest.mark.service("browser")

SITE = """
from gambrel import App
from gambrel.files import StaticFiles
from gambrel.templates import Template, Templates

app = App(extensions=[Templates(), StaticFiles()])


@app.get("/")
async def page() -> Template:
    return Template("page.html", {"word": "first"})
"""
PAGE = """<!doctype html><html lang="en"><head><title>x</title>
<link rel="stylesheet" href="{{ static('site.css') }}"></head>
<body><p id="word">{{ word }}</p></body></html>
"""


@pytest.fixture
def site(folder: Path) -> Path:
    for name, text in {
        "app.py": SITE,
        "templates/page.html": PAGE,
        "static/site.css": "p { color: rgb(1, 2, 3) }\n",
    }.items():
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text(text)
    return folder


def replace(file: Path, old: str, new: str) -> None:
    file.write_text(file.read_text().replace(old, new))


def wait(page: Any, condition: str) -> None:
    """Return once a condition holds, asked from here: in the page the policy forbids it."""
    for _ in range(400):
        if page.evaluate(condition):
            return
        page.wait_for_timeout(50)
    raise AssertionError(condition)


def test_code_templates_and_styles_are_shown_as_they_are_saved(
    browser: Any, site: Path, start: Any
):
    dev = start("dev", "--port", "0")
    page = browser.new_page()
    page.set_default_timeout(20_000)
    page.add_init_script(TROUBLE)
    with page.expect_response(lambda answer: answer.url.endswith("/news")):
        page.goto(f"http://127.0.0.1:{dev.port()}/")
    loads: list[str] = []
    page.on("load", lambda: loads.append("load"))

    replace(site / "static/site.css", "1, 2, 3", "4, 5, 6")
    wait(page, "getComputedStyle(word).color === 'rgb(4, 5, 6)'")
    wait(page, "document.querySelectorAll('link').length === 1")
    assert loads == []

    replace(site / "templates/page.html", "<p id", "<h1>New</h1><p id")
    page.get_by_text("New").wait_for()

    replace(site / "app.py", "first", "second")
    page.locator("#word", has_text="second").wait_for()

    replace(site / "app.py", '"second"', "missing")
    page.get_by_text("NameError").first.wait_for()
    replace(site / "app.py", "missing", '"third"')
    page.locator("#word", has_text="third").wait_for()

    replace(site / "app.py", "app = App", "1 / 0\napp = App")
    page.get_by_text("ZeroDivisionError").first.wait_for()
    replace(site / "app.py", "1 / 0\n", "")
    page.locator("#word", has_text="third").wait_for()

    assert page.evaluate("trouble") == []
    page.close()
