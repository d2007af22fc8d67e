"""Sanic; the session by itsdangerous, as it has none. A thread, as the query blocks."""

import asyncio
import os

from content import KEY, NAME, PEOPLE, ROWS
from itsdangerous import BadSignature, URLSafeTimedSerializer
from jinja2 import Environment, FileSystemLoader
from sanic import Sanic
from sanic.exceptions import NotFound, Unauthorized
from sanic.response import html, text
from store import find

app = Sanic("page")
signer = URLSafeTimedSerializer(KEY, "session")
templates = Environment(loader=FileSystemLoader("templates"), autoescape=True)


@app.get("/login")
async def login(request):
    response = text("welcome")
    response.add_cookie("session", signer.dumps({"name": NAME}))
    return response


@app.get("/rows")
async def rows(request):
    page = templates.get_template("rows.html")
    return html(page.render(title="People", people=PEOPLE))


@app.get("/products/<id:int>")
async def product(request, id: int):
    try:
        name = signer.loads(request.cookies.get("session", ""), max_age=1209600)["name"]
    except BadSignature as error:
        raise Unauthorized from error
    found = await asyncio.to_thread(find, id)
    if not found:
        raise NotFound
    page = templates.get_template("product.html")
    return html(page.render(name=name, product=found, rows=ROWS))


if __name__ == "__main__":
    port = int(os.environ["PORT"])
    app.run("127.0.0.1", port, single_process=True, access_log=False, motd=False)
