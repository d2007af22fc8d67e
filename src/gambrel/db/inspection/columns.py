"""A column, a constraint, an index as they are written in a model."""

import re
from collections.abc import Iterator
from typing import Any

from sqlalchemy import (
    CheckConstraint,
    Column,
    Computed,
    DefaultClause,
    ForeignKeyConstraint,
    Identity,
    Index,
    UniqueConstraint,
    types,
)

from gambrel.db.inspection.conventions import Convention
from gambrel.db.inspection.imports import Imports
from gambrel.db.inspection.kinds import Kind, Kinds, ddl_of, generic
from gambrel.db.inspection.layout import quoted, requoted, sql_text

__all__ = ["Columns", "ordered"]

_SQL = "sqlalchemy"
_TEXT = re.compile(r"^'([^'\\]*)'(?:::(?:character varying|text|bpchar))?$")
_NEXT = re.compile(r"^nextval\('(.+)'::regclass\)$")
_ACTIONS = ("ondelete", "onupdate", "deferrable", "initially", "match")


class Columns:
    """Writes the columns and constraints of a database; what is imported for them is noted."""

    def __init__(self, kinds: Kinds, imports: Imports, convention: Convention) -> None:
        self.kinds = kinds
        self.imports = imports
        self.convention = convention
        self.dialect = kinds.dialect

    # Columns --------------------------------------------------------------------------------

    def annotation(self, column: Column[Any], kind: Kind, *, is_null: bool) -> str:
        """Return what stands in `Mapped[...]`."""
        return f"{kind.annotation} | None" if is_null and not kind.is_any else kind.annotation

    def arguments(self, column: Column[Any], kind: Kind, attribute: str = "") -> list[str]:
        """Return the arguments of `mapped_column`, or of `Column` where there is no attribute."""
        given = [] if attribute == column.name else [quoted(column.name)]
        key = self.lone_key(column)
        is_same = key is not None and self.is_like_referred(column)
        if kind.expression and not is_same:
            given.append(kind.expression)
        elif not is_same and (key is not None or not attribute):  # which no annotation tells
            given.append(self.kinds.expression(generic(column.type, self.dialect)))
        if key is not None:
            given.append(self.foreign_key(key))
        given += self.made_by_database(column)
        given += self.properties(column, kind)
        if column.comment:
            given.append(f"comment={quoted(column.comment)}")
        return given

    def properties(self, column: Column[Any], kind: Kind) -> Iterator[str]:
        """Yield what is said of a column by name."""
        if column.primary_key:
            yield "primary_key=True"
            if column.nullable:  # as keys of SQLite may be
                yield "nullable=True"
            if self.is_given(column):
                yield "autoincrement=False"
        elif kind.is_any:
            yield f"nullable={column.nullable}"
        for unique in self.alone(column):
            yield "unique=True" if isinstance(unique, UniqueConstraint) else "index=True"

    def alone(self, column: Column[Any]) -> Iterator[Any]:
        """Yield constraints and indexes of one column that need no more said of them."""
        for item in (*ordered(column.table.constraints), *ordered(column.table.indexes)):
            if [one.name for one in item.columns] != [column.name] or not self.is_plain(item):
                continue
            if isinstance(item, Index) and self.is_of_key(item):
                continue
            if isinstance(item, Index) and item.unique:
                yield UniqueConstraint(column.name)
            elif isinstance(item, UniqueConstraint | Index):
                yield item

    def is_plain(self, item: Any) -> bool:
        """Say whether a constraint or an index has its rule's name, and no options."""
        if self.convention.name_to_write(item) or not len(item.columns):
            return False
        if isinstance(item, Index):
            is_made_so = self.dialect.name in {"mysql", "mariadb"} or not item.unique
            columns = [one for one in item.expressions if isinstance(one, Column)]
            return is_made_so and not options_of(item) and len(columns) == len(item.expressions)
        return not getattr(item, "deferrable", None) and not options_of(item)

    def is_given(self, column: Column[Any]) -> bool:
        """Say whether a key of one number is given by whoever writes the row."""
        if self.dialect.name == "sqlite" or not isinstance(column.type, types.Integer):
            return False
        is_alone = len(column.table.primary_key.columns) == 1 and not column.foreign_keys
        is_made = column.autoincrement is True or column.identity or column.server_default
        return is_alone and not is_made

    def made_by_database(self, column: Column[Any]) -> Iterator[str]:
        """Yield what the database puts in a column by itself."""
        made = column.server_default
        if isinstance(column.identity, Identity):
            yield self.identity(column.identity)
        elif isinstance(made, Computed):
            stored = "" if made.persisted is None else f", persisted={made.persisted}"
            computed = self.imports.name(_SQL, "Computed")
            yield f"{computed}({sql_text(made.sqltext)}{stored})"
        elif isinstance(made, DefaultClause):
            yield from self.default(column, str(getattr(made.arg, "text", made.arg)))

    def default(self, column: Column[Any], default: str) -> Iterator[str]:
        """Yield a default, and the sequence that it counts with."""
        counted = _NEXT.match(default)
        if counted is not None:
            if column.primary_key and counted[1].endswith(f"{column.table.name}_{column.name}_seq"):
                return
            name = counted[1].replace('"', "").rpartition(".")[2]
            yield f"{self.imports.name(_SQL, 'Sequence')}({quoted(name)})"
            default = f"nextval('{counted[1]}')"
        text = _TEXT.match(default)
        if text is not None and isinstance(column.type, types.String):
            yield f"server_default={quoted(text[1])}"
        else:
            yield f"server_default={self.imports.name(_SQL, 'text')}({sql_text(default)})"

    def identity(self, made: Identity) -> str:
        """Return a column that counts by itself."""
        given = ["always=True"] if made.always else []
        for name, usual in (("start", 1), ("increment", 1), ("cycle", False), ("cache", 1)):
            value = getattr(made, name)
            if value not in (None, usual):
                given.append(f"{name}={value}")
        return f"{self.imports.name(_SQL, 'Identity')}({', '.join(given)})"

    # Foreign keys ---------------------------------------------------------------------------

    def lone_key(self, column: Column[Any]) -> ForeignKeyConstraint | None:
        """Return the foreign key of a column alone, if it is in one."""
        keys = [one.constraint for one in column.foreign_keys]
        alone = [key for key in keys if key is not None and len(key.columns) == 1]
        return alone[0] if len(alone) == 1 else None

    def is_like_referred(self, column: Column[Any]) -> bool:
        """Say whether a column is of the type of the one that it refers to."""
        (key,) = (one for one in column.foreign_keys if one.constraint is self.lone_key(column))
        return ddl_of(column.type, self.dialect) == ddl_of(key.column.type, self.dialect)

    def foreign_key(self, key: ForeignKeyConstraint) -> str:
        """Return the foreign key of one column."""
        given = [quoted(key.elements[0].target_fullname), *self.actions(key)]
        return f"{self.imports.name(_SQL, 'ForeignKey')}({', '.join(given)})"

    def actions(self, key: ForeignKeyConstraint) -> Iterator[str]:
        """Yield the name of a key and what happens to its rows, where it is not the usual."""
        name = self.convention.name_to_write(key)
        if name:
            yield f"name={quoted(name)}"
        for action in _ACTIONS:
            value = getattr(key, action)
            if value is not None and str(value).upper() != "NO ACTION":
                yield f"{action}={value if isinstance(value, bool) else quoted(value)}"

    # Tables ---------------------------------------------------------------------------------

    def constraints(self, table: Any) -> Iterator[tuple[str, list[str]]]:
        """Yield what has to be said of a table as a whole: what to call, and with what."""
        name = self.convention.name_to_write(table.primary_key)
        if name and self.dialect.name not in {"mysql", "mariadb"}:
            columns = [quoted(column.name) for column in table.primary_key.columns]
            yield self.of("PrimaryKeyConstraint"), [*columns, f"name={quoted(name)}"]
        for item in ordered(table.constraints):
            if isinstance(item, ForeignKeyConstraint):
                yield from self.whole_key(item)
            elif isinstance(item, UniqueConstraint) and not self.is_lone(item):
                columns = [quoted(column.name) for column in item.columns]
                yield self.of("UniqueConstraint"), [*columns, *self.named(item)]
            elif isinstance(item, CheckConstraint):
                yield self.of("CheckConstraint"), [sql_text(item.sqltext), *self.named(item)]
        for index in ordered(table.indexes):
            if not self.is_lone(index) and not self.is_of_key(index):
                yield self.of("Index"), self.index(index)

    def of(self, name: str) -> str:
        """Return the name of a construct of SQLAlchemy, imported."""
        return self.imports.name(_SQL, name)

    def is_lone(self, item: Any) -> bool:
        """Say whether a constraint or an index is said at its column."""
        return len(item.columns) == 1 and self.is_plain(item)

    def is_of_key(self, index: Index) -> bool:
        """Say whether a database has made an index by itself, for a foreign key."""
        if self.dialect.name not in {"mysql", "mariadb"} or index.unique:
            return False
        names = [column.name for column in index.columns]
        return any(
            [column.name for column in key.columns] == names and index.name in {key.name, names[0]}
            for key in index.table.foreign_key_constraints  # type: ignore[union-attr]  # it has a table
        )

    def whole_key(self, key: ForeignKeyConstraint) -> Iterator[tuple[str, list[str]]]:
        """Yield a foreign key that is not said at its column."""
        if len(key.columns) == 1 and self.lone_key(next(iter(key.columns))) is key:
            return
        here = ", ".join(quoted(column.name) for column in key.columns)
        there = ", ".join(quoted(one.target_fullname) for one in key.elements)
        yield self.of("ForeignKeyConstraint"), [f"[{here}]", f"[{there}]", *self.actions(key)]

    def named(self, item: Any) -> Iterator[str]:
        """Yield the name of a constraint, and its options."""
        name = self.convention.name_to_write(item)
        if name and isinstance(item, CheckConstraint) and self.convention.is_ours:
            prefix = f"ck_{item.table.name}_"
            if name.startswith(prefix):
                yield f"name={quoted(name.removeprefix(prefix))}"
            else:
                yield f"name={self.imports.name('sqlalchemy.sql.elements', 'conv')}({quoted(name)})"
        elif name:
            yield f"name={quoted(name)}"
        for option in ("deferrable", "initially"):
            value = getattr(item, option, None)
            if value is not None:
                yield f"{option}={value if isinstance(value, bool) else quoted(value)}"
        for key, value in options_of(item).items():
            yield f"{key}={self._option(key, value)}"

    def index(self, index: Index) -> list[str]:
        """Return the arguments of an index."""
        name = str(index.name) if self.convention.name_to_write(index) else None
        given = [quoted(name) if name else "None"]
        for one in index.expressions:
            if isinstance(one, Column):
                given.append(quoted(one.name))
            else:
                assert not isinstance(one, str)  # in an index that was read
                written = one.compile(dialect=self.dialect, compile_kwargs={"literal_binds": True})
                given.append(f"{self.of('text')}({sql_text(unqualified(str(written), index))})")
        if index.unique:
            given.append("unique=True")
        return [*given, *(f"{key}={self._option(key, v)}" for key, v in options_of(index).items())]

    def _option(self, key: str, value: Any) -> str:
        """Return an option of one database."""
        if hasattr(value, "compile") or key.endswith("_where"):
            return f"{self.of('text')}({sql_text(value)})"
        return requoted(repr(value))


def ordered(items: Any) -> list[Any]:
    """Return constraints or indexes in an order that is the same each time."""

    def place(item: Any) -> tuple[str, list[int], str]:
        at = {column.name: number for number, column in enumerate(item.table.columns)}
        columns = [at[column.name] for column in item.columns]
        return (type(item).__name__, columns, str(item.name or getattr(item, "sqltext", "")))

    return sorted(items, key=place)


def options_of(item: Any) -> dict[str, Any]:
    """Return the options that a constraint or an index has on one database."""
    return {
        f"{dialect}_{name}": value
        for dialect, options in item.dialect_options.items()
        for name, value in options.items()
        if not is_usual(name, value)
    }


def is_usual(name: str, value: Any) -> bool:
    """Say whether an option is what it is without being said."""
    if name == "using" and str(value).lower() == "btree":
        return True
    return not hasattr(value, "compile") and value in (None, False, [], {}, ())


def unqualified(expression: str, index: Index) -> str:
    """Return an expression without the name of its table, which an index knows."""
    assert index.table is not None
    return expression.replace(f"{index.table.name}.", "")
