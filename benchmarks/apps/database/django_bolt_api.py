"""django-bolt's handlers with Django's ORM; `def`, which is the cheaper here."""

import django_models as models
from django_bolt import BoltAPI, Request
from django_bolt.responses import PlainText
from django_bolt.shortcuts import render

api = BoltAPI()


@api.get("/plaintext")
async def plaintext():
    return PlainText("Hello, World!")


@api.get("/json")
async def message():
    return {"message": "Hello, World!"}


@api.get("/db")
def row():
    return models.row()


@api.get("/queries")
def rows(queries: int = 1):
    return models.rows(queries)


@api.get("/fortunes")
def fortunes(request: Request):
    return render(request, "fortunes.html", models.fortunes())


@api.post("/updates")
def updates(queries: int = 1):
    return models.updates(queries)
