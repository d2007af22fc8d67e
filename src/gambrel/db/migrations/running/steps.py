"""The statements of one migration, counted, so that one that was broken off goes on where it broke.

On PostgreSQL and SQLite a migration is one transaction and nothing has to be counted, but where it
commits on its way. MariaDB commits before and after each statement that changes a table. Such
places are marks. What stands before a mark is committed together with its number; who comes again
leaves it out, until the mark is reached.

Whether the very statement at a mark of MariaDB was still done is told by the schema itself: it is
then another than the one noted before (a statement is done or not, since MariaDB 10.6).
"""

import hashlib
import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from alembic.runtime.migration import MigrationContext
from msgspec.structs import replace
from sqlalchemy import Connection, event

from gambrel.core.http.errors import GambrelError
from gambrel.db.migrations.running.records import RECORDS, Record, Records

__all__ = ["Steps", "is_change", "is_read", "steps_of"]

_READS = ("SELECT", "SHOW", "EXPLAIN", "DESCRIBE", "PRAGMA", "SET", "USE", "VALUES")
_CHANGES = ("CREATE", "ALTER", "DROP", "RENAME", "TRUNCATE", "GRANT", "REVOKE", "ANALYZE")
_NOISE = re.compile(r"^(?:\s+|--[^\n]*\n|/\*.*?\*/)+", re.DOTALL)
_COUNTER = re.compile(r" AUTO_INCREMENT=\d+")
_OPTION = "gambrel.steps"


class Steps:
    """What a migration does to a database, in this run and in one that was broken off before."""

    def __init__(self, connection: Connection, record: Record) -> None:
        self.connection = connection
        self.records = Records(connection)
        self.record = record
        self.passed = 0
        self.until = record.mark
        self.chain = ""
        self.counts = connection.dialect.name in {"mysql", "mariadb"}
        self.is_watching = False

    @property
    def is_skipping(self) -> bool:
        """Whether what comes now was done before."""
        return self.passed < self.until

    @contextmanager
    def watching(self, context: MigrationContext) -> Iterator[None]:
        """Take part in all that is executed meanwhile."""
        engine = self.connection.engine
        context.opts[_OPTION] = self
        plain = context.autocommit_block
        context.autocommit_block = lambda: self.outside(context, plain)  # type: ignore[method-assign]
        taken: list[tuple[str, Any]] = [
            ("do_execute", self.intercept),
            ("do_executemany", self.intercept),
            ("do_execute_no_params", self.intercept_bare),
        ]
        for name, hear in taken:
            event.listen(engine, name, hear)
        self.is_watching = True
        try:
            yield
        finally:
            self.is_watching = False
            for name, hear in taken:
                event.remove(engine, name, hear)
        if self.is_skipping:
            raise edited(self.record)

    @contextmanager
    def unwatched(self) -> Iterator[None]:
        """Let statements of ours pass."""
        was, self.is_watching = self.is_watching, False
        try:
            yield
        finally:
            self.is_watching = was

    def intercept_bare(self, cursor: Any, statement: str, context: Any) -> bool | None:
        """The same for a statement without values."""
        return self.intercept(cursor, statement, (), context)

    def intercept(self, _cursor: Any, statement: str, _values: Any, _context: Any) -> bool | None:
        """Return True for a statement that was done before, so that it is left out."""
        if not self.is_watching or is_read(statement):
            return None
        if not (self.counts and is_change(statement)):
            return True if self.is_skipping else None
        with self.unwatched():
            return self.pass_change(statement)

    def pass_change(self, statement: str) -> bool | None:
        """Come to a statement of MariaDB that commits what is before it."""
        before, own = self.count(statement)
        if self.passed < self.until:
            return True
        if self.passed == self.until:
            return self.meet(before, own)
        self.note(statement=f"{before}:{own}", fingerprint=fingerprint(self.connection))
        self.connection.connection.commit()
        return None

    def count(self, text: str) -> tuple[str, str]:
        """Pass a mark; return what tells all marks before it from others, and what tells it."""
        before, own = self.chain, digest(text)
        self.passed += 1
        self.chain = digest(before + own)
        return before, own

    def meet(self, before: str, own: str) -> bool | None:
        """Come to where it broke off; return None if the statement was not done."""
        was_before, _, was_own = self.record.statement.partition(":")
        if was_before != before:
            raise edited(self.record)
        if self.record.fingerprint and fingerprint(self.connection) == self.record.fingerprint:
            return None  # it may be another by now: corrected, because it failed
        if was_own != own:
            raise edited(self.record)
        return True

    def commit(self, context: MigrationContext) -> bool:
        """Commit on the way: a mark. Return whether it was passed before."""
        before, own = self.count("commit")
        if self.passed == self.until:
            self.meet(before, own)
        if self.passed <= self.until:
            return True
        self.save(context, statement=f"{before}:{own}")
        return False

    @contextmanager
    def outside(self, context: MigrationContext, plain: Any) -> Iterator[None]:
        """Go on without a transaction, as `autocommit_block()` does; what begins it is a mark.

        Where it breaks off within, all that is in it is done once more.
        """
        self.commit(context)
        if self.connection.dialect.name == "postgresql" and not self.is_skipping:
            with plain():
                yield
        else:
            yield
        self.commit(context)

    def save(self, context: MigrationContext, **noted: str) -> None:
        """Note how far it has come, commit, and begin a new transaction."""
        with self.unwatched():
            self.note(**noted)
            transaction = context._transaction  # noqa: SLF001 - as its autocommit_block() does
            assert transaction is not None
            transaction.commit()
            context._transaction = self.connection.begin()  # noqa: SLF001

    def note(self, *, statement: str = "", fingerprint: str = "", checkpoint: str = "") -> None:
        """Write how far it has come, into the transaction that is open."""
        self.record = replace(
            self.record,
            mark=self.passed,
            statement=statement,
            fingerprint=fingerprint,
            checkpoint=checkpoint,
        )
        self.records.write(self.record)


def steps_of(context: MigrationContext) -> Steps | None:
    """Return the steps of the migration that runs; None where its SQL is only written."""
    found: Steps | None = context.opts.get(_OPTION)
    return found


def verb(statement: str) -> str:
    """Return a statement in capitals, without what stands before its first word."""
    return _NOISE.sub("", statement).lstrip("( ").upper()


def is_read(statement: str) -> bool:
    """Whether a statement changes nothing."""
    begin = verb(statement)
    if begin.startswith("WITH"):
        return not re.search(r"\b(INSERT|UPDATE|DELETE|MERGE)\b", begin)
    return begin.startswith(_READS)


def is_change(statement: str) -> bool:
    """Whether a statement changes the schema, or commits as such do."""
    return verb(statement).startswith(_CHANGES)


def digest(text: str) -> str:
    """Return what tells a text from any other."""
    return hashlib.sha256(text.encode()).hexdigest()


def fingerprint(connection: Connection) -> str:
    """Return what tells a schema of MariaDB from any other."""

    def rows(statement: str) -> list[tuple[Any, ...]]:
        return [tuple(row) for row in connection.exec_driver_sql(statement)]

    parts: list[Any] = []
    for name, kind in rows("SHOW FULL TABLES"):
        if name != RECORDS.name:
            quoted = connection.dialect.identifier_preparer.quote_identifier(name)
            shown = rows(f"SHOW CREATE {'VIEW' if kind == 'VIEW' else 'TABLE'} {quoted}")[0][1]
            parts.append(_COUNTER.sub("", shown))
    for place, what in (("triggers", "trigger"), ("routines", "routine"), ("events", "event")):
        code = {"trigger": "action_statement"}.get(what, f"{what}_definition")
        asked = f"SELECT {what}_name, {code} FROM information_schema.{place} "  # noqa: S608
        parts += rows(f"{asked} WHERE {what}_schema = DATABASE() ORDER BY 1")
    return digest(repr(parts))


def edited(record: Record) -> GambrelError:
    """Return the error of a migration that is not the one that was begun."""
    what = f"the migration {record.revision} was broken off, and is now another than it was"
    hint = "restore its file from version control, and type the same again"
    return GambrelError("db.migration-edited", what, record.revision, hint)
