"""Every way to read a body, and figures of the process."""

from typing import Annotated, Any

from msgspec import Struct

from gambrel import App, Form, Request, WebSocket
from gambrel.middleware import Decompression
from gambrel.observability.metrics import Metrics

app = App(extensions=[Metrics(), Decompression()])


class Item(Struct):
    name: str
    tags: list[int] = []


@app.get("/")
async def home() -> str:
    return "here"


@app.post("/typed")
async def typed(item: Item) -> int:
    return len(item.tags)


@app.post("/typed/many")
def typed_many(items: list[Item]) -> int:
    return len(items)


@app.post("/json")
async def json(request: Request) -> str:
    return type(await request.json()).__name__


@app.post("/any")
async def anything(body: Any) -> str:
    return type(body).__name__


@app.post("/form")
async def form(request: Request) -> int:
    return len(list((await request.form()).pairs()))


@app.post("/form/typed")
async def form_typed(item: Annotated[Item, Form()]) -> str:
    return item.name


@app.post("/bytes")
async def whole(request: Request) -> int:
    return len(await request.body())


@app.post("/stream")
async def stream(request: Request) -> int:
    return sum([len(piece) async for piece in request.stream()])


@app.websocket("/socket")
async def socket(ws: WebSocket[Item]) -> None:
    async for item in ws:
        await ws.send(item.name)
