"""What would hurt while the app is in use on PostgreSQL: locks that others wait for, and old code.

During a deployment the old code still runs while the new schema is there. A table that a migration
has made itself is nobody's yet, so anything may be done to it. Knows operations, no database.
"""

import re
from collections.abc import Callable, Iterator
from typing import Any

from alembic.operations import ops
from msgspec import Struct
from sqlalchemy import Computed, Identity, String, Text
from sqlalchemy.types import TypeEngine

from gambrel.db.migrations.dry import look
from gambrel.db.migrations.history import Revision
from gambrel.db.migrations.operations.search import CreateFullText, DropFullText

__all__ = ["RULES", "Risk", "risks"]


class Risk(Struct, frozen=True):
    """One thing that is unsafe: a rule, what breaks it, and what to do instead."""

    revision: str
    rule: str
    what: str
    fix: str
    where: str

    def __str__(self) -> str:
        """Return up to three lines, as errors have them."""
        lines = [f"[{self.rule}] {self.revision}: {self.what}"]
        return "\n".join([*lines, f"  where: {self.where}", f"  hint: {self.fix}"])


ONLINE = "from gambrel.db.migrations import {0}; {0}(...)"
RULES = {
    "index": "use `create_index_concurrently()` of gambrel.db.migrations",
    "drop-index": "use `drop_index_concurrently()` of gambrel.db.migrations",
    "search": "write `concurrently=True`",
    "not-null": "give it a server_default, or let it be null first and set it later",
    "set-not-null": "use `set_not_null()` of gambrel.db.migrations",
    "type": "add a column of the new type, `backfill()` it, read it, then drop the old",
    "rename": "add one with the new name, write both, `backfill()`, read the new one, drop the old",
    "drop": 'deploy code that does not use it, then drop it: `phase = "contract"` in the file '
    "lets `gambrel db up --expand` leave it for later",
    "foreign-key": "use `add_foreign_key()` of gambrel.db.migrations",
    "check": "use `add_check()` of gambrel.db.migrations",
    "unique": "use `add_unique()` of gambrel.db.migrations",
    "rewrite": "add it without a default, `backfill()`, then set the default",
    "rows": "change rows in a migration of their own, by `backfill()` or `batches()`",
    "values": "let old and new values live side by side: `add_enum_values()` only adds",
    "lock": "do it at a quiet hour, by hand",
    "unread": "look at it yourself",
}
"""What to do in place of what breaks a rule."""
_VOLATILE = re.compile(
    r"\b(gen_random_uuid|uuid_generate_v\d\w*|uuidv\d|random|clock_timestamp|nextval)\s*\(",
    re.IGNORECASE,
)
_SQL: list[tuple[str, str, str]] = [
    (r"CREATE (UNIQUE )?INDEX (?!CONCURRENTLY)", "index", "locks out writers until it is made"),
    (r"DROP INDEX (?!CONCURRENTLY)", "drop-index", "waits for, and then locks out, everybody"),
    (r"REINDEX (?!.*CONCURRENTLY)", "index", "locks out writers"),
    (r"ALTER COLUMN \S+ (SET DATA )?TYPE", "type", "writes the table anew, under a lock"),
    (r"ALTER COLUMN \S+ SET NOT NULL", "set-not-null", "reads all rows under a lock"),
    (r"ADD (CONSTRAINT \S+ )?PRIMARY KEY(?!.*USING INDEX)", "unique", "makes a key under a lock"),
    (r"\bDROP (COLUMN|TABLE)\b", "drop", "breaks old code that still reads it"),
    (r"\bRENAME (TO|COLUMN)\b", "rename", "breaks code that knows the old name"),
    (r"ADD (CONSTRAINT \S+ )?(FOREIGN KEY)(?!.*NOT VALID)", "foreign-key", "locks two tables"),
    (r"ADD (CONSTRAINT \S+ )?CHECK(?!.*NOT VALID)", "check", "reads all rows under a lock"),
    (r"ADD (CONSTRAINT \S+ )?UNIQUE(?!.*USING INDEX)", "unique", "makes an index under a lock"),
    (r"^\s*(LOCK TABLE|VACUUM FULL|CLUSTER)\b", "lock", "locks everybody out"),
    (r"REFRESH MATERIALIZED VIEW (?!CONCURRENTLY)", "lock", "locks out readers"),
]
_ROWS = re.compile(r"^\s*(UPDATE|DELETE|INSERT INTO\b.*\bSELECT)\b", re.IGNORECASE | re.DOTALL)
_PROVED = re.compile(r'^"?(\w+)"? IS NOT NULL$')
_TYPE_NAMED = re.compile(r"\bTYPE\b.*\bRENAME\b", re.IGNORECASE)
Found = Iterator[tuple[str, str]]


def risks(revision: Revision) -> list[Risk]:
    """Return what is unsafe in a migration and is not in its `accepted`."""
    return list(Linter(revision).risks())


class Linter:
    """Goes through the operations of one migration."""

    def __init__(self, revision: Revision) -> None:
        self.revision = revision
        self.look = look(revision)
        self.new = self.tables(ops.CreateTableOp)
        self.gone = self.tables(ops.DropTableOp)

    def tables(self, kind: type[Any]) -> set[str]:
        """Return the tables that are made, or dropped."""
        return {one.table_name for one, _ in self.look.operations if isinstance(one, kind)}

    def risks(self) -> Iterator[Risk]:
        """Yield what is unsafe."""
        for rule, what in self.found():
            is_late = rule == "drop" and self.revision.is_contract
            if rule not in self.revision.accepted and not is_late:
                yield Risk(self.revision.id, rule, what, RULES[rule], str(self.revision.path))

    def found(self) -> Found:
        """Yield the rules that are broken, and by what."""
        changes = [one for one, _ in self.look.operations if not isinstance(one, ops.ExecuteSQLOp)]
        proved: set[str] = set()
        for one, is_outside in self.look.operations:
            table = getattr(one, "table_name", None) or getattr(one, "source_table", None)
            if table in self.new and not isinstance(one, ops.CreateForeignKeyOp):
                continue
            if isinstance(one, DropFullText) and table in self.gone:
                continue
            if isinstance(one, ops.ExecuteSQLOp):
                yield from self.of_sql(str(one.sqltext), has_changes=bool(changes))
            elif isinstance(one, ops.AlterColumnOp) and one.column_name in proved:
                continue  # a condition that was looked at says the same
            elif type(one) in _CHECKS:
                if isinstance(one, ops.CreateCheckConstraintOp):
                    proved |= set(_PROVED.findall(str(one.condition)))
                yield from _CHECKS[type(one)](one, self.new, is_outside)
        if self.look.problem:
            yield "unread", f"what follows could not be looked at: {self.look.problem}"

    def of_sql(self, code: str, *, has_changes: bool) -> Found:
        """Yield what is unsafe in SQL by hand."""
        one_line = " ".join(code.split())
        if _TYPE_NAMED.search(one_line):
            yield "values", f"`{one_line[:60]}` replaces a type, and writes its tables anew"
            return
        if _ROWS.match(code):
            if has_changes:
                yield "rows", f"`{one_line[:60]}` changes rows while tables are locked"
            return
        for pattern, rule, what in _SQL:
            if re.search(pattern, one_line, re.IGNORECASE) and not self.is_of_new(one_line):
                yield rule, f"`{one_line[:60]}` {what}"
                return

    def is_of_new(self, code: str) -> bool:
        """Whether SQL is about a table that is made here."""
        return any(re.search(rf"\b{re.escape(name)}\b", code) for name in self.new)


def of_index(one: Any, _new: set[str], _outside: bool) -> Found:
    """Look at a new index."""
    if not one.kw.get("postgresql_concurrently"):
        yield "index", f"the index {one.index_name} locks out writers of {one.table_name}"


def of_dropped_index(one: Any, _new: set[str], _outside: bool) -> Found:
    """Look at an index that goes."""
    if not one.kw.get("postgresql_concurrently"):
        yield "drop-index", f"dropping {one.index_name} locks everybody out, if for a short time"


def of_search(one: Any, _new: set[str], _outside: bool) -> Found:
    """Look at the index of a search that comes or goes."""
    if not one.concurrently:
        yield "search", f"the index of a search of {one.table_name} locks out writers"


def of_added_column(one: Any, _new: set[str], _outside: bool) -> Found:
    """Look at a new column."""
    column, name = one.column, f"{one.table_name}.{one.column.name}"
    default = column.server_default
    if isinstance(default, Computed | Identity):
        yield "rewrite", f"{name} is computed for all rows under a lock"
    elif default is not None and _VOLATILE.search(str(getattr(default, "arg", ""))):
        yield "rewrite", f"{name} has another default in each row, set under a lock"
    elif default is None and not column.nullable:
        yield "not-null", f"{name} must have a value, which neither rows nor old code give it"


def of_altered_column(one: Any, _new: set[str], _outside: bool) -> Found:
    """Look at a column that changes."""
    name = f"{one.table_name}.{one.column_name}"
    if one.modify_name:
        yield "rename", f"{name} becomes {one.modify_name}, which old code does not know"
    if one.modify_type is not None and not is_wider(one.existing_type, one.modify_type):
        yield "type", f"{name} gets another type: the table is written anew, under a lock"
    if one.modify_nullable is False:
        yield "set-not-null", f"all rows are read for {name}, under a lock"


def of_dropped_column(one: Any, _new: set[str], _outside: bool) -> Found:
    """Look at a column that goes."""
    yield "drop", f"{one.table_name}.{one.column_name} is dropped, while old code reads it"


def of_dropped_table(one: Any, _new: set[str], _outside: bool) -> Found:
    """Look at a table that goes."""
    yield "drop", f"{one.table_name} is dropped, while old code reads it"


def of_renamed_table(one: Any, _new: set[str], _outside: bool) -> Found:
    """Look at a table that gets another name."""
    yield "rename", f"{one.table_name} becomes {one.new_table_name}, which old code does not know"


def of_reference(one: Any, new: set[str], _outside: bool) -> Found:
    """Look at a foreign key."""
    if one.source_table not in new and not one.kw.get("postgresql_not_valid"):
        both = f"{one.source_table} and {one.referent_table}"
        yield "foreign-key", f"{one.constraint_name} reads all rows, with {both} locked"


def of_condition(one: Any, _new: set[str], _outside: bool) -> Found:
    """Look at a condition."""
    if not one.kw.get("postgresql_not_valid"):
        yield "check", f"{one.constraint_name} reads all rows of {one.table_name} under a lock"


def of_unique(one: Any, _new: set[str], _outside: bool) -> Found:
    """Look at a unique constraint, or a primary key."""
    yield "unique", f"the index of {one.constraint_name} is made under a lock of {one.table_name}"


def of_rows(one: Any, _new: set[str], _outside: bool) -> Found:
    """Look at rows that are written: few, by hand, harm nobody."""
    yield from ()


_CHECKS: dict[type[Any], Callable[[Any, set[str], bool], Found]] = {
    ops.CreateIndexOp: of_index,
    ops.DropIndexOp: of_dropped_index,
    CreateFullText: of_search,
    DropFullText: of_search,
    ops.AddColumnOp: of_added_column,
    ops.AlterColumnOp: of_altered_column,
    ops.DropColumnOp: of_dropped_column,
    ops.DropTableOp: of_dropped_table,
    ops.RenameTableOp: of_renamed_table,
    ops.CreateForeignKeyOp: of_reference,
    ops.CreateCheckConstraintOp: of_condition,
    ops.CreateUniqueConstraintOp: of_unique,
    ops.CreatePrimaryKeyOp: of_unique,
}


def is_wider(old: TypeEngine[Any] | None, new: TypeEngine[Any]) -> bool:
    """Whether PostgreSQL takes a type for another without touching a row."""
    if not isinstance(old, String) or not isinstance(new, String):
        return False
    if isinstance(new, Text) or new.length is None:
        return True
    return old.length is not None and old.length <= new.length
