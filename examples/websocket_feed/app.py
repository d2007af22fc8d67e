"""A socket that greets, then asks and listens in turn; a page that talks to it."""

import asyncio

from gambrel import HTML, App, Redirect, Response, WebSocket
from gambrel.looks import Looks

LOOKS = Looks()
PAGE = f"""<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Feed</title>
<meta name="viewport" content="width=device-width, initial-scale=1">
{LOOKS.tags}<script src="/feed.js" defer></script></head>
<body><main><h1>Feed</h1><ol id="heard" aria-live="polite"></ol></main></body></html>
"""
SCRIPT = """const heard = document.getElementById("heard");
const socket = new WebSocket(location.origin.replace("http", "ws") + "/feed");
socket.onmessage = (event) => {
  heard.appendChild(document.createElement("li")).textContent = event.data;
  socket.send("the page has heard: " + event.data);
};
socket.onclose = (event) => {
  heard.appendChild(document.createElement("li")).textContent = "closed: " + event.code;
};
"""

app = App(extensions=[LOOKS])


@app.get("/")
async def index() -> Redirect:
    return Redirect("/index.html", status=302)


@app.get("/index.html")
async def page() -> HTML:
    return HTML(PAGE)


@app.get("/feed.js")
async def script() -> Response:
    return Response(SCRIPT, media_type="text/javascript")


@app.websocket("/feed", max_body=1 << 20)
async def feed(ws: WebSocket[str], times: int = 3, pause: float = 0.0) -> None:
    """Say hello, and listen, in turn."""
    for _ in range(times):
        await ws.send("hello!")
        print("heard:", await ws.receive(), flush=True)
        await asyncio.sleep(pause)


@app.websocket("/echo")
async def echo(ws: WebSocket) -> None:
    """The same with `async for`: whatever comes goes back."""
    async for message in ws:
        await ws.send(message)
