"""Flaskr: the blog of the tutorial of Flask.

    gambrel run examples/flaskr

The database is made in the folder that GAMBREL_INSTANCE names, `instance` here.
"""

import os
from collections.abc import AsyncIterator
from pathlib import Path
from sqlite3 import Connection

from flaskr.auth import NotSignedIn, auth
from flaskr.blog import blog
from flaskr.db import connections, init
from gambrel import App, Redirect, Request
from gambrel.looks import Looks
from gambrel.markup import Markup, element, join
from gambrel.sessions import Sessions
from gambrel.templates import Templates

__all__ = ["app", "create_app"]


def create_app(database: Path | None = None) -> App:
    """Return the blog over a database; that of the instance, unless one is given."""
    file = database or Path(os.environ.get("GAMBREL_INSTANCE", "instance")) / "flaskr.sqlite"
    app = App(extensions=[Templates(filters={"lines": lines}), Sessions(), Looks()])
    app.provide(Connection, connections(file))

    @app.lifespan
    async def tables() -> AsyncIterator[None]:
        if not file.exists():
            init(file)
        yield

    @app.get("/hello")
    async def hello() -> str:
        """Greet."""
        return "Hello, World!"

    @app.on_error(NotSignedIn)
    async def send_to_log_in(request: Request, error: NotSignedIn) -> Redirect:
        return Redirect("/auth/login", 303)

    @app.command
    def init_db() -> None:
        """Clear the existing data and create new tables."""
        init(file)
        print("Initialized the database.")

    app.include(auth)
    app.include(blog)
    return app


def lines(text: str) -> Markup:
    """Return text with its line breaks, for a page."""
    first, *rest = text.splitlines() or [""]
    return join([first, *(part for line in rest for part in (element("br"), line))])


app = create_app()
