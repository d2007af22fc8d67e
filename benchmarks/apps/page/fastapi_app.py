"""FastAPI, with Starlette's session and templates; `def` views, as the query blocks."""

from content import KEY, NAME, PEOPLE, ROWS
from fastapi import FastAPI, HTTPException, Request
from fastapi.responses import HTMLResponse, PlainTextResponse
from fastapi.templating import Jinja2Templates
from starlette.middleware.sessions import SessionMiddleware
from store import find

templates = Jinja2Templates("templates")
app = FastAPI()
app.add_middleware(SessionMiddleware, secret_key=KEY)


@app.get("/login", response_class=PlainTextResponse)
def login(request: Request) -> str:
    request.session["name"] = NAME
    return "welcome"


@app.get("/rows", response_class=HTMLResponse)
async def rows(request: Request):
    context = {"title": "People", "people": PEOPLE}
    return templates.TemplateResponse(request, "rows.html", context)


@app.get("/products/{id}", response_class=HTMLResponse)
def product(request: Request, id: int):
    name = request.session.get("name")
    if not name:
        raise HTTPException(401)
    found = find(id)
    if not found:
        raise HTTPException(404)
    context = {"name": name, "product": found, "rows": ROWS}
    return templates.TemplateResponse(request, "product.html", context)
