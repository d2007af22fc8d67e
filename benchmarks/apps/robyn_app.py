"""Robyn."""

import os

from orders import SECTIONS, Invalid, decode, receipt
from robyn import Request, Response, Robyn

JSON = {"content-type": "application/json"}
app = Robyn(__file__)


async def filler(request: Request):
    return {"id": int(request.path_params["id"])}


for section in SECTIONS:
    app.get(f"/{section}/:id")(filler)


@app.get("/plaintext")
async def plaintext():
    return "Hello, World!"


@app.get("/json")
async def message():
    return {"message": "Hello, World!"}


@app.get("/users/:id")
async def user(request: Request):
    query = request.query_params
    try:
        number, limit = int(request.path_params["id"]), int(query.get("limit", "10"))
    except ValueError:
        return Response(422, JSON, "{}")
    return {"id": number, "limit": limit, "q": query.get("q", None)}


@app.post("/orders")
async def create(request: Request):
    try:
        return receipt(decode(request.body))
    except Invalid:
        return Response(422, JSON, "{}")


if __name__ == "__main__":
    app.start(host="127.0.0.1", port=int(os.environ["PORT"]))
