"""django-bolt's handlers, with Django's session, ORM and templates; `def` is the cheaper here."""

from content import NAME, PEOPLE, ROWS
from django_bolt import BoltAPI, Request
from django_bolt.exceptions import NotFound, Unauthorized
from django_bolt.responses import PlainText
from django_bolt.shortcuts import render
from product import Product

api = BoltAPI(django_middleware=["django.contrib.sessions.middleware.SessionMiddleware"])


@api.get("/login")
def login(request: Request):
    request.session["name"] = NAME
    return PlainText("welcome")


@api.get("/rows")
def rows(request: Request):
    return render(request, "rows.html", {"title": "People", "people": PEOPLE})


@api.get("/products/{id}")
def product(request: Request, id: int):
    name = request.session.get("name")
    if not name:
        raise Unauthorized()
    try:
        found = Product.objects.get(id=id)
    except Product.DoesNotExist as error:
        raise NotFound() from error
    return render(request, "product.html", {"name": name, "product": found, "rows": ROWS})
