"""BlackSheep."""

from blacksheep import Application, Request, Response, get, json, post, text
from blacksheep.exceptions import BadRequest
from orders import SECTIONS, Invalid, decode, receipt

app = Application()


async def filler(id: int) -> Response:
    return json({"id": id})


for section in SECTIONS:
    app.router.add_get(f"/{section}/{{int:id}}", filler)


@get("/plaintext")
async def plaintext() -> Response:
    return text("Hello, World!")


@get("/json")
async def message() -> Response:
    return json({"message": "Hello, World!"})


@get("/users/{int:id}")
async def user(id: int, limit: int = 10, q: str | None = None) -> Response:
    return json({"id": id, "limit": limit, "q": q})


@post("/orders")
async def create(request: Request) -> Response:
    try:
        order = decode(await request.read())
    except Invalid as error:
        raise BadRequest() from error
    return json(receipt(order))
