"""Flask."""

from flask import Flask, Response, abort, request
from orders import SECTIONS, Invalid, decode, receipt

app = Flask(__name__)


def filler(id):
    return {"id": id}


for section in SECTIONS:
    app.add_url_rule(f"/{section}/<int:id>", section, filler)


@app.get("/plaintext")
def plaintext():
    return Response("Hello, World!", mimetype="text/plain")


@app.get("/json")
def message():
    return {"message": "Hello, World!"}


@app.get("/users/<int:id>")
def user(id):
    try:
        limit = int(request.args.get("limit", 10))
    except ValueError:
        abort(400)
    return {"id": id, "limit": limit, "q": request.args.get("q")}


@app.post("/orders")
def create():
    try:
        return receipt(decode(request.get_data()))
    except Invalid:
        abort(422)
