"""Flaskr: the blog of the tutorial of Flask.

    gambrel run examples/flaskr

The database is made in the folder that GAMBREL_INSTANCE names, `instance` here; another one is used
where GAMBREL_DATABASE_URL names it.
"""

from flaskr.auth import NotSignedIn, auth
from flaskr.blog import blog
from flaskr.db import Base, init
from gambrel import App, Redirect, Request
from gambrel.db import Database
from gambrel.looks import Looks
from gambrel.markup import Markup, element, join
from gambrel.sessions import Sessions
from gambrel.templates import Templates

__all__ = ["app", "create_app"]


def create_app(url: str = "sqlite:///flaskr.sqlite") -> App:
    """Return the blog over a database; that of the instance, unless one is given."""
    database = Database(url, create=True, metadata=Base.metadata)
    app = App(extensions=[database, Templates(filters={"lines": lines}), Sessions(), Looks()])

    @app.get("/hello")
    async def hello() -> str:
        """Greet."""
        return "Hello, World!"

    @app.on_error(NotSignedIn)
    async def send_to_log_in(request: Request, error: NotSignedIn) -> Redirect:
        return Redirect(request.url_for("log_in_form"))

    @app.command
    async def init_db(database: Database) -> None:
        """Clear the existing data and create new tables."""
        await init(database)
        print("Initialized the database.")

    app.include(auth)
    app.include(blog)
    return app


def lines(text: str) -> Markup:
    """Return text with its line breaks, for a page."""
    first, *rest = text.splitlines() or [""]
    return join([first, *(part for line in rest for part in (element("br"), line))])


app = create_app()
