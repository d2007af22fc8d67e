"""Which queries may run before a transaction that only reads has begun, and not be told apart.

Each statement of PostgreSQL sees what was committed when it began (READ COMMITTED), within a
transaction or not: of a SELECT of rows BEGIN and COMMIT are two round trips for nothing. Whatever
could tell has them: locks, functions, which may set something or write, SQL by hand, and what runs
after these.
"""

from typing import Any

from sqlalchemy import CompoundSelect, Select
from sqlalchemy.sql import functions, visitors
from sqlalchemy.sql.elements import ColumnClause, TextClause

__all__ = ["may_stand_alone", "reads_rows"]

_KEPT = "gambrel_reads_rows"
_MORE = ("_prefixes", "_suffixes", "_hints", "_statement_hints", "is_dml")
_PURE = {"avg", "char_length", "coalesce", "concat", "count", "lower", "max", "min", "sum", "upper"}


def may_stand_alone(connection: Any, context: Any) -> bool:
    """Whether a statement that is about to run needs no transaction around it."""
    made = getattr(context, "compiled", None)
    return (
        made is not None
        and reads_rows(made)
        and not getattr(context, "_is_server_side", False)  # its cursor lives in a transaction
        and "isolation_level" not in connection.get_execution_options()
        and connection.dialect.default_isolation_level == "READ COMMITTED"
    )


def reads_rows(made: Any) -> bool:
    """Whether a compiled statement is a SELECT that does nothing but read rows."""
    kept = vars(made)
    found: bool | None = kept.get(_KEPT)
    if found is None:
        found = kept[_KEPT] = isinstance(made.statement, Select | CompoundSelect) and all(
            map(is_known, visitors.iterate(made.statement))
        )
    return found


def is_known(part: Any) -> bool:
    """Whether a part of a statement does nothing but read."""
    if not type(part).__module__.startswith("sqlalchemy."):
        return False
    if isinstance(part, functions.FunctionElement):
        return isinstance(part, functions.Function | functions.GenericFunction) and (
            part.name.lower() in _PURE and not part.packagenames
        )
    return not (
        isinstance(part, TextClause)
        or (isinstance(part, ColumnClause) and part.is_literal and part.name != "*")
        or getattr(part, "_for_update_arg", None) is not None
        or any(getattr(part, name, None) for name in _MORE)
    )
