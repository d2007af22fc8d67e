"""Which database a command is about: that of an app, or the one of several that is named."""

from typing import TYPE_CHECKING

from gambrel import GambrelError
from gambrel.cli.target import load_app

if TYPE_CHECKING:
    from gambrel.db import Database

__all__ = ["database_of"]


def database_of(target: str, name: str = "") -> "Database":
    """Return the database of an app. Raises GambrelError where it has none, or several."""
    from gambrel.db import Database

    app = load_app(target)
    app.build()
    found = {one.name: one for one in app.extensions if isinstance(one, Database)}
    if not found:
        hint = "App(extensions=[Database(...)])"
        raise GambrelError("db.no-database", "this app has no database", target, hint)
    chosen = next(iter(found)) if not name and len(found) == 1 else name or "database"
    if chosen not in found:
        names = ", ".join(found)
        what = f"this app has no database {chosen!r}" if name else "this app has several"
        raise GambrelError("db.no-database", what, target, f"--database, one of: {names}")
    return found[chosen]
