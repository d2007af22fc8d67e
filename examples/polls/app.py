"""Polls: the app of the tutorial of Django.

    gambrel run examples/polls

The database is made in the folder that GAMBREL_INSTANCE names, `instance` here, by the files in
`migrations`; another one is used where GAMBREL_DATABASE_URL names it.
"""

from collections.abc import Sequence

from gambrel import App, Redirect, Request
from gambrel.db import Database
from gambrel.files import StaticFiles
from gambrel.looks import Looks
from gambrel.templates import Templates
from polls.models import Base
from polls.pages import polls

__all__ = ["app", "create_app"]


def create_app(url: str = "sqlite:///polls.db", seeds: Sequence[str] = ()) -> App:
    """Return the polls over a database; that of the instance, unless one is given."""
    database = Database(url, migrate=True, metadata=Base.metadata, seeds=list(seeds))
    app = App(extensions=[database, Templates(), StaticFiles(), Looks()])
    app.include(polls)

    @app.get("/")
    async def home(request: Request) -> Redirect:
        """Go to the polls."""
        return Redirect(request.url_for("polls:index"))

    return app


app = create_app()
