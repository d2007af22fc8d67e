"""Litestar, with its own session (encrypted) and templates; a thread, as the query blocks."""

from content import KEY, NAME, PEOPLE, ROWS
from litestar import Litestar, MediaType, Request, get
from litestar.contrib.jinja import JinjaTemplateEngine
from litestar.exceptions import NotAuthorizedException, NotFoundException
from litestar.middleware.session.client_side import CookieBackendConfig
from litestar.response import Template
from litestar.template.config import TemplateConfig
from store import find


@get("/login", media_type=MediaType.TEXT, sync_to_thread=False)
def login(request: Request) -> str:
    request.session["name"] = NAME
    return "welcome"


@get("/rows", sync_to_thread=False)
def rows() -> Template:
    return Template("rows.html", context={"title": "People", "people": PEOPLE})


@get("/products/{id:int}", sync_to_thread=True)
def product(request: Request, id: int) -> Template:
    name = request.session.get("name")
    if not name:
        raise NotAuthorizedException
    found = find(id)
    if not found:
        raise NotFoundException
    return Template("product.html", context={"name": name, "product": found, "rows": ROWS})


app = Litestar(
    [login, product, rows],
    middleware=[CookieBackendConfig(secret=KEY[:32].encode()).middleware],
    template_config=TemplateConfig(directory="templates", engine=JinjaTemplateEngine),
)
