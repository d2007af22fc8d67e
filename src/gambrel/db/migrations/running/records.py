"""What is known of the migrations of a database: a table beside Alembic's, one row for each.

Alembic's `alembic_version` says where a database is. `gambrel_migration` says which code led there,
and where one that was broken off has come to.
"""

from datetime import UTC, datetime

from msgspec import Struct
from sqlalchemy import (
    Column,
    Connection,
    DateTime,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    delete,
    insert,
    inspect,
    select,
    update,
)

__all__ = ["HIDDEN", "RECORDS", "Record", "Records"]

VERSIONS = "alembic_version"
RECORDS = Table(
    "gambrel_migration",
    MetaData(),
    Column("revision", String(64), primary_key=True),
    Column("checksum", String(64), nullable=False),
    Column("direction", String(4), nullable=False),
    Column("applied_at", DateTime),
    Column("mark", Integer, nullable=False),
    Column("statement", String(130), nullable=False),
    Column("fingerprint", String(64), nullable=False),
    Column("checkpoint", Text, nullable=False),
)
HIDDEN = {VERSIONS, RECORDS.name}
"""Tables that are no model's business."""


class Record(Struct, frozen=True):
    """One row. One without `applied_at` was broken off, after `mark` of its marks."""

    revision: str
    checksum: str
    direction: str = "up"
    applied_at: datetime | None = None
    mark: int = 0
    statement: str = ""
    fingerprint: str = ""
    checkpoint: str = ""


class Records:
    """The records of a database. Nothing here commits."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection

    @property
    def are_there(self) -> bool:
        """Whether there is the table."""
        return inspect(self.connection).has_table(RECORDS.name)

    def make(self) -> None:
        """Make the table, unless it is there."""
        RECORDS.create(self.connection, checkfirst=True)

    def all(self) -> dict[str, Record]:
        """Return all records by the ids of their revisions."""
        if not self.are_there:
            return {}
        rows = self.connection.execute(select(RECORDS)).mappings()
        return {row["revision"]: Record(**row) for row in rows}

    def write(self, record: Record) -> None:
        """Keep a record in place of the one there may be."""
        values = {name: getattr(record, name) for name in record.__struct_fields__}
        found = self.connection.execute(
            update(RECORDS).where(RECORDS.c.revision == record.revision).values(values)
        )
        if not found.rowcount and not self.has(record.revision):
            self.connection.execute(insert(RECORDS).values(values))

    def has(self, revision: str) -> bool:
        """Whether there is a record; MariaDB counts no row that stays as it was."""
        asked = select(RECORDS.c.revision).where(RECORDS.c.revision == revision)
        return self.connection.execute(asked).first() is not None

    def forget(self, revision: str) -> None:
        """Remove a record."""
        self.connection.execute(delete(RECORDS).where(RECORDS.c.revision == revision))

    def heads(self) -> list[str]:
        """Return where the database is by Alembic's table."""
        if not inspect(self.connection).has_table(VERSIONS):
            return []
        rows = self.connection.exec_driver_sql(f"SELECT version_num FROM {VERSIONS}")  # noqa: S608
        return sorted(row[0] for row in rows)

    def replace_head(self, old: str, new: str) -> None:
        """Say that the database is at another revision, which is the same."""
        versions = Table(VERSIONS, MetaData(), Column("version_num", String(32)))
        change = update(versions).where(versions.c.version_num == old)
        self.connection.execute(change.values(version_num=new))


def now() -> datetime:
    """Return the time as it is kept."""
    return datetime.now(UTC).replace(tzinfo=None, microsecond=0)
