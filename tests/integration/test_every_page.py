"""Every page of ours and of the examples, as axe sees it: light and dark, narrow and wide.

Pages of examples are found by their routes: what answers a browser with HTML is one.
"""

import asyncio
import importlib
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx2
import pytest

from gambrel import App, WebSocket
from gambrel.db import SyncSession
from gambrel.files import StaticFiles
from gambrel.testing import LiveServer
from tests.conftest import NODE_MODULES
from tests.pages import EXAMPLES

AXE = NODE_MODULES / "axe-core/axe.min.js"
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
WORDS = ("HTML(", "Template(", "StaticFiles(")
SHOWN = sorted(
    path.parent.name
    for path in EXAMPLES.glob("*/app.py")
    if path.parent.name != "neighbours"  # whose pages are those of other frameworks
    and any(word in source.read_text() for source in path.parent.glob("*.py") for word in WORDS)
)
pytestmark = [pytest.mark.service("browser", "node"), pytest.mark.slow]


@pytest.fixture
def app_of(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str], App]]:
    """Give what returns the app of an example, with an instance of its own."""
    monkeypatch.setenv("GAMBREL_INSTANCE", str(tmp_path))
    monkeypatch.syspath_prepend(str(EXAMPLES))
    before = set(sys.modules)
    yield lambda name: importlib.import_module(f"{name}.app").app
    for name in set(sys.modules) - before:
        if name.partition(".")[0] in SHOWN:
            del sys.modules[name]


@pytest.fixture
def look(browser: Any) -> Iterator[Callable[[str], list[str]]]:
    """Give what returns the faults of the page at an address, and whether it is too wide."""
    context = browser.new_context(reduced_motion="reduce", bypass_csp=True)
    page = context.new_page()
    page.set_default_timeout(15_000)

    def faults_at(url: str) -> list[str]:
        page.goto(url)
        page.evaluate(AXE.read_text())
        found = []
        for width in (1280, 360):
            for colours in ("light", "dark"):
                page.set_viewport_size({"width": width, "height": 900})
                page.emulate_media(color_scheme=colours)
                told = page.evaluate("rules => axe.run(document, {runOnly: rules})", RULES)
                found += [
                    f"{url} {width} {colours}: {fault['id']} {fault['nodes'][0]['html'][:120]}"
                    for fault in told["violations"]
                ]
                assert len(told["passes"]) > 5
                if page.evaluate("document.documentElement.scrollWidth > innerWidth"):
                    found.append(f"{url} {width}: it is wider than the window")
        return found

    faults_at.page = page  # type: ignore[attr-defined]
    yield faults_at
    context.close()


def pages_of(app: App, url: str) -> list[str]:
    """Return the addresses that answer a browser with a page."""
    found = []
    with httpx2.Client(base_url=url, headers={"accept": "text/html"}) as client:
        for route in app.build().routes:
            path = route.pattern.text
            if "GET" not in route.methods or "{" in path or route.host is not None:
                continue
            with client.stream("GET", path) as answer:
                if answer.headers.get("content-type", "").startswith("text/html"):
                    found.append(url + path)
    return found


def sign_up(page: Any, url: str) -> None:
    """Let somebody sign up in flaskr, log in, and write a post."""
    for path in ("/auth/register", "/auth/login"):
        page.goto(url + path)
        page.fill("[name=username]", "ada")
        page.fill("[name=password]", "a long enough one")
        page.click("main [type=submit], main button")
    page.goto(f"{url}/create")
    page.fill("[name=title]", "The first")
    page.fill("[name=body]", "A word.\nAnd another.")
    page.click("main [type=submit], main button")


def upload(page: Any, url: str) -> None:
    """Bring a file to uploads."""
    page.goto(url)
    page.set_input_files("input[type=file]", files=[FILE])
    page.click("button")
    page.get_by_role("link", name="roof.png").wait_for()


def sign_badly(page: Any, url: str) -> None:
    """Leave the fields of the guestbook empty, then sign it."""
    page.goto(url)
    page.fill("#field-name", "Ada")
    page.fill("#field-message", "A lovely place.")
    page.get_by_role("button", name="Write it down").click()


def stock(db: SyncSession) -> None:
    """Put something on the shelves of the store."""
    importlib.import_module("store.stock").stock(db, tracks=40, customers=3)


def ask(db: SyncSession) -> None:
    """Ask a question in polls."""
    models = importlib.import_module("polls.models")
    choice = models.Choice(choice_text="Not much")
    now = datetime.now(UTC)
    db.add(models.Question(question_text="What's new?", pub_date=now, choices=[choice]))


FILE = {"name": "roof.png", "mimeType": "image/png", "buffer": b"\x89PNG\r\n\x1a\n"}
BEFORE = {"flaskr": sign_up, "uploads": upload, "guestbook": sign_badly}
FILLED = {"polls": ask, "store": stock}
ROWS = {
    "polls": ["/polls/1/", "/polls/1/results/"],
    "store": ["/albums/1", "/customers/1"],
}
"""Pages of rows, which are there once an example is filled."""


@pytest.mark.parametrize("name", SHOWN)
def test_pages_of_examples_have_no_fault_that_axe_can_find(name, app_of, look):
    with LiveServer(app_of(name)) as server:
        if name in FILLED:
            filling = server.app.call(FILLED[name])
            asyncio.run_coroutine_threadsafe(filling, server.app.tasks.loop).result()
        addresses = pages_of(server.app, server.url)
        addresses += [server.url + path for path in ROWS.get(name, ())]
        faults = [fault for url in addresses for fault in look(url)]
        if name in BEFORE:
            BEFORE[name](look.page, server.url)
            faults += [fault for url in addresses for fault in look(url)]

    assert addresses
    assert faults == []


def own_pages(folder: Path, *, debug: bool) -> App:
    """Return an app of which every page is ours."""
    (folder / "files/inner").mkdir(parents=True)
    (folder / "files/a b.txt").write_text("x")
    app = App(
        debug=debug, extensions=[StaticFiles(folder / "files", prefix="/files", listing=True)]
    )

    @app.get("/broken")
    async def broken() -> None:
        raise RuntimeError("it broke")

    @app.get("/invalid")
    async def invalid(number: int, other: int) -> int:
        return number + other

    @app.websocket("/socket")
    async def socket(ws: WebSocket) -> None:
        """Say nothing."""

    return app


@pytest.mark.parametrize("debug", [False, True])
def test_our_own_pages_have_no_fault_that_axe_can_find(tmp_path, look, debug):
    paths = ["/broken", "/missing", "/invalid?number=a", "/files/", "/files/inner/", "/docs"]

    with LiveServer(own_pages(tmp_path, debug=debug)) as server:
        faults = [fault for path in paths for fault in look(server.url + path)]

    assert faults == []
