"""A chat, read in two ways: by long polls, and by WebSockets. Both see the same messages."""

from html import escape
from typing import Annotated
from uuid import uuid4

from msgspec import Struct

from gambrel import HTML, JSON, App, BadRequest, Form, Redirect, Response, WebSocket
from gambrel.middleware import CrossOriginProtection
from gambrel.streams import Feed
from gambrel.websockets import broadcast

PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Chat</title>
<meta name="viewport" content="width=device-width, initial-scale=1">
<link rel="stylesheet" href="/chat.css"><script src="/chat.js" defer></script></head>
<body><main><h1>Chat</h1><div id="inbox" aria-live="polite">{messages}</div>
<form id="form" action="/a/message/new" method="post">
<label for="body">Message</label><input id="body" name="body" autocomplete="off" required>
<input type="hidden" name="next" value="/"><button>Send</button></form></main></body></html>
"""
SCRIPT = """const inbox = document.getElementById("inbox");
const form = document.getElementById("form");
const socket = new WebSocket(location.origin.replace("http", "ws") + "/chatsocket");
socket.onmessage = (event) => {
  inbox.insertAdjacentHTML("beforeend", JSON.parse(event.data).html);
  inbox.lastElementChild.scrollIntoView();
};
form.onsubmit = (event) => {
  if (socket.readyState !== WebSocket.OPEN) return;
  event.preventDefault();
  socket.send(JSON.stringify({body: form.body.value}));
  form.body.value = "";
};
"""
STYLE = """body { font: 1rem/1.5 system-ui, sans-serif; margin: 0; color-scheme: light dark; }
main { max-width: 40rem; margin: 0 auto; padding: 1rem; }
#inbox { min-height: 50vh; }
.message { padding: .25rem 0; overflow-wrap: anywhere; }
form { display: flex; gap: .5rem; align-items: center; flex-wrap: wrap; }
input { flex: 1; min-width: 10rem; font: inherit; padding: .4rem; }
button { font: inherit; padding: .4rem 1rem; }
"""


class Message(Struct):
    """What was said; `html` is how it is shown."""

    id: str
    body: str
    html: str


class Messages(Struct):
    """What a poll returns."""

    messages: list[Message]


class Said(Struct, forbid_unknown_fields=True):
    """What a visitor says over a socket."""

    body: str


app = App(extensions=[CrossOriginProtection()])
feed: Feed[Message] = Feed(keep=200)
sockets: set[WebSocket[Said]] = set()


def say(body: str) -> Message:
    """Give a message to all who read, in either way."""
    key = str(uuid4())
    message = Message(key, body, f'<div class="message" id="m{key}">{escape(body)}</div>')
    feed.publish(message, key)
    broadcast(sockets, message)
    return message


@app.get("/")
async def index() -> HTML:
    return HTML(PAGE.format(messages="".join(entry.value.html for entry in feed)))


@app.get("/chat.js")
async def script() -> Response:
    return Response(SCRIPT, media_type="text/javascript")


@app.get("/chat.css")
async def style() -> Response:
    return Response(STYLE, media_type="text/css")


class New(Struct):
    """The form of a new message; where `next` is given, the browser goes there."""

    body: str
    next: str = ""


@app.post("/a/message/new")
async def new(message: Annotated[New, Form()]) -> JSON | Redirect:
    if message.next and (not message.next.startswith("/") or message.next[1:2] in {"/", "\\"}):
        raise BadRequest("`next` is a path of this site.")
    said = say(message.body)
    return Redirect(message.next) if message.next else JSON(said)


class Cursor(Struct):
    """The last message that a reader has."""

    cursor: str = ""


@app.post("/a/message/updates", cancel_on_disconnect=True)
async def updates(last: Annotated[Cursor, Form()]) -> Messages:
    return Messages([entry.value for entry in await feed.after(last.cursor, timeout=25)])


@app.websocket("/chatsocket", max_body=4096)
async def chat(ws: WebSocket[Said]) -> None:
    await ws.accept()
    sockets.add(ws)
    try:
        async for said in ws:
            say(said.body)
    finally:
        sockets.discard(ws)
