"""Gambrel's core with its own signing, and Jinja and sqlite3 by hand: it has no batteries yet."""

import os
from typing import Annotated

from content import KEY, NAME, ROWS
from jinja2 import Environment, FileSystemLoader
from store import find

from gambrel import HTML, App, Cookie, NotFound, Text
from gambrel.signing import Signer

INLINE = os.environ["BENCH_MODE"] == "inline"
templates = Environment(loader=FileSystemLoader("templates"), autoescape=True)
signer = Signer(KEY, "session")
app = App()


@app.get("/login", inline=INLINE)
def login() -> Text:
    response = Text("welcome")
    response.set_cookie("session", signer.dumps({"name": NAME}))
    return response


@app.get("/products/{id}", inline=INLINE)
def product(id: int, session: Annotated[str, Cookie()]) -> HTML:
    name = signer.loads(session, max_age=1209600)["name"]
    found = find(id)
    if not found:
        raise NotFound
    page = templates.get_template("product.html")
    return HTML(page.render(name=name, product=found, rows=ROWS))
