"""Four sites in one app: the host says which one is meant.

Every name below `localhost` leads to this machine, so this can be tried as it is.
"""

from gambrel import App, Router
from gambrel.openapi import Document, OpenAPI, Selection


def site(title: str, host: str) -> Document:
    return Document(title=title, only=Selection(hosts=[host]))


documents = {
    "shop": site("Shop", "shop.localhost"),
    "blog": site("Blog", "blog.localhost"),
    "status": site("Status", "status.localhost"),
}
app = App(
    extensions=[
        OpenAPI(title="Home", only=Selection(hosts=["localhost"]), documents=documents),
    ]
)
shop = Router(host="shop.localhost")
blog = Router(host="blog.localhost")
status = Router(host="status.localhost")


@app.get("/", host="localhost")
async def home() -> str:
    return "There is a shop, a blog and a status page."


@shop.get("/")
async def goods() -> str:
    return "Nails, hammers, roofs."


@shop.get("/goods/{article}")
async def article(article: str) -> str:
    return f"The last {article} was sold yesterday."


@blog.get("/")
async def posts() -> str:
    return "How we built the shop."


@status.get("/")
async def lights() -> str:
    return "All lights are green."


@app.get("/about")
async def about() -> str:
    return "The same on every host."


app.include(shop)
app.include(blog)
app.include(status)
