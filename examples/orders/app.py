"""A shop's counter: one typed function per operation, and nothing said twice."""

from typing import Annotated

from msgspec import Meta, Struct

from gambrel import App, Redirect

app = App()


class Item(Struct):
    sku: str
    qty: Annotated[int, Meta(ge=1, le=10_000)]
    price: Annotated[float, Meta(ge=0, le=1e6)]


class Order(Struct):
    customer: str
    email: str
    items: list[Item]
    note: str | None = None


class Receipt(Struct):
    id: int
    total: float
    count: int


@app.get("/", hidden=True)
async def home() -> Redirect:
    return Redirect("/docs")


@app.get("/users/{id}")
async def user(id: int, limit: int = 10, q: str | None = None) -> dict[str, int | str | None]:
    return {"id": id, "limit": limit, "q": q}


@app.post("/orders", status=201)
def create(order: Order) -> Receipt:
    total = sum(item.qty * item.price for item in order.items)
    return Receipt(id=1, total=total, count=len(order.items))


@app.get("/plaintext")
async def plaintext() -> str:
    return "Hello, World!"


@app.get("/json")
async def message() -> dict[str, str]:
    return {"message": "Hello, World!"}
