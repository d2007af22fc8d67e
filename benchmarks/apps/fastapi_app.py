"""FastAPI, validating with pydantic."""

import os

from fastapi import FastAPI
from fastapi.responses import PlainTextResponse
from pydantic import BaseModel, Field

app = FastAPI()


class Item(BaseModel):
    sku: str
    qty: int = Field(ge=1)
    price: float


class Order(BaseModel):
    customer: str
    email: str
    items: list[Item]
    note: str | None = None


class Receipt(BaseModel):
    id: int
    total: float
    count: int


async def filler(id: int) -> dict[str, int]:
    return {"id": id}


for number in range(int(os.environ.get("BENCH_ROUTES", 4)) - 4):
    app.get(f"/section{number}/{{id}}")(filler)


@app.get("/plaintext", response_class=PlainTextResponse)
async def plaintext() -> str:
    return "Hello, World!"


@app.get("/json")
async def message() -> dict[str, str]:
    return {"message": "Hello, World!"}


@app.get("/users/{id}")
async def user(id: int, limit: int = 10, q: str | None = None) -> dict[str, int | str | None]:
    return {"id": id, "limit": limit, "q": q}


@app.post("/orders", status_code=201)
async def create(order: Order) -> Receipt:
    total = sum(item.qty * item.price for item in order.items)
    return Receipt(id=1, total=total, count=len(order.items))
