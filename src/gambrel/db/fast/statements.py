"""`compiled()`: a statement of SQLAlchemy, compiled once and run on the driver.

    FIND = compiled(select(Hero).where(Hero.id == bindparam("id")), into=HeroPublic)

    hero = await FIND.one_or_404(db, id=7)

Its rows are structs: no model is loaded, and nothing of the session's is changed.
"""

import difflib
import sys
from collections.abc import Coroutine, Mapping, Sequence
from copy import copy
from typing import Any, Generic, TypeVar, overload

from msgspec import Struct
from sqlalchemy import Executable, SelectBase
from sqlalchemy.exc import MultipleResultsFound, NoResultFound
from sqlalchemy.sql import visitors
from sqlalchemy.sql.elements import BindParameter, TextClause

from gambrel.core.http.errors import GambrelError, NotFound
from gambrel.db.extension import Database
from gambrel.db.fast.binding import Text
from gambrel.db.fast.drivers import Answer
from gambrel.db.fast.guards import see_models
from gambrel.db.fast.running import start
from gambrel.db.fast.shapes import Shape, narrowed
from gambrel.db.parts import DELETED, without_deleted
from gambrel.db.sessions import AsyncSession, SyncSession
from gambrel.db.watching import caller_of

__all__ = ["Compiled", "CompiledChange", "compiled"]

T = TypeVar("T")
Rows = Sequence[Mapping[str, Any]]
DIALECTS = 8
"""Kinds of databases, async and plain, that one statement is kept compiled for."""


@overload
def compiled(statement: Executable, into: type[T]) -> "Compiled[T]": ...
@overload
def compiled(statement: Executable) -> "CompiledChange": ...
def compiled(statement: Executable, into: type[Any] | None = None) -> Any:
    """Return a statement that is compiled once, when it first runs on a kind of database.

    What is given when it runs has its place by `bindparam("name")`; for `.in_(bindparam("ids"))` it
    is a list. `into` is the struct that rows become: of a `select()`, or of an insert, update or
    delete with `.returning()`. `select(Hero)` asks for no more than what the struct has.

    Raises:
        GambrelError: Columns and fields do not fit, or it is no statement that can be compiled.
    """
    where = caller_of(sys._getframe())  # noqa: SLF001 - the line that defines it
    try:
        if into is None:
            return CompiledChange(statement, where)
        return Compiled(statement, into, where)
    except GambrelError as error:
        error.where = error.where or where
        raise


class Prepared:
    """What is the same for statements with rows and without: parameters, and text by dialect."""

    def __init__(self, statement: Any, where: str) -> None:
        self.statement = statement
        self.where = where
        self.reads = isinstance(statement, SelectBase)
        binds = [one for one in visitors.iterate(statement) if isinstance(one, BindParameter)]
        self.names = {one.key: one for one in binds if not one.unique}
        self.required = {one.key for one in self.names.values() if one.required}
        self.optional = self.names.keys() - self.required
        subject = getattr(statement, "_propagate_attrs", {}).get("plugin_subject")
        mapper = {} if subject is None else {"mapper": subject.mapper}
        self.bind_arguments = {"clause": statement, **mapper}
        self.texts: dict[Any, Text] = {}

    def text_for(self, dialect: Any) -> Text:
        """Return the text for a dialect."""
        found = self.texts.get(dialect)
        return self.compile(dialect) if found is None else found

    def compile(self, dialect: Any) -> Text:
        """Compile the statement, without rows that are deleted softly."""
        statement = self.statement
        see_models(statement, self.where, reads=self.reads)
        if self.reads and not statement.get_execution_options().get(DELETED):
            statement = without_deleted(statement)
        while len(self.texts) >= DIALECTS:
            self.texts.pop(next(iter(self.texts)), None)
        text = self.texts[dialect] = Text(statement, dialect, self.names)
        return text

    def checked(self, values: Mapping[str, Any]) -> Mapping[str, Any]:
        """Return what is given. Raises GambrelError for too much or too little."""
        if values.keys() == self.required and not self.optional:
            return values
        for name in values:
            if name not in self.names:
                close = difflib.get_close_matches(name, self.names, 1)
                hint = f"did you mean {close[0]!r}?" if close else self.spelt()
                raise GambrelError("db.values", f"it takes no {name!r}", self.where, hint)
        for name in self.required - values.keys():
            raise GambrelError("db.values", f"{name!r} is not given", self.where, self.spelt())
        given = {name: self.names[name].effective_value for name in self.optional}
        return {**given, **values}

    def spelt(self) -> str:
        """Return what it takes, for people."""
        return f"it takes {', '.join(sorted(self.names)) or 'nothing'}"


class Compiled(Prepared, Generic[T]):
    """A statement whose rows are structs. Made by `compiled()`.

    Each method runs it: with a session, in its transaction and behind what it has not written yet;
    with a `Database`, by itself. It is a coroutine but for a `SyncSession`. Values are given by
    their names. Raises GambrelError for one too many or too few.
    """

    def __init__(self, statement: Any, into: type[T], where: str = "") -> None:
        given: Any = into
        if not (isinstance(given, type) and issubclass(given, Struct)):
            what = f"rows become {into!r}, which is no struct"
            raise GambrelError("db.compiled", what, "", "`class HeroPublic(msgspec.Struct): …`")
        statement = narrowed(statement, into)
        super().__init__(statement, where)
        self.shape = Shape(columns_of(statement), into, where)

    @overload
    def all(self, db: SyncSession, /, **values: Any) -> list[T]: ...
    @overload
    def all(
        self, db: AsyncSession | Database, /, **values: Any
    ) -> Coroutine[Any, Any, list[T]]: ...
    def all(self, db: AsyncSession | Database | SyncSession, /, **values: Any) -> Any:
        """Return all rows."""
        return start(db, self, self.checked(values), self.made, 0)

    @overload
    def first(self, db: SyncSession, /, **values: Any) -> T | None: ...
    @overload
    def first(
        self, db: AsyncSession | Database, /, **values: Any
    ) -> Coroutine[Any, Any, T | None]: ...
    def first(self, db: AsyncSession | Database | SyncSession, /, **values: Any) -> Any:
        """Return the first row, or None."""
        return start(db, self, self.checked(values), self.first_of, 1)

    @overload
    def one(self, db: SyncSession, /, **values: Any) -> T: ...
    @overload
    def one(self, db: AsyncSession | Database, /, **values: Any) -> Coroutine[Any, Any, T]: ...
    def one(self, db: AsyncSession | Database | SyncSession, /, **values: Any) -> Any:
        """Return the one row. Raises NoResultFound, MultipleResultsFound."""
        return start(db, self, self.checked(values), self.one_of, 2)

    @overload
    def one_or_404(self, db: SyncSession, /, **values: Any) -> T: ...
    @overload
    def one_or_404(
        self, db: AsyncSession | Database, /, **values: Any
    ) -> Coroutine[Any, Any, T]: ...
    def one_or_404(self, db: AsyncSession | Database | SyncSession, /, **values: Any) -> Any:
        """Return the one row. Raises NotFound for none, MultipleResultsFound."""
        return start(db, self, self.checked(values), self.found_of, 2)

    def made(self, text: Text, answer: Answer) -> list[T]:
        """Return rows as structs."""
        rows, cursor, _ = answer
        if text.make is None:
            text.make = self.shape.maker(text.dialect, cursor.description)
        return text.make(rows)

    def first_of(self, text: Text, answer: Answer) -> T | None:
        """Return the first row as a struct, or None."""
        found = self.made(text, answer)
        return found[0] if found else None

    def one_of(self, text: Text, answer: Answer) -> T:
        """Return the one row as a struct."""
        found = self.made(text, answer)
        if not found:
            raise NoResultFound("No row was found when one was required")
        return only(found)

    def found_of(self, text: Text, answer: Answer) -> T:
        """The same, or the answer that there is none."""
        found = self.made(text, answer)
        if not found:
            raise NotFound
        return only(found)


class CompiledChange(Prepared):
    """An insert, update or delete that returns no rows. Made by `compiled()`."""

    def __init__(self, statement: Any, where: str = "") -> None:
        super().__init__(statement, where)
        if self.reads or columns_of(statement):
            what = "the statement has rows, and nothing that they become"
            raise GambrelError("db.compiled", what, "", "`compiled(..., into=HeroPublic)`")

    @overload
    def run(self, db: SyncSession, /, **values: Any) -> int: ...
    @overload
    def run(self, db: AsyncSession | Database, /, **values: Any) -> Coroutine[Any, Any, int]: ...
    def run(self, db: AsyncSession | Database | SyncSession, /, **values: Any) -> Any:
        """Run it, and return how many rows it has changed."""
        return start(db, self, self.checked(values), changed, 0)

    @overload
    def run_many(self, db: SyncSession, rows: Rows, /) -> int: ...
    @overload
    def run_many(self, db: AsyncSession | Database, rows: Rows, /) -> Coroutine[Any, Any, int]: ...
    def run_many(self, db: AsyncSession | Database | SyncSession, rows: Rows, /) -> Any:
        """Run it once for each row of values, in as few round trips as the driver can."""
        return start(db, self, [self.checked(row) for row in rows], changed, 0)


def changed(_text: Text, answer: Answer) -> int:
    """Return how many rows were changed."""
    return answer[2]


def only(found: list[T]) -> T:
    """Return the one there is."""
    if len(found) > 1:
        raise MultipleResultsFound("Multiple rows were found when exactly one was required")
    return found[0]


def columns_of(statement: Any) -> list[Any]:
    """Return the columns of the rows of a statement. Raises GambrelError where it tells none."""
    # Of a copy: an UPDATE remembers what it has told, also as one with RETURNING is made of it.
    columns = getattr(copy(statement), "exported_columns", None)
    if columns is None or isinstance(statement, TextClause):
        what = f"{type(statement).__name__} does not tell which columns its rows have"
        hint = "`text(...).columns(id=Integer, ...)`, or `db.fetch(...)`"
        raise GambrelError("db.compiled", what, "", hint)
    return list(columns)
