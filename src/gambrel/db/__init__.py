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
    from gambrel.db.columns import TEXT, Choice, Exact, JSONOf, Moment, TextOf, values_of
    from gambrel.db.extension import MIGRATION_FOLDERS, Database, DatabaseSettings
    from gambrel.db.fast.statements import Compiled, CompiledChange, compiled
    from gambrel.db.inspection.verbatim import Verbatim
    from gambrel.db.migrations.folders import MigrationFolder
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
    from gambrel.db.queries.json_parts import with_part
    from gambrel.db.queries.listings import Listing
    from gambrel.db.queries.paging import Page, Slice
    from gambrel.db.records.authors import Authored
    from gambrel.db.records.constraints import exactly_one
    from gambrel.db.records.history import ChangeLog, Recorded, history_of
    from gambrel.db.records.natural_keys import find_by_natural_key, natural_key, natural_key_of
    from gambrel.db.records.positions import Positioned, place
    from gambrel.db.records.tenants import Tenanted
    from gambrel.db.records.trees import Tree, ancestors, move, roots, subtree
    from gambrel.db.retries import Retries
    from gambrel.db.search.fulltext import FullText
    from gambrel.db.search.headlines import headline
    from gambrel.db.sessions import AsyncSession, SyncSession
    from gambrel.db.transfer.seeds import ensure
    from gambrel.db.visits import SessionStore
    from gambrel.db.writing.files import FileOf, sweep
    from gambrel.db.writing.keys import read_key, write_key
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
    "MIGRATION_FOLDERS",
    "NAMING",
    "TEXT",
    "AsyncSession",
    "Authored",
    "ChangeLog",
    "Choice",
    "Compiled",
    "CompiledChange",
    "Database",
    "DatabaseSettings",
    "Exact",
    "FileOf",
    "FullText",
    "JSONOf",
    "Listing",
    "MigrationFolder",
    "Model",
    "Moment",
    "Page",
    "Positioned",
    "Recorded",
    "Retries",
    "SessionStore",
    "Slice",
    "SoftDelete",
    "SyncSession",
    "Tenanted",
    "TextOf",
    "Timestamps",
    "Tree",
    "UUIDKey",
    "Verbatim",
    "Versioned",
    "ancestors",
    "check_match",
    "compiled",
    "ensure",
    "etag_of",
    "exactly_one",
    "find_by_natural_key",
    "headline",
    "history_of",
    "move",
    "natural_key",
    "natural_key_of",
    "place",
    "read_key",
    "roots",
    "subtree",
    "sweep",
    "uuid7",
    "values_of",
    "with_part",
    "write_key",
]
