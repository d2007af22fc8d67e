"""socketify (uWebSockets)."""

import os

from orders import SECTIONS, Invalid, decode, receipt
from socketify import App

app = App()


def filler(response, request):
    response.end({"id": int(request.get_parameter(0))})


def plaintext(response, request):
    response.write_header("Content-Type", "text/plain")
    response.end("Hello, World!")


def message(response, request):
    response.end({"message": "Hello, World!"})


def user(response, request):
    try:
        number, limit = int(request.get_parameter(0)), int(request.get_query("limit") or 10)
    except ValueError:
        response.write_status(422).end("{}")
        return
    response.end({"id": number, "limit": limit, "q": request.get_query("q")})


async def create(response, request):
    body = await response.get_data()
    try:
        order = decode(body.getvalue())
    except Invalid:
        response.write_status(422).end("{}")
        return
    response.end(receipt(order))


for section in SECTIONS:
    app.get(f"/{section}/:id", filler)
app.get("/plaintext", plaintext)
app.get("/json", message)
app.get("/users/:id", user)
app.post("/orders", create)
app.listen({"host": "127.0.0.1", "port": int(os.environ["PORT"])})
app.run()
