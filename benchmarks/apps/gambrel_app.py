"""Gambrel with `async def` handlers."""

from orders import SECTIONS
from schema import Order, Receipt

from gambrel import App

app = App()


async def filler(id: int) -> dict[str, int]:
    return {"id": id}


for section in SECTIONS:
    app.get(f"/{section}/{{id}}", name=section)(filler)


@app.get("/plaintext")
async def plaintext() -> str:
    return "Hello, World!"


@app.get("/json")
async def message() -> dict[str, str]:
    return {"message": "Hello, World!"}


@app.get("/users/{id}")
async def user(id: int, limit: int = 10, q: str | None = None) -> dict[str, int | str | None]:
    return {"id": id, "limit": limit, "q": q}


@app.post("/orders", status=201)
async def create(order: Order) -> Receipt:
    return Receipt(1, sum(item.qty * item.price for item in order.items), len(order.items))
