"""The app that every server serves in the conformance suite.

Its handlers tell what reached them, fail in every place where something can fail, and note what
became of them: `/seen` counts what passed the middleware, `/events` lists what handlers noted.
"""

import asyncio
import hashlib
import logging
import os
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from pathlib import Path
from typing import Annotated, Any

import msgspec

from gambrel import (
    App,
    Depends,
    FileResponse,
    Form,
    Header,
    HTTPError,
    Redirect,
    Request,
    Response,
    ServiceUnavailable,
    Stream,
    Unauthorized,
    Upload,
    abort,
)
from gambrel.core.http.response import Baked, Reply
from gambrel.mounts import Mounts
from gambrel.websockets import WebSockets
from tests.conformance.sentinels import SECRETS
from tests.conformance.socket_routes import router as sockets

# The servers under test set up logging of their own; the app's goes to the same place, once.
logging.basicConfig(format="%(levelname)s %(name)s %(message)s")
logging.getLogger().handlers[0].addFilter(lambda record: "hypercorn" not in record.name)

app = App(
    defaults=(),
    extensions=[Mounts(), WebSockets()],
    hosts=["localhost", "127.0.0.1", "example.com", ".example.org"],
    secret_keys=[SECRETS["secret_key"]],
)

files = Path(os.environ["CONFORMANCE_FILES"])
seen = 0
events: list[str] = []
started = False


@app.lifespan
async def life() -> AsyncIterator[None]:
    global started
    started = True
    yield
    (files / f"stopped-{os.getpid()}").touch()


@app.middleware
async def count(request: Request, call_next: Callable[[Request], Awaitable[Response]]) -> Response:
    global seen
    if request.path not in {"/seen", "/events"}:
        seen += 1
    if "fail-middleware" in request.query:
        raise RuntimeError(f"middleware {request.query['fail-middleware']}")
    response = await call_next(request)
    if "fail-after" in request.query:
        raise RuntimeError(f"after {request.query['fail-after']}")
    return response


@app.get("/seen")
async def tell_seen() -> int:
    return seen


@app.get("/events")
async def tell_events() -> list[str]:
    return events


@app.get("/ping")
async def ping() -> str:
    return "pong" if started else "not started"


# What reached the handler ----------------------------------------------------------------------


def facts(request: Request, body: bytes = b"") -> dict[str, Any]:
    return {
        "method": request.method,
        "path": request.path,
        "raw_path": request.raw_path,
        "query": request.query_string,
        "headers": request.headers.pairs(),
        "cookies": request.cookies,
        "client": request.client,
        "scheme": request.scheme,
        "host": request.host,
        "url": str(request.url),
        "size": len(body),
        "sha": hashlib.sha256(body).hexdigest()[:16],
    }


@app.route("/echo", ["GET", "POST", "PUT", "PATCH", "DELETE", "QUERY"])
async def echo(request: Request) -> dict[str, Any]:
    return facts(request, await request.body())


@app.get("/rest/{rest:path}")
async def rest(rest: str, request: Request) -> dict[str, Any]:
    return {**facts(request), "rest": rest}


@app.get("/segment/{name}")
async def segment(name: str) -> dict[str, str]:
    return {"name": name}


@app.get("/admin")
async def admin() -> str:
    return "admin"


@app.get("/folder/")
async def folder() -> str:
    return "folder"


@app.get("/page")
async def page() -> str:
    return "page"


@app.post("/page")
async def post_page() -> str:
    return "posted"


@app.get("/number/{number}")
async def number(number: int) -> int:
    return number


@app.get("/scalar")
async def scalar(n: int) -> int:
    return n


@app.get("/tags")
async def tags(tag: list[str]) -> list[str]:
    return tag


@app.get("/query")
async def query(request: Request) -> list[list[str]]:
    return [[name, value] for name in request.query for value in request.query.get_all(name)]


@app.post("/sources/{name}")
async def sources(name: str, request: Request) -> dict[str, Any]:
    form = await request.form()
    return {"path": name, "query": request.query.get("name"), "form": form.get("name")}


@app.get("/header")
async def header(x_one: Annotated[int, Header]) -> int:
    return x_one


# Bodies ----------------------------------------------------------------------------------------


class Order(msgspec.Struct):
    item: str
    quantity: int = 1
    price: float = 0.0


class Deep(msgspec.Struct):
    inner: "Deep | None" = None


@app.post("/order")
async def order(order: Order) -> Order:
    return order


@app.post("/any")
async def anything(request: Request) -> Any:
    return await request.json()


@app.post("/deep")
async def deep(deep: Deep) -> str:
    return "deep"


@app.post("/form")
async def form(request: Request) -> list[list[str]]:
    form = await request.form()
    return [[name, value] for name, value in form.pairs() if isinstance(value, str)]


@app.post("/upload")
async def upload(file: Upload, note: Annotated[str, Form] = "") -> dict[str, Any]:
    content = await file.read()
    return {"name": file.filename, "size": len(content), "note": note}


@app.post("/small", max_body=1000)
async def small(request: Request) -> int:
    return len(await request.body())


@app.post("/pieces", max_body=1000)
async def pieces(request: Request) -> int:
    return sum([len(piece) async for piece in request.stream()])


@app.post("/ignore")
async def ignore() -> str:
    return "ignored"


@app.post("/refuse")
async def refuse() -> str:
    raise Unauthorized("Say who you are.")


@app.post("/noted-body")
async def noted_body(request: Request, note: str) -> int:
    try:
        return len(await request.body())
    except ConnectionError as error:
        events.append(f"{note} {type(error).__name__}")
        raise


@app.post("/thread-body")
def thread_body(order: Order) -> str:
    return order.item


# Responses -------------------------------------------------------------------------------------


@app.get("/status/{status}")
async def status(status: int) -> Response:
    return Response(b"", status) if status in {204, 304} else Response("body", status)


@app.get("/lies/{status}")
async def lies(status: int) -> Response:
    return Reply(Baked(status, [("content-type", "text/plain")]), b"lies")


@app.get("/length")
async def length(n: int) -> Response:
    return Response(b"x" * n, headers={"content-length": "7", "transfer-encoding": "chunked"})


@app.get("/inject")
async def inject(value: str, name: str = "x-injected") -> Response:
    return Response("never sent", headers={name: value})


@app.get("/inject-late")
async def inject_late(value: str) -> Response:
    return Reply(Baked(200, [("x-injected", value)]), b"never sent")


@app.get("/cookies")
async def cookies() -> Response:
    response = Response("cookies")
    response.set_cookie("a", "1")
    response.set_cookie("b", "2")
    return response


@app.get("/redirect")
async def redirect() -> Redirect:
    return Redirect("/ping")


@app.get("/file")
async def file() -> FileResponse:
    return FileResponse(files / "small.txt")


@app.get("/big")
async def big() -> FileResponse:
    return FileResponse(files / "big.bin")


@app.get("/below/{path:path}")
async def below(path: str) -> FileResponse:
    return FileResponse(path, root=files)


@app.get("/stream")
async def stream(n: int = 3) -> AsyncIterator[bytes]:
    for i in range(n):
        yield b"%d\n" % i
        await asyncio.sleep(0)


@app.get("/steps")
def steps(n: int = 3) -> Iterator[str]:
    for i in range(n):
        yield f"{i}\n"


@app.get("/promise")
async def promise(promised: int, n: int) -> Stream:
    async def numbers() -> AsyncIterator[bytes]:
        for _ in range(n):
            yield b"x"

    return Stream(numbers(), headers={"content-length": str(promised)})


@app.get("/stream-fails")
async def stream_fails(token: str) -> Stream:
    async def numbers() -> AsyncIterator[bytes]:
        yield b"first"
        await asyncio.sleep(0.02)
        raise RuntimeError(f"stream {token}")

    return Stream(numbers())


@app.get("/megabytes")
async def megabytes(note: str = "") -> Stream:
    async def pour() -> AsyncIterator[bytes]:
        sent = 0
        try:
            for _ in range(4096):
                yield bytes(65_536)
                sent += 1
        finally:
            events.append(f"{note} poured {sent}")

    return Stream(pour())


@app.post("/reverse")
async def reverse(request: Request) -> Stream:
    async def back() -> AsyncIterator[bytes]:
        yield b"["
        async for piece in request.stream():
            yield piece[::-1]
        yield b"]"

    return Stream(back())


# Time and leaving ------------------------------------------------------------------------------


async def wait(note: str, seconds: float) -> str:
    events.append(f"{note} began")
    try:
        await asyncio.sleep(seconds)
    except asyncio.CancelledError:
        events.append(f"{note} cancelled")
        raise
    events.append(f"{note} ended")
    return note


@app.get("/wait")
async def wait_safe(note: str, seconds: float = 20) -> str:
    return await wait(note, seconds)


@app.post("/wait")
async def wait_unsafe(note: str, seconds: float = 0.3) -> str:
    return await wait(note, seconds)


@app.post("/wait-cancelled", cancel_on_disconnect=True)
async def wait_cancelled(note: str, seconds: float = 20) -> str:
    return await wait(note, seconds)


@app.get("/late", deadline=0.2)
async def late(note: str) -> str:
    return await wait(note, 20)


@app.route("/endless", ["GET", "POST"])
async def endless(note: str) -> Stream:
    async def ticks() -> AsyncIterator[bytes]:
        events.append(f"{note} began")
        try:
            while True:
                yield b"tick\n"
                await asyncio.sleep(0.01)
        finally:
            events.append(f"{note} closed")

    response = Stream(ticks())
    response.on_close(lambda: events.append(f"{note} called back"))
    return response


@app.get("/endless-steps")
async def endless_steps(note: str) -> Stream:
    def ticks() -> Iterator[bytes]:
        try:
            while True:
                yield b"tick\n"
                time.sleep(0.01)
        finally:
            events.append(f"{note} closed")

    return Stream(ticks())


# Failing ---------------------------------------------------------------------------------------


def secretly(token: str) -> None:
    password, dsn = SECRETS["password"], f"postgresql://user:{SECRETS['dsn']}@db/x"
    raise RuntimeError(f"{token} {password} {dsn}")


@app.get("/fail/handler")
async def fail_handler(token: str) -> str:
    secretly(token)
    return "never"


@app.get("/fail/thread")
def fail_thread(token: str) -> str:
    secretly(token)
    return "never"


async def broken(token: str) -> str:
    secretly(token)
    return "never"


@app.get("/fail/dependency")
async def fail_dependency(value: Annotated[str, Depends(broken)]) -> str:
    return value


async def broken_exit(token: str) -> AsyncIterator[str]:
    yield "value"
    secretly(token)


@app.get("/fail/exit")
async def fail_exit(value: Annotated[str, Depends(broken_exit)]) -> str:
    return value


@app.get("/fail/exit-after")
async def fail_exit_after(value: Annotated[str, Depends(broken_exit, exit="after")]) -> str:
    return value


@app.get("/fail/callback")
async def fail_callback(token: str) -> Response:
    response = Response("answered")
    response.on_close(lambda: secretly(token))
    return response


@app.get("/fail/encoding")
async def fail_encoding(token: str) -> object:
    events.append(token)
    return object()


@app.get("/fail/service")
async def fail_service() -> str:
    try:
        secretly("database down")
    except RuntimeError as error:
        raise ServiceUnavailable(str(error), retry_after=7) from error
    return "never"


@app.get("/fail/status/{status}")
async def fail_status(status: int) -> str:
    if status >= 500:
        raise HTTPError(SECRETS["upstream"], status=status)
    abort(status)


@app.get("/fail/group")
async def fail_group(token: str) -> str:
    async with asyncio.TaskGroup() as group:
        group.create_task(broken(token))
    return "never"


# Mounts ----------------------------------------------------------------------------------------


def wsgi(environ: dict[str, Any], start_response: Callable[..., Any]) -> Any:
    body = environ["wsgi.input"].read()
    if environ["PATH_INFO"] == "/fail":
        secretly(environ["QUERY_STRING"].removeprefix("token="))
    if environ["PATH_INFO"] == "/stream":
        start_response("200 OK", [("Content-Type", "text/plain")])
        return (b"%d\n" % i for i in range(5))
    told = f"{environ['SCRIPT_NAME']}|{environ['PATH_INFO']}|{len(body)}".encode()
    start_response("200 OK", [("Content-Length", str(len(told)))])
    return [told]


async def raw(scope: Any, receive: Any, send: Any) -> None:
    if scope["type"] == "websocket":
        await send({"type": "websocket.accept"})
        await receive()
        while (message := await receive())["type"] == "websocket.receive":
            if message.get("text") == "close":
                await send({"type": "websocket.close", "code": 4002, "reason": scope["path"]})
            else:
                await send({**message, "type": "websocket.send"})
        return
    if scope["type"] != "http":
        raise RuntimeError("http only")
    size, more = 0, True
    while more:
        message = await receive()
        size += len(message.get("body", b""))
        more = message.get("more_body", False)
    told = f"{scope['root_path']}|{scope['path']}|{size}".encode()
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": told})


inner = App(defaults=())


@inner.get("/hi/{name}")
async def hi(name: str, request: Request) -> dict[str, str]:
    return {"name": name, "url": str(request.url), "for": request.url_for("hi", name="b")}


@inner.get("/slash/")
async def slash() -> str:
    return "slash"


app.include(sockets)
app.mount("/wsgi/{tenant}", wsgi, max_body=4 << 20)
app.mount("/asgi", raw)
app.mount("/inner", inner)
app.raw("/raw/{name}", raw)
