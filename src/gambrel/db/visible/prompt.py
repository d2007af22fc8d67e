"""A small prompt for SQL, where the client of a database is not installed.

Each statement is a transaction of its own. Knows a connection, and what people type.
"""

from collections.abc import Callable, Sequence
from typing import Any

from sqlalchemy import Engine, event
from sqlalchemy.exc import DBAPIError

from gambrel.core.http.errors import GambrelError

__all__ = ["Prompt", "hold_to_reading", "table_of"]

WIDEST = 60
"""Characters of a value that are shown."""
MOST = 200
"""Rows that are shown."""
READING = {
    "postgresql": "SET default_transaction_read_only = on",
    "mysql": "SET SESSION TRANSACTION READ ONLY",
    "mariadb": "SET SESSION TRANSACTION READ ONLY",
}


class Prompt:
    """Runs what `read(prompt)` gives, up to a `;`, and shows it by `write(text)`."""

    def __init__(
        self, engine: Engine, read: Callable[[str], str], write: Callable[[str], object]
    ) -> None:
        self.engine = engine.execution_options(no_parameters=True)  # a % is one
        self.read = read
        self.write = write

    def run(self) -> None:
        """Go on until the end of the input, or `\\q`."""
        typed = ""
        while True:
            try:
                line = self.read("...> " if typed else "sql> ")
            except EOFError:
                return
            except KeyboardInterrupt:  # what was typed is forgotten
                self.write("")
                typed = ""
                continue
            if not typed and line.strip() in {"\\q", "exit", "quit", ".quit", ".exit"}:
                return
            typed = f"{typed}\n{line}".strip()
            if typed.endswith(";"):
                self.write(self.answer(typed))
                typed = ""

    def answer(self, sql: str) -> str:
        """Run a statement in a transaction of its own, and return what there is to see."""
        try:
            with self.engine.begin() as connection:
                found = connection.exec_driver_sql(sql.rstrip(";"))
                if not found.returns_rows:
                    return f"{max(found.rowcount, 0)} rows changed"
                rows = found.fetchmany(MOST + 1)
                return table_of(list(found.keys()), rows)
        except DBAPIError as error:
            return f"error: {error.orig}"
        except GambrelError as error:
            return f"error: {error.what}"


def hold_to_reading(engine: Engine) -> None:
    """Have connections read alone, whatever ends their transaction: a COMMIT, or a CREATE TABLE."""
    statement = READING.get(engine.dialect.name)

    def set_up(connection: Any, _record: Any) -> None:
        cursor = connection.cursor()
        cursor.execute(statement)
        cursor.close()
        connection.commit()

    if statement is not None:
        event.listen(engine.pool, "connect", set_up)


def table_of(columns: Sequence[str], rows: Sequence[Any]) -> str:
    """Return rows as a table of text."""
    lines = [list(columns), *[[shown(value) for value in row] for row in rows[:MOST]]]
    widths = [max(len(line[number]) for line in lines) for number in range(len(columns))]
    padded = [
        " | ".join(text.ljust(width) for text, width in zip(line, widths, strict=True)).rstrip()
        for line in lines
    ]
    padded.insert(1, "-+-".join("-" * width for width in widths))
    more = f"the first {MOST} rows" if len(rows) > MOST else f"{len(rows)} rows"
    return "\n".join([*padded, f"({more})"])


def shown(value: object) -> str:
    """Return a value on one line, without what could move the cursor of a terminal."""
    if value is None:
        return "NULL"
    text = value.hex() if isinstance(value, bytes) else str(value)
    text = "".join(char if char.isprintable() else "·" for char in text)
    return text if len(text) <= WIDEST else f"{text[: WIDEST - 1]}…"
