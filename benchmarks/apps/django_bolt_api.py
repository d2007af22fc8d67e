"""django-bolt's handlers."""

from django_bolt import BoltAPI
from django_bolt.responses import PlainText
from orders import SECTIONS, receipt
from schema import Order

api = BoltAPI()


async def filler(id: int):
    return {"id": id}


for section in SECTIONS:
    api.get(f"/{section}/{{id}}")(filler)


@api.get("/plaintext")
async def plaintext():
    return PlainText("Hello, World!")


@api.get("/json")
async def message():
    return {"message": "Hello, World!"}


@api.get("/users/{id}")
async def user(id: int, limit: int = 10, q: str | None = None):
    return {"id": id, "limit": limit, "q": q}


@api.post("/orders")
async def create(order: Order):
    return receipt(order)
