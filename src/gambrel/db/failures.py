"""What fails in a database, as answers: who may try again, who was too late, what is a mistake.

`extension.py` contributes these as error handlers. An error that none of them knows stays a 500.
"""

from typing import Any

from sqlalchemy.exc import DataError, DBAPIError, IntegrityError

from gambrel.core.http.errors import (
    Conflict,
    Fault,
    GambrelError,
    ServiceUnavailable,
    Unprocessable,
)
from gambrel.db.exact import Unfit
from gambrel.db.retries import mark_for_retry

__all__ = [
    "answer_failure",
    "answer_stale",
    "answer_wait",
    "code_of",
    "is_conflict",
    "is_retryable",
    "is_unwell",
    "not_writable",
    "only_reads",
    "tell_apart",
]

RETRY = 1
"""Seconds after which a client may try again."""
# SQLSTATE: connections, resources, rollbacks, an operator at work, locks; unique and foreign keys.
_UNWELL_CLASSES = {"08", "40", "53", "57"}
_UNWELL = {"55P03"}
_RETRYABLE = {"40001", "40P01"}
_CONFLICTS = {"23505", "23503", "23P01"}
_SQLITE_UNWELL = (
    "SQLITE_BUSY",
    "SQLITE_CANTOPEN",
    "SQLITE_FULL",
    "SQLITE_INTERRUPT",
    "SQLITE_IOERR",
    "SQLITE_LOCKED",
    "SQLITE_NOMEM",
    "SQLITE_PROTOCOL",
)
_SQLITE_CONFLICTS = {
    "SQLITE_CONSTRAINT_UNIQUE",
    "SQLITE_CONSTRAINT_PRIMARYKEY",
    "SQLITE_CONSTRAINT_FOREIGNKEY",
    "SQLITE_CONSTRAINT_ROWID",
}
_MARIADB_UNWELL = {1020, 1040, 1053, 1205, 1213, 1927, 1969, *range(2000, 2060)}
_MARIADB_RETRYABLE = {1020, 1205, 1213}
_MARIADB_CONFLICTS = {1062, 1451, 1452}
# Numbers out of range, texts too long or with what cannot be kept, moments out of range.
_UNFIT = {"", "22001", "22003", "22008", "22021", "22P02", "22P05", 1264, 1292, 1366, 1406}
ONLY_READS = "gambrel_read_only"
"""An option of connections that do not write."""
_READ_ONLY = {"25006", "SQLITE_READONLY", 1792}


def code_of(cause: Any) -> str | int:
    """Return the code that a driver gives an error: MariaDB's number, SQLite's name, SQLSTATE."""
    arguments = getattr(cause, "args", ())
    if arguments and isinstance(arguments[0], int):  # its SQLSTATE says less
        return arguments[0]
    return getattr(cause, "sqlite_errorname", None) or getattr(cause, "sqlstate", None) or ""


def is_unwell(error: DBAPIError) -> bool:
    """Whether the database could not do it now, and may later."""
    code = code_of(error.orig)
    if isinstance(code, int):
        return code in _MARIADB_UNWELL
    if code.startswith("SQLITE_"):
        return code.startswith(_SQLITE_UNWELL)
    if not code:  # what had no answer at all
        return error.connection_invalidated or type(error).__name__ == "OperationalError"
    return code[:2] in _UNWELL_CLASSES or code in _UNWELL


def is_retryable(error: DBAPIError) -> bool:
    """Whether the same again may succeed: two transactions stood in each other's way."""
    code = code_of(error.orig)
    return code in _MARIADB_RETRYABLE or code in _RETRYABLE or code == "SQLITE_BUSY_SNAPSHOT"


def is_conflict(error: DBAPIError) -> bool:
    """Whether there is such a row already, or one that others refer to."""
    code = code_of(error.orig)
    is_known = code in _CONFLICTS or code in _SQLITE_CONFLICTS or code in _MARIADB_CONFLICTS
    return isinstance(error, IntegrityError) and is_known


def is_unfit(error: DBAPIError) -> bool:
    """Whether a value is one that its column cannot have; asyncmy has no class of errors for it."""
    code = code_of(error.orig)
    return code in _UNFIT and (isinstance(error, DataError) or isinstance(code, int))


def tell_apart(context: Any, *, reads: bool = False) -> None:
    """Raise what an error of a driver means, where that says too little: of `handle_error`.

    `reads` says that the connections of the engine only read.
    """
    if isinstance(context.original_exception, OverflowError | Unfit):  # which are none of a driver
        raise DataError(context.statement, None, context.original_exception)
    if code_of(context.original_exception) in _READ_ONLY:
        options = context.connection.get_execution_options() if context.connection else {}
        reason = context.original_exception
        raise only_reads() if reads or options.get(ONLY_READS) else not_writable(reason) from reason


def not_writable(reason: Any) -> GambrelError:
    """Return the error of a database that takes nothing from a session that may write."""
    what = f"the database takes nothing that is written: {reason}"
    hint = (
        "the user of the app needs to write the file and its folder; a server that follows another "
        "is one for `replicas`"
    )
    return GambrelError("db.not-writable", what, "", hint)


def only_reads() -> GambrelError:
    """Return the error of something that is written where nothing may be."""
    return GambrelError(
        "db.read-only",
        "something is written by a session that only reads, as those of GET and HEAD do",
        "",
        "serve it by POST, PUT, PATCH or DELETE; else `Database(..., writes_on_get=True)`, "
        "or `async with database.session() as db:` for this one",
    )


def answer_failure(request: Any, error: DBAPIError) -> None:
    """Answer an error of the database; raises it again where it is a mistake of ours."""
    faults: list[Fault] = getattr(error, "faults", [])  # of fields that the client has sent
    if is_conflict(error):
        members: dict[str, Any] = {"errors": faults} if faults else {}
        what = "It is there already, refers to what is not there, or others depend on it."
        raise Conflict(what, **members) from error
    if faults:
        raise Unprocessable(faults=faults) from error
    if is_unfit(error):
        raise Unprocessable("A value is larger or longer than can be kept.") from error
    if is_unwell(error):
        if is_retryable(error):
            mark_for_retry(request)
        raise ServiceUnavailable(f"the database: {error.orig}", retry_after=RETRY) from error


def answer_wait(_request: Any, error: Exception) -> None:
    """Answer who found no free connection in time."""
    raise ServiceUnavailable(f"the database: {error}", retry_after=RETRY) from error


def answer_stale(_request: Any, error: Exception) -> None:
    """Answer who would have overwritten what another has changed meanwhile."""
    raise Conflict("It was changed by somebody else meanwhile.") from error
