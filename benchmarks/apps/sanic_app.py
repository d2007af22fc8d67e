"""Sanic."""

import os

from orders import SECTIONS, Invalid, decode, receipt
from sanic import Sanic
from sanic.exceptions import BadRequest
from sanic.response import json, text

app = Sanic("benchmark")


async def filler(request, id: int):
    return json({"id": id})


for section in SECTIONS:
    app.add_route(filler, f"/{section}/<id:int>", name=section)


@app.get("/plaintext")
async def plaintext(request):
    return text("Hello, World!")


@app.get("/json")
async def message(request):
    return json({"message": "Hello, World!"})


@app.get("/users/<id:int>")
async def user(request, id: int):
    try:
        limit = int(request.args.get("limit", 10))
    except ValueError as error:
        raise BadRequest() from error
    return json({"id": id, "limit": limit, "q": request.args.get("q")})


@app.post("/orders")
async def create(request):
    try:
        return json(receipt(decode(request.body)))
    except Invalid as error:
        raise BadRequest() from error


if __name__ == "__main__":
    port = int(os.environ["PORT"])
    app.run("127.0.0.1", port, single_process=True, access_log=False, motd=False)
