"""A chat, read in two ways: by long polls, and by WebSockets. Both see the same messages."""

from html import escape
from typing import Annotated
from uuid import uuid4

from msgspec import Meta, Struct

from gambrel import HTML, JSON, App, Form, Redirect, Request, Response, WebSocket
from gambrel.middleware import CrossOriginProtection
from gambrel.streams import Feed
from gambrel.websockets import broadcast

PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Chat</title>
<meta name="viewport" content="width=device-width, initial-scale=1">
<link rel="stylesheet" href="{root}/chat.css"><script src="{root}/chat.js" defer></script></head>
<body><main><h1>Chat</h1><div id="inbox" aria-live="polite">{messages}</div>
<form id="form" action="{root}/a/message/new" method="post">
<label for="body">Message</label><input id="body" name="body" placeholder="Say something"
autocomplete="off" required>
<input type="hidden" name="next" value="{root}/"><button>Send</button></form></main></body></html>
"""
SCRIPT = """const inbox = document.getElementById("inbox");
const form = document.getElementById("form");
const address = new URL("chatsocket", document.currentScript.src).href;
const socket = new WebSocket(address.replace("http", "ws"));
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
STYLE = """:root { color-scheme: light dark; --ink: light-dark(#1d1b18, #ece8e1);
  --paper: light-dark(#f7f5f2, #171614); --card: light-dark(#fff, #24221f);
  --line: light-dark(#d9d4cb, #3a3733); --accent: light-dark(#9a3412, #fdba74); }
* { box-sizing: border-box; }
body { margin: 0; font: 1rem/1.5 system-ui, sans-serif;
  color: var(--ink); background: var(--paper); }
main { display: flex; flex-direction: column; min-height: 100dvh; max-width: 40rem;
  margin: 0 auto; padding: 1rem 1rem 0; }
h1 { margin: 0 0 1rem; font-size: 1.25rem; }
#inbox { flex: 1; display: grid; gap: .5rem; align-content: end; }
.message { justify-self: start; max-width: 85%; padding: .4rem .8rem; overflow-wrap: anywhere;
  background: var(--card); border: 1px solid var(--line); border-radius: .2rem 1rem 1rem 1rem; }
form { position: sticky; bottom: 0; display: flex; gap: .5rem; padding: 1rem 0;
  background: var(--paper); }
label { position: absolute; left: -99rem; }
input { flex: 1; min-width: 0; font: inherit; padding: .5rem .8rem; color: inherit;
  background: var(--card); border: 1px solid var(--line); border-radius: 1rem; }
button { font: inherit; padding: .5rem 1.2rem; color: var(--paper); background: var(--accent);
  border: 0; border-radius: 1rem; cursor: pointer; }
:focus-visible { outline: 2px solid var(--accent); outline-offset: 2px; }
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
async def index(request: Request) -> HTML:
    messages = "".join(entry.value.html for entry in feed)
    return HTML(PAGE.format(messages=messages, root=escape(request.root_path)))


@app.get("/chat.js")
async def script() -> Response:
    return Response(SCRIPT, media_type="text/javascript")


@app.get("/chat.css")
async def style() -> Response:
    return Response(STYLE, media_type="text/css")


class New(Struct):
    """The form of a new message; the browser goes on to `next`, a path of this site."""

    body: str
    next: Annotated[str, Meta(pattern=r"^(?:/(?:[^/\\].*)?)?$")] = ""


@app.post("/a/message/new")
async def new(message: Annotated[New, Form()]) -> JSON | Redirect:
    said = say(message.body)
    return Redirect(message.next) if message.next else JSON(said)


class Cursor(Struct):
    """The last message that a reader has."""

    cursor: str = ""


@app.post("/a/message/updates", cancel_on_disconnect=True, waits=True)
async def updates(last: Annotated[Cursor, Form()]) -> Messages:
    return Messages([entry.value for entry in await feed.after(last.cursor, timeout=25)])


@app.websocket("/chatsocket", max_body=4096, extra={"sends": Message})
async def chat(ws: WebSocket[Said]) -> None:
    await ws.accept()
    sockets.add(ws)
    try:
        async for said in ws:
            say(said.body)
    finally:
        sockets.discard(ws)
