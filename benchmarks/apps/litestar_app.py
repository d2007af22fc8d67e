"""Litestar, validating with msgspec."""

from litestar import Litestar, MediaType, get, post
from orders import SECTIONS
from schema import Order, Receipt


@get([f"/{section}/{{id:int}}" for section in SECTIONS] or "/section/{id:int}")
async def filler(id: int) -> dict[str, int]:
    return {"id": id}


@get("/plaintext", media_type=MediaType.TEXT)
async def plaintext() -> str:
    return "Hello, World!"


@get("/json")
async def message() -> dict[str, str]:
    return {"message": "Hello, World!"}


@get("/users/{id:int}")
async def user(id: int, limit: int = 10, q: str | None = None) -> dict[str, int | str | None]:
    return {"id": id, "limit": limit, "q": q}


@post("/orders")
async def create(data: Order) -> Receipt:
    return Receipt(1, sum(item.qty * item.price for item in data.items), len(data.items))


app = Litestar([filler, plaintext, message, user, create])
