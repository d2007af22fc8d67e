"""Three applications of other frameworks, unchanged, under one roof.

    gambrel run examples/neighbours

They share the log, the ids of requests and the page of an error. What is new is a route beside
them, and takes over one path after the other.
"""

from gambrel import HTML, App, CallNext, HTTPError, Request, Response
from gambrel.middleware import RequestID
from gambrel.observability import AccessLog, Health, Logging
from neighbours import django_app, fastapi_app, flask_app

app = App(extensions=[RequestID(), Logging(level="WARNING"), AccessLog(), Health()])


@app.middleware
async def one_page_for_errors(request: Request, call_next: CallNext) -> Response:
    """Answer what a neighbour could not do as this app answers it."""
    response = await call_next(request)
    if request.route is not None and request.route.kind == "mount" and response.status >= 500:
        raise HTTPError(response.status)
    return response


@app.get("/")
async def home() -> HTML:
    """Lead to the neighbours."""
    return HTML('<a href="/shop/catalogue">Shop</a> <a href="/guestbook/">Guestbook</a>')


@app.get("/shop/items/{number:int}")
async def item(number: int) -> HTML:
    """Show an item: the first route that has moved. Django has it still, and is not asked."""
    return HTML(f"<h1>Item {number}, as good as new</h1>")


app.mount("/shop", django_app.application)
app.mount("/guestbook", flask_app.app)
app.mount("/prices", fastapi_app.app)
