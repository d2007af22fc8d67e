"""The socket of a real browser: what pages do, and what they are kept from."""

import pytest

from gambrel import HTML, App, Response, WebSocket
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
  const to = new URLSearchParams(location.search).get("to") || location.origin;
  const socket = new WebSocket(to.replace("http", "ws") + "/echo");
  socket.onopen = () => socket.send("héllo");
  socket.onmessage = (event) => { say(event.data); socket.send("bye"); };
  socket.onclose = (event) => say("closed " + event.code + " " + event.reason);
});
"""


def make_app() -> App:
    app = App()

    @app.get("/")
    async def page() -> HTML:
        return HTML(PAGE, headers={"content-security-policy": "default-src * 'self'"})

    @app.get("/s.js")
    async def script() -> Response:
        return Response(SCRIPT, media_type="text/javascript")

    @app.websocket("/echo")
    async def echo(ws: WebSocket[str]) -> None:
        await ws.send(await ws.receive())
        await ws.receive()
        await ws.close(4000, "that is all")

    return app


def heard(browser, url: str) -> list[str]:
    page = browser.new_page()
    page.goto(url)
    page.get_by_text("closed").wait_for()
    return page.locator("li").all_inner_texts()


def test_a_page_talks_to_its_own_server(browser):
    with LiveServer(make_app()) as server:
        assert heard(browser, server.url) == ["héllo", "closed 4000 that is all"]


def test_a_page_of_another_site_gets_no_socket(browser):
    with LiveServer(make_app()) as ours, LiveServer(make_app()) as other:
        assert heard(browser, f"{other.url}/?to={ours.url}") == ["closed 1006"]


def test_a_page_is_told_when_the_server_stops(browser):
    app = make_app()

    @app.websocket("/wait")
    async def wait(ws: WebSocket[str]) -> None:
        await ws.send("here")
        await ws.receive()

    page = browser.new_page()
    with LiveServer(app) as server:
        page.goto(server.url)
        page.get_by_text("closed 4000").wait_for()
        page.evaluate(
            """() => {
              const socket = new WebSocket(location.origin.replace("http", "ws") + "/wait");
              socket.onmessage = (event) => say(event.data);
              socket.onclose = (event) => say("then " + event.code + " " + event.reason);
            }"""
        )
        page.get_by_text("here", exact=True).wait_for()
    page.get_by_text("then 1012 restarting; retry-after=").wait_for()
