"""Starlette, with its own session and templates; `def` views, as the query blocks."""

from content import KEY, NAME, PEOPLE, ROWS
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.sessions import SessionMiddleware
from starlette.responses import PlainTextResponse
from starlette.routing import Route
from starlette.templating import Jinja2Templates
from store import find

templates = Jinja2Templates("templates")


def login(request):
    request.session["name"] = NAME
    return PlainTextResponse("welcome")


def product(request):
    name = request.session.get("name")
    if not name:
        raise HTTPException(401)
    found = find(request.path_params["id"])
    if not found:
        raise HTTPException(404)
    context = {"name": name, "product": found, "rows": ROWS}
    return templates.TemplateResponse(request, "product.html", context)


async def rows(request):
    context = {"title": "People", "people": PEOPLE}
    return templates.TemplateResponse(request, "rows.html", context)


app = Starlette(
    routes=[Route("/rows", rows), Route("/login", login), Route("/products/{id:int}", product)],
    middleware=[Middleware(SessionMiddleware, secret_key=KEY)],
)
