"""A shop for music over tables that were there before: browse, search, page through.

    gambrel db seed examples/store --create
    gambrel run examples/store

The database is made in the folder that GAMBREL_INSTANCE names, `instance` here; another one is used
where GAMBREL_DATABASE_URL names it.
"""

from decimal import Decimal

from gambrel import App
from gambrel.db import Database
from gambrel.files import StaticFiles
from gambrel.looks import Looks
from gambrel.templates import Templates
from store.catalog import catalog
from store.covers import cover, portrait
from store.models import Base
from store.people import people

__all__ = ["app", "create_app"]


def create_app(url: str = "sqlite:///store.db") -> App:
    """Return the shop over a database; that of the instance, unless one is given."""
    database = Database(url, create=True, metadata=Base.metadata)
    pages = Templates(
        globals={"cover": cover, "portrait": portrait},
        filters={"clock": clock, "hours": hours, "money": money},
    )
    app = App(extensions=[database, pages, StaticFiles(), Looks()])
    app.include(catalog)
    app.include(people)
    return app


def clock(seconds: int) -> str:
    """Return how long a track is: `4:05`."""
    return f"{seconds // 60}:{seconds % 60:02}"


def hours(seconds: int) -> str:
    """Return how long many tracks are: `1 h 12 min`."""
    minutes = round(seconds / 60)
    return f"{minutes // 60} h {minutes % 60} min" if minutes >= 60 else f"{minutes} min"


def money(amount: Decimal) -> str:
    """Return a price: `€1,204.50`."""
    return f"€{amount:,.2f}"


app = create_app()
