"""The EventSource of a real browser: what it hears, and how it comes back."""

from collections.abc import AsyncIterator
from typing import Annotated

import pytest

from gambrel import HTML, App, Header, Response, ServerSentEvent
from gambrel.testing import LiveServer

pytestmark = pytest.mark.service("browser")
PAGE = (
    '<!doctype html><html lang="en"><title>x</title><script src="/s.js"></script><ol id="l"></ol>'
)
SCRIPT = """
const say = (text) => {
  document.getElementById("l").appendChild(document.createElement("li")).textContent = text;
};
addEventListener("load", () => {
  const source = new EventSource(location.search.slice(1));
  source.onmessage = (event) => say(event.lastEventId + " " + event.data);
  source.addEventListener("price", (event) => say("price " + JSON.parse(event.data).cents));
  source.addEventListener("end", () => { source.close(); say("that is all"); });
});
"""


def make_app(asked: list[str]) -> App:
    app = App()

    @app.get("/")
    async def page() -> HTML:
        return HTML(PAGE)

    @app.get("/s.js")
    async def script() -> Response:
        return Response(SCRIPT, media_type="text/javascript")

    @app.get("/events")
    async def events() -> AsyncIterator[ServerSentEvent]:
        yield ServerSentEvent("héllo\nworld", id="1")
        yield ServerSentEvent({"cents": 3}, event="price")
        yield ServerSentEvent(comment="not seen")
        yield ServerSentEvent(event="end", data="")

    @app.get("/numbers")
    async def numbers(
        last_event_id: Annotated[int, Header()] = 0, broken: bool = False
    ) -> AsyncIterator[ServerSentEvent]:
        """Two numbers at a time, from where the page has heard; then the connection is dropped."""
        asked.append(str(last_event_id))
        yield ServerSentEvent(retry=10)
        for number in (last_event_id + 1, last_event_id + 2):
            yield ServerSentEvent("number", id=str(number))
        if last_event_id >= 4:
            yield ServerSentEvent(event="end", data="")
        elif broken:
            raise ConnectionError("as if a cable was pulled")

    return app


def heard(browser, path: str) -> tuple[list[str], list[str]]:
    """Return what a page hears at a path, and from where on it has asked."""
    asked: list[str] = []
    with LiveServer(make_app(asked)) as server:
        page = browser.new_page()
        page.goto(f"{server.url}/?{path}")
        page.get_by_text("that is all").wait_for()
        return page.locator("li").all_text_contents(), asked


def test_a_page_hears_events_of_every_kind(browser):
    assert heard(browser, "/events")[0] == ["1 héllo\nworld", "price 3", "that is all"]


@pytest.mark.parametrize("path", ["/numbers", "/numbers?broken=true"])
def test_a_page_that_lost_the_connection_goes_on_where_it_was(browser, path):
    lines, asked = heard(browser, path)

    assert lines == [*(f"{n} number" for n in range(1, 7)), "that is all"]
    # What came just before the break may be lost with it: then the same is asked for again.
    assert list(dict.fromkeys(asked)) == ["0", "2", "4"]
