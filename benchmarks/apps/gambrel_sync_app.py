"""Gambrel with `def` handlers: in the thread pool, inline, or behind one async middleware."""

import os

from orders import SECTIONS
from schema import Order, Receipt

from gambrel import App, Request, Response

MODE = os.environ.get("BENCH_MODE", "pool")
INLINE = MODE == "inline"


async def passing(request: Request, call_next) -> Response:
    return await call_next(request)


app = App()
if MODE == "middleware":
    app.middleware(passing)


def filler(id: int) -> dict[str, int]:
    return {"id": id}


for section in SECTIONS:
    app.get(f"/{section}/{{id}}", name=section, inline=INLINE)(filler)


@app.get("/plaintext", inline=INLINE)
def plaintext() -> str:
    return "Hello, World!"


@app.get("/json", inline=INLINE)
def message() -> dict[str, str]:
    return {"message": "Hello, World!"}


@app.get("/users/{id}", inline=INLINE)
def user(id: int, limit: int = 10, q: str | None = None) -> dict[str, int | str | None]:
    return {"id": id, "limit": limit, "q": q}


@app.post("/orders", status=201, inline=INLINE)
def create(order: Order) -> Receipt:
    return Receipt(1, sum(item.qty * item.price for item in order.items), len(order.items))
