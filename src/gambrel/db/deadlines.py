"""Statements of plain sessions end at the deadline of their request: nobody can stop their thread.

Async sessions need none of this: who waits for them is cancelled. `extension.py` sets `deadline`.
"""

import time
from typing import Any

from sqlalchemy import Connection, event

from gambrel.db.sessions import SyncSession

__all__ = ["deadline_of"]

STEPS = 10_000
"""Instructions of SQLite's machine between two looks at the clock."""
SLACK = 1.0
"""Seconds by which a server's own limit may be later: to change it costs a round trip."""


def deadline_of(request: Any) -> float | None:
    """Return when a request has to be answered, by the monotonic clock; None for never."""
    limits = getattr(getattr(request, "endpoint", None), "limits", None)
    seconds = None if limits is None else limits.deadline
    return None if seconds is None else time.monotonic() + seconds


@event.listens_for(SyncSession, "after_begin")
def limit_statements(session: Any, _transaction: Any, connection: Connection) -> None:
    """Have the statements of a transaction end in time."""
    deadline: float | None = session.deadline
    if deadline is None:
        return
    left = max(deadline - time.monotonic(), 0.001)
    if connection.dialect.name == "sqlite":
        driver: Any = connection.connection.driver_connection
        driver.set_progress_handler(lambda: time.monotonic() > deadline, STEPS)
    elif connection.dialect.name == "postgresql" and left + SLACK < session.statement_timeout:
        connection.exec_driver_sql(f"SET LOCAL statement_timeout = {int(left * 1000) + 1}")
