"""Databases: models, sessions and transactions by SQLAlchemy, on SQLite, PostgreSQL and MariaDB.

    class Hero(Model):
        id: Mapped[int] = mapped_column(primary_key=True)
        name: Mapped[str]

    app = App(extensions=[Database("sqlite:///heroes.db")])

    @app.get("/heroes/{id}", returns=HeroPublic)
    async def hero(id: int, db: AsyncSession) -> Hero:
        return await db.get_or_404(Hero, id)

One request is one transaction: committed before its answer is sent, or rolled back.
Needs `pip install 'gambrel[db]'`.
"""

from gambrel.core.http.errors import GambrelError

try:
    from gambrel.db.columns import Choice, Exact, JSONOf, Moment
    from gambrel.db.extension import Database, DatabaseSettings
    from gambrel.db.fast.statements import Compiled, CompiledChange, compiled
    from gambrel.db.models import NAMING, Model
    from gambrel.db.parts import (
        SoftDelete,
        Timestamps,
        UUIDKey,
        Versioned,
        check_match,
        etag_of,
        uuid7,
    )
    from gambrel.db.queries.listings import Listing
    from gambrel.db.queries.paging import Page, Slice
    from gambrel.db.retries import Retries
    from gambrel.db.sessions import AsyncSession, SyncSession
    from gambrel.db.visits import SessionStore
except ModuleNotFoundError as error:
    if error.name not in {"aiosqlite", "greenlet", "sqlalchemy"}:
        raise
    raise GambrelError(
        "db.not-installed",
        f"databases need {error.name}, which is not installed",
        "gambrel.db",
        "pip install 'gambrel[db]'",
    ) from error

__all__ = [
    "NAMING",
    "AsyncSession",
    "Choice",
    "Compiled",
    "CompiledChange",
    "Database",
    "DatabaseSettings",
    "Exact",
    "JSONOf",
    "Listing",
    "Model",
    "Moment",
    "Page",
    "Retries",
    "SessionStore",
    "Slice",
    "SoftDelete",
    "SyncSession",
    "Timestamps",
    "UUIDKey",
    "Versioned",
    "check_match",
    "compiled",
    "etag_of",
    "uuid7",
]
