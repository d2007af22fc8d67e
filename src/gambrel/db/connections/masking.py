"""What databases tell of values in their errors, taken out: logs and pages of errors show these.

PostgreSQL tells the whole row that a constraint refused, MariaDB what is there already. Names of
tables, columns and constraints stay. `engines.py` has it hear of each error of a driver.
"""

import re
from typing import Any

__all__ = ["mask"]

_QUOTED = {1062, 1064, 1292, 1366, 1411, 1525}
"""Numbers of MariaDB and MySQL whose texts have a value in quotes, which may have quotes itself.

A wrong syntax is told by the rest of a statement, into which these drivers write the values.
"""
_VALUE = re.compile(r"'.*'(?= for (?:key|column) )|'.*'", re.DOTALL)


def mask(context: Any) -> None:
    """Take values out of the error of a driver, and of SQLAlchemy's, which tells its text.

    It hears of `handle_error`.
    """
    cause, error = context.original_exception, context.sqlalchemy_exception
    told = str(cause)
    arguments = masked(cause)
    if arguments == cause.args:
        return
    cause.args = arguments
    if error is not None and error.args:
        error.args = (str(error.args[0]).replace(told, str(cause)), *error.args[1:])


def masked(cause: Any) -> tuple[Any, ...]:
    """Return the arguments of a driver's error without values."""
    arguments: tuple[Any, ...] = cause.args
    if len(arguments) == 2 and arguments[0] in _QUOTED:
        return (arguments[0], _VALUE.sub("'…'", str(arguments[1]), count=1))
    if (state := getattr(cause, "sqlstate", None)) and hasattr(cause, "diag"):
        return (masked_postgresql(state, cause.diag),)
    return arguments


def masked_postgresql(state: str, told: Any) -> str:
    """Return what PostgreSQL says in its first line, where no row is in it, and its hint."""
    text = str(told.message_primary or state)
    if state.startswith("22"):  # of data: what is in quotes is such
        text = re.sub(r'".*"', '"…"', text, flags=re.DOTALL)
    return f"{text}\nHINT:  {told.message_hint}" if told.message_hint else text
