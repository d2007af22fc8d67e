"""Gambrel with its own templates and signing, and sqlite3 by hand."""

import os
from typing import Annotated

from content import KEY, NAME, PEOPLE, ROWS
from store import find

from gambrel import App, Cookie, NotFound, Text
from gambrel.signing import Signer
from gambrel.templates import Template, Templates

INLINE = os.environ["BENCH_MODE"] == "inline"
signer = Signer(KEY, "session")
app = App(extensions=[Templates()])


@app.get("/login", inline=INLINE)
def login() -> Text:
    response = Text("welcome")
    response.set_cookie("session", signer.dumps({"name": NAME}))
    return response


@app.get("/rows", inline=True)
def rows() -> Template:
    return Template("rows.html", {"title": "People", "people": PEOPLE})


@app.get("/products/{id}", inline=INLINE)
def product(id: int, session: Annotated[str, Cookie()]) -> Template:
    name = signer.loads(session, max_age=1209600)["name"]
    found = find(id)
    if not found:
        raise NotFound
    return Template("product.html", {"name": name, "product": found, "rows": ROWS})
