"""Statements heard: the log of development, the slow ones, repeated ones, and whoever else hears.

`engines.py` has each statement told to the `Watch` of its database. A statement is told without the
values that are bound to it: these are for the database alone.
"""

import logging
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from typing import Any, TextIO

import greenlet
from msgspec import Struct
from sqlalchemy import Engine, event
from sqlalchemy.orm import ORMExecuteState, Session
from sqlalchemy.util.concurrency import in_greenlet

__all__ = [
    "STARTED",
    "Statement",
    "Watch",
    "caller_of",
    "count_line",
    "note_repetition",
    "show_statements",
]

STARTED = "gambrel.started"
REPEATED = 10
"""How often one line of a program asks in one unit of work before it is told."""
_LONG = 2000
_MARGIN = "    "
_COUNTS = "gambrel.counts"
_OURS = ("gambrel", "sqlalchemy", "asyncio")
_log = logging.getLogger("gambrel.db")


class Statement(Struct, frozen=True):
    """A statement that was run: its text, how many values were bound, and its time in seconds.

    `rows` are those it has changed or found, where its driver says so. `error` is why it failed,
    `place` the line of the program that has asked, which is looked for in development alone.
    """

    sql: str
    bound: int
    seconds: float
    rows: int | None = None
    error: BaseException | None = None
    place: str = ""

    def __str__(self) -> str:
        """Return it on one line."""
        sql = " ".join(self.sql.split())
        sql = sql if len(sql) <= _LONG else sql[:_LONG] + "…"
        return f"{self.measures} {sql}{self.values}"

    @property
    def measures(self) -> str:
        """How long it took, and how many rows there were."""
        count = "" if self.rows is None else f", {self.rows} row{'' if self.rows == 1 else 's'}"
        return f"{self.seconds * 1000:.1f} ms{count}"

    @property
    def values(self) -> str:
        """What is told of the values: how many there are."""
        return f" [{self.bound} value{'' if self.bound == 1 else 's'}]" if self.bound else ""


class Watch:
    """Tells `hearers` of every statement; logs those that take longer than `slow` seconds.

    With `logs_all` every statement is logged, and where it failed. 0 is slow for nobody.
    """

    def __init__(self, *, slow: float = 0.0, logs_all: bool = False) -> None:
        self.slow = slow
        self.logs_all = logs_all
        self.hearers: list[Callable[[Statement], None]] = []

    def attach(self, engine: Engine) -> None:
        """Hear an engine."""
        event.listen(engine, "before_cursor_execute", self.before)
        event.listen(engine, "after_cursor_execute", self.after)
        event.listen(engine, "handle_error", self.failed)

    def before(self, connection: Any, *_: Any) -> None:
        """Note when a statement begins."""
        connection.info[STARTED] = time.perf_counter()

    def after(
        self, connection: Any, cursor: Any, sql: str, values: Any, _context: Any, _many: bool
    ) -> None:
        """Tell of a statement that has ended."""
        self.ended(connection.info[STARTED], cursor, sql, values)

    def ended(self, started: float, cursor: Any, sql: str, values: Any) -> None:
        """The same of one that was begun at a time, for those who have no connection."""
        seconds = time.perf_counter() - started
        is_slow = 0 < self.slow <= seconds
        if is_slow or self.logs_all or self.hearers:
            place = caller_of(sys._getframe()) if self.logs_all else ""  # noqa: SLF001 - development
            bound, rows = count_of(values or ()), rows_of(cursor)
            self.tell(Statement(sql, bound, seconds, rows, None, place), is_slow=is_slow)

    def failed(self, context: Any) -> None:
        """Tell of a statement that has failed."""
        if context.statement is None or not (self.logs_all or self.hearers):
            return
        started = context.connection.info.get(STARTED) if context.connection else None
        seconds = 0.0 if started is None else time.perf_counter() - started
        place = caller_of(sys._getframe()) if self.logs_all else ""  # noqa: SLF001 - development
        error, bound = context.original_exception, count_of(context.parameters or ())
        self.tell(Statement(context.statement, bound, seconds, None, error, place), is_slow=False)

    def tell(self, statement: Statement, *, is_slow: bool) -> None:
        """Log a statement, and tell the hearers."""
        if is_slow:
            _log.warning("slow: %s", statement)
        elif self.logs_all and statement.error is not None:
            _log.warning("failed: %s", statement)
        elif self.logs_all:
            _log.info("%s", statement)
        for hear in self.hearers:
            hear(statement)


def rows_of(cursor: Any) -> int | None:
    """Return how many rows a statement has changed or found; None where its driver cannot say."""
    count = getattr(cursor, "rowcount", -1)
    if count is not None and count >= 0:
        return int(count)
    if getattr(cursor, "server_side", True):
        return None
    return len(getattr(cursor, "_rows", ())) if cursor.description else None  # SQLite's, fetched


def count_of(values: Any) -> int:
    """Return how many values are bound: to one statement, or to several rows of it."""
    rows = [row for row in values if isinstance(row, Mapping | list | tuple)]
    return sum(map(len, rows)) if rows else len(values)


class DevelopmentHandler(logging.StreamHandler[TextIO]):
    """Writes statements to standard error, unless a log was set up that has them already."""

    def emit(self, record: logging.LogRecord) -> None:
        """Write a record."""
        if not logging.getLogger().handlers:
            super().emit(record)


class DevelopmentFormatter(logging.Formatter):
    """Shows a statement for people: a line for each of its clauses, and who has asked."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the lines of a record."""
        if not (isinstance(record.args, tuple) and isinstance(record.args[0], Statement)):
            return _MARGIN + super().format(record)
        statement = record.args[0]
        told = str(record.msg) % statement.measures
        clauses = [" ".join(line.split()) for line in statement.sql.strip().splitlines()]
        sql = ("\n" + _MARGIN * 2).join(filter(None, clauses))
        sql = sql if len(sql) <= _LONG else sql[:_LONG] + "…"
        place = f"\n{_MARGIN * 2}at {statement.place}" if statement.place else ""
        return f"{_MARGIN}{told}\n{_MARGIN * 2}{sql}{statement.values}{place}"


def show_statements() -> Iterator[None]:
    """Show what is logged of statements until resumed: for development."""
    handler, before = DevelopmentHandler(), _log.level
    handler.setFormatter(DevelopmentFormatter())
    _log.addHandler(handler)
    _log.setLevel(logging.INFO)
    yield
    _log.removeHandler(handler)
    _log.setLevel(before)


def note_repetition(state: ORMExecuteState) -> None:
    """Warn of a line that asks again and again in one unit of work; hears of ORM statements."""
    if state.is_select:
        count_line(state.session)


def count_line(session: Session) -> None:
    """Count how often one line asks in a unit of work, and warn of it once."""
    counts: Counter[str] = session.info.setdefault(_COUNTS, Counter())
    line = caller_of(sys._getframe())  # noqa: SLF001 - development only
    counts[line] += 1
    if line and counts[line] == REPEATED:
        _log.warning(
            "%s asks the database again and again in one request: load what it needs together, by "
            "`.options(selectinload(...))` or `.where(Model.id.in_(ids))`",
            line,
        )


def caller_of(frame: Any) -> str:
    """Return file and line of the program that has led to a frame, or an empty text."""
    is_inner = in_greenlet()
    while True:
        while frame is not None:
            package = frame.f_globals.get("__name__", "").partition(".")[0]
            if package not in _OURS:
                return f"{frame.f_code.co_filename}:{frame.f_lineno}"
            frame = frame.f_back
        if not is_inner:
            return ""
        frame, is_inner = greenlet.getcurrent().parent.gr_frame, False  # pyright: ignore[reportOptionalMemberAccess]
