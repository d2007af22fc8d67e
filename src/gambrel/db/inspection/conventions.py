"""How a database names its constraints: by our rules, by those of its kind, or each for itself.

Names that a rule gives are not written in models; the rule is.
"""

import re
from collections.abc import Iterable
from typing import Any

from msgspec import Struct
from sqlalchemy import (
    CheckConstraint,
    ForeignKeyConstraint,
    Index,
    PrimaryKeyConstraint,
    Table,
    UniqueConstraint,
)

from gambrel.db.models import NAMING

__all__ = ["Convention", "convention_of", "kind_of"]

_POSTGRESQL = {
    "ix": "%(table_name)s_%(column_0_N_name)s_idx",
    "uq": "%(table_name)s_%(column_0_N_name)s_key",
    "fk": "%(table_name)s_%(column_0_N_name)s_fkey",
    "pk": "%(table_name)s_pkey",
}
_MYSQL = {"ix": "%(column_0_name)s", "uq": "%(column_0_name)s"}
_SQLITE = {"ix": "ix_%(table_name)s_%(column_0_N_name)s"}  # SQLAlchemy's own
_OF = {"postgresql": _POSTGRESQL, "mysql": _MYSQL, "mariadb": _MYSQL}
_GIVEN = re.compile(r"_ibfk_\d+$|^CONSTRAINT_\d+$|^sqlite_autoindex_")
_KINDS: tuple[tuple[type, str], ...] = (
    (PrimaryKeyConstraint, "pk"),
    (ForeignKeyConstraint, "fk"),
    (UniqueConstraint, "uq"),
    (CheckConstraint, "ck"),
    (Index, "ix"),
)


class Convention(Struct, frozen=True):
    """Rules for names of constraints; `is_ours` where they are those of `Model`."""

    rules: dict[str, str]
    is_ours: bool = False

    @property
    def is_usual(self) -> bool:
        """Whether SQLAlchemy names things like this by itself."""
        return self.rules is _SQLITE

    def name_to_write(self, item: Any) -> str:
        """Return the name of a constraint or an index, `""` where it comes by itself."""
        name = str(item.name or "")
        if not name or _GIVEN.search(name) or name == self.expected(item):
            return ""
        return name

    def expected(self, item: Any) -> str | None:
        """Return the name that the rules give."""
        rule = self.rules.get(kind_of(item))
        if rule is None or "constraint_name" in rule:
            return None
        columns = [column.name for column in item.columns]
        if not columns:
            return None
        referred = ""
        if isinstance(item, ForeignKeyConstraint):
            referred = item.elements[0].target_fullname.split(".")[-2]
        return rule % {
            "table_name": item.table.name,
            "column_0_name": columns[0],
            "column_0_N_name": "_".join(columns),
            "referred_table_name": referred,
        }


def kind_of(item: Any) -> str:
    """Return what a constraint or an index is, as rules for names say it."""
    return next(kind for cls, kind in _KINDS if isinstance(item, cls))


def convention_of(tables: Iterable[Table], dialect: str) -> Convention:
    """Return the rules that most names of a database follow."""
    items = [item for table in tables for item in (*table.constraints, *table.indexes)]
    others = Convention(_OF.get(dialect, _SQLITE))
    ours = Convention(NAMING, is_ours=True)
    return ours if followers(ours, items) > followers(others, items) else others


def followers(convention: Convention, items: list[Any]) -> int:
    """Return how many items have the name that the rules give."""
    return sum(str(item.name or "") == (convention.expected(item) or "") for item in items)
