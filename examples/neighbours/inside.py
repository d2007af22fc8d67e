"""The other way round: a Gambrel app as a part of each of the three.

    uvicorn neighbours.inside:in_fastapi
    uvicorn neighbours.inside:in_django
    uvicorn neighbours.inside:in_flask

FastAPI mounts ASGI applications itself. Django and Flask do not, so a function before them sends
each request to one or the other, and the lifespan to Gambrel.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from asgiref.wsgi import WsgiToAsgi
from fastapi import FastAPI

from gambrel import App, Request
from neighbours import django_app, flask_app


class Opened:
    """What the lifespan of the new part has opened."""

    is_open = True


def new_app() -> App:
    """Return the new part: it says where it is, and needs its lifespan to say so."""
    app = App(hosts=["localhost", "127.0.0.1", "testserver"])

    @app.lifespan
    async def opened() -> AsyncIterator[Opened]:
        yield Opened()

    @app.get("/hello")
    async def hello(request: Request, opened: Opened) -> dict[str, str | bool]:
        return {"at": request.url_for("hello"), "open": opened.is_open}

    return app


# FastAPI: mounted, and its lifespan run with that of FastAPI.


def within_fastapi() -> FastAPI:
    """Return a FastAPI application with the new part below /new."""
    new = new_app()

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        async with new.running():
            yield

    outer = FastAPI(lifespan=lifespan)
    outer.mount("/new", new)

    @outer.get("/old")
    async def old() -> str:
        return "old"

    return outer


# Django and Flask: a function before them.


def beside(old: Any, new: App, prefix: str) -> Any:
    """Return an application: what is below the prefix is for Gambrel, the rest for the other."""

    async def application(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "lifespan":
            await new(scope, receive, send)
        elif scope["path"].startswith(f"{prefix}/"):
            root = scope.get("root_path", "") + prefix
            await new({**scope, "root_path": root}, receive, send)
        else:
            await old(scope, receive, send)

    return application


in_fastapi = within_fastapi()
in_django = beside(django_app.application, new_app(), "/new")
in_flask = beside(WsgiToAsgi(flask_app.app), new_app(), "/new")
