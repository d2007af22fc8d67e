"""The demo platform: one process, one app, and the examples mounted in it.

gambrel run examples/demo
"""

from chat.app import app as chat
from flaskr.app import create_app as make_flaskr
from heroes.app import app as heroes
from heroes_sql.app import create_app as make_heroes_sql
from own_extension.app import app as own_extension
from polls.app import create_app as make_polls
from versions.app import app as versions

from demo.choose import choose
from demo.markdown import inline
from demo.pages import documents_below, pages
from demo.tour import TOUR
from gambrel import App
from gambrel.files import StaticFiles
from gambrel.forms import Forms
from gambrel.looks import Looks
from gambrel.middleware import CrossOriginProtection
from gambrel.openapi import OpenAPI
from gambrel.templates import Templates

__all__ = ["app", "make_app"]


def make_app() -> App:
    """Return the platform, with every example below a path of its own."""
    app = App(
        extensions=[
            Templates(filters={"inline": inline}),
            Forms(),
            Looks(),
            StaticFiles(),
            CrossOriginProtection(),
            OpenAPI(title="The guide: which framework, in which shape"),
        ]
    )
    app.include(pages)
    app.include(choose)
    documents_below(app, "/documentation")
    running = {
        "flask": make_flaskr(),
        "fastapi": heroes,
        "django": make_polls(seeds=["seeds/questions.py"]),
        "drf": make_heroes_sql(),
        "pyramid": own_extension,
        "tornado": chat,
        "sanic": versions,
    }
    for stop in TOUR:
        app.mount(f"/{stop.id}", running[stop.id])
    return app


app = make_app()
