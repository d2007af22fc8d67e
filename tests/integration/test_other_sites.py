"""Pages of another site in a real browser, which try to change something for a visitor."""

from typing import Any

import pytest

from gambrel import HTML, App, Request
from gambrel.middleware import CrossOriginProtection, SecurityHeaders
from gambrel.sessions import Session, Sessions
from gambrel.testing import LiveServer

pytestmark = pytest.mark.service("browser")

OPEN = SecurityHeaders(page_policy="", frame_options="", opener_policy="")
ATTACKS = {
    "a form": """
        const form = document.createElement('form');
        Object.assign(form, {method: 'post', action: target});
        document.body.append(form); form.submit();""",
    "a form in a frame": """
        const frame = Object.assign(document.createElement('iframe'), {name: 'frame'});
        const form = Object.assign(document.createElement('form'),
            {method: 'post', action: target, target: 'frame', enctype: 'text/plain'});
        document.body.append(frame, form); form.submit();""",
    "fetch": """
        fetch(target, {method: 'POST', mode: 'no-cors', credentials: 'include', body: 'a=b'});""",
    "fetch with JSON": """
        fetch(target, {method: 'POST', credentials: 'include', body: '{}',
            headers: {'content-type': 'application/json'}}).catch(() => {});""",
    "a beacon": "navigator.sendBeacon(target, new URLSearchParams({a: 'b'}));",
}


@pytest.fixture(scope="module")
def changed() -> list[str]:
    return []


@pytest.fixture(scope="module")
def refused() -> list[str]:
    return []


@pytest.fixture(scope="module")
def site(changed: list[str], refused: list[str]) -> Any:
    app = App(extensions=[Sessions(), CrossOriginProtection()])

    @app.on_error(403)
    async def note(request: Request, error: Exception) -> str:
        refused.append(request.path)
        return "refused"

    @app.get("/")
    async def home(session: Session) -> HTML:
        session["known"] = True
        return HTML("<form method='post' action='/guarded'><button>Change</button></form>")

    @app.post("/session")
    async def by_session(session: Session) -> None:
        changed.append("session")

    @app.post("/guarded")
    async def by_guard() -> str:
        changed.append("guarded")
        return "changed"

    with LiveServer(app) as server:
        yield server


@pytest.fixture(scope="module")
def evil() -> Any:
    app = App(extensions=[OPEN])

    @app.get("/")
    async def page() -> HTML:
        return HTML("<body>evil")

    with LiveServer(app) as server:
        yield server


@pytest.mark.parametrize("path", ["/session", "/guarded"])
@pytest.mark.parametrize("attack", ATTACKS)
@pytest.mark.parametrize("neighbour", ["localhost", "127.0.0.1"])
def test_no_page_of_another_site_changes_anything(
    browser, site, evil, changed, refused, attack, path, neighbour
):
    """Another host is another site; the same host with another port the same site."""
    context = browser.new_context()
    page = context.new_page()
    page.goto(site.url)
    page.goto(evil.url.replace("127.0.0.1", neighbour))
    refused.clear()
    page.evaluate(f"target => {{ {ATTACKS[attack]} }}", site.url + path)
    asks_first = attack == "fetch with JSON"  # and is told no before it is sent
    for _ in range(10 if asks_first else 100):
        if refused:
            break
        page.wait_for_timeout(50)
    context.close()

    assert refused == ([] if asks_first else [path])
    assert changed == []


def test_a_page_of_its_own_does(browser, site, changed):
    page = browser.new_page()
    page.goto(site.url)
    page.get_by_role("button").click()
    page.get_by_text("changed").wait_for()
    page.close()

    assert changed == ["guarded"]
    changed.clear()
