"""Which database a command is about: that of an app, or the one of several that is named."""

from typing import TYPE_CHECKING

from gambrel import GambrelError
from gambrel.cli.target import load_app

if TYPE_CHECKING:
    from gambrel.db import Database

__all__ = ["database_of"]


def database_of(target: str, name: str = "") -> "Database":
    """Return the database of an app, or the one of several that is named.

    Raises GambrelError where there is none, or none of that name.
    """
    from gambrel.db.extension import databases_of

    app = load_app(target)
    app.build()
    found = {one.name.removeprefix("database_"): one for one in databases_of(app)}
    if not found:
        hint = "App(extensions=[Database(...)])"
        raise GambrelError("db.no-database", "this app has no database", target, hint)
    if not name:
        return next(iter(found.values()))
    chosen = found.get(name.removeprefix("database_") or "database")
    if chosen is None:
        what = f"this app has no database {name!r}"
        hint = f"--database, one of: {', '.join(found)}"
        raise GambrelError("db.no-database", what, target, hint)
    return chosen
