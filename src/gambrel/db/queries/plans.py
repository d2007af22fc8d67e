"""How a database would run a statement: what `db.explain(...)` returns.

The statement is compiled as it would be for a run, with all that sessions add to it. Values are
bound, so that the plan is that of these values.
"""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ClauseElement, Executable, event
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.orm import ORMExecuteState, Session

from gambrel.core.http.errors import GambrelError

__all__ = ["explain"]

_PLAIN = {"sqlite": "EXPLAIN QUERY PLAN", "postgresql": "EXPLAIN", "mysql": "EXPLAIN"}
_RUN = {"postgresql": "EXPLAIN (ANALYZE, BUFFERS)", "mysql": "ANALYZE", "mariadb": "ANALYZE"}


class Explained(Executable, ClauseElement):
    """A statement that is asked for its plan."""

    inherit_cache = False

    def __init__(self, statement: Any, prefix: str) -> None:
        self.statement = statement
        self.prefix = prefix


@compiles(Explained)
def compile_explained(element: Explained, compiler: Any, **options: Any) -> str:
    """Return the SQL."""
    text = f"{element.prefix} {compiler.process(element.statement, **options)}"
    compiler.isinsert = compiler.isupdate = compiler.isdelete = False
    compiler._result_columns = []  # noqa: SLF001 - what comes back are lines of a plan
    return text


def explain(session: Session, statement: Any, *, analyze: bool) -> str:
    """Return the plan of a statement as text; with `analyze` it is run, and measured.

    Raises GambrelError for a database that cannot measure.
    """

    def instead(state: ORMExecuteState) -> Any:
        connection = session.connection(bind_arguments=state.bind_arguments)
        prefix = prefix_for(connection.dialect.name, analyze=analyze)
        return connection.execute(Explained(state.statement, prefix), state.parameters or {})

    event.listen(session, "do_orm_execute", instead)
    try:
        found = session.execute(statement)
    finally:
        event.remove(session, "do_orm_execute", instead)
    columns = list(found.keys())
    return shown(columns, found.all())


def prefix_for(kind: str, *, analyze: bool) -> str:
    """Return what asks a kind of database for a plan."""
    if not analyze:
        return _PLAIN.get(kind, "EXPLAIN")
    if kind not in _RUN:
        what = f"{kind} cannot run a statement and measure its plan"
        hint = "leave `analyze=True` out; the log of development has the time of each statement"
        raise GambrelError("db.explain", what, "db.explain(...)", hint)
    return _RUN[kind]


def shown(columns: Sequence[str], rows: Sequence[Any]) -> str:
    """Return the rows of a plan as text: lines as they are, a tree indented, else a table."""
    if len(columns) == 1:
        return "\n".join(str(row[0]) for row in rows)
    if columns[:2] == ["id", "parent"]:  # of SQLite
        depths = {0: 0}
        lines = []
        for number, parent, *_, text in rows:
            depths[number] = depths.get(parent, 0) + 1
            lines.append(f"{'  ' * (depths[number] - 1)}{text}")
        return "\n".join(lines)
    return "\n".join(" | ".join(map(str, line)) for line in (columns, *rows))
