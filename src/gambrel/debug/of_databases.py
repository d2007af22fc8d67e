"""Hints for the commonest mistakes with databases, told by what drivers and SQLAlchemy say.

Nothing of either is imported: an app without a database has none of it.
"""

import re

__all__ = ["DATABASE_HINTS", "missing_table", "several_at_once", "unknown_kind"]

_MISSING = (
    r"no such (table|column): ",
    r"has no column named ",
    r"(relation|column) \S+ (of relation \S+ )?does not exist",
    r"Table '\S+' doesn't exist",
    r"Unknown column '\S+'",
)


def missing_table(error: BaseException) -> str | None:
    """A table, or a column, is in the models and not in the database."""
    if type(error).__module__.partition(".")[0] == "gambrel":
        return None
    if not any(re.search(pattern, str(error)) for pattern in _MISSING):
        return None
    return (
        "Models have it, the database has not: `gambrel db up` applies migrations, after "
        '`gambrel db make -m "..."` for models that have changed. For trying, '
        "`Database(..., create=True)` makes tables that are missing."
    )


def several_at_once(error: BaseException) -> str | None:
    """One session was asked by several tasks at the same time."""
    if "concurrent operations are not permitted" not in str(error):
        return None
    return (
        "A session does one thing at a time: await one statement after the other, or give each "
        "task of `gather` its own, `async with database.session(read_only=True) as db:`."
    )


def unknown_kind(error: BaseException) -> str | None:
    """An attribute of a model is of a type that no column is known for."""
    found = re.search(
        r"Core type when resolving for Python type indicated by '(?:<class ')?([\w.]+)", str(error)
    )
    if found is None:
        return None
    name = found[1].rpartition(".")[2]
    return (
        f"Say how a {name} is kept: `mapped_column(JSONOf({name}))` as JSON, "
        f"`mapped_column(TextOf({name}))` as its text, both of gambrel.db."
    )


DATABASE_HINTS = (missing_table, several_at_once, unknown_kind)
