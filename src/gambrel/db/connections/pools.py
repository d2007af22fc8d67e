"""The pool of async connections, which can tell whether to take one means to wait.

`engines.py` makes engines with it.
"""

import time
from typing import Any

from sqlalchemy.pool import AsyncAdaptedQueuePool

__all__ = ["CHECKED", "FRESH", "AsyncPool"]

FRESH = 1.0
"""Seconds for which a connection that was given back is taken for a good one."""
CHECKED = "gambrel.given_back"


class AsyncPool(AsyncAdaptedQueuePool):
    """SQLAlchemy's, whose connections are taken without a greenlet where one lies ready."""

    def has_fresh(self) -> bool:
        """Whether the next connection is there, and needs neither a test nor to be replaced."""
        idle: Any = self._pool._queue  # type: ignore[attr-defined]  # noqa: SLF001 - an asyncio.Queue
        if idle.empty():
            return False
        record = idle._queue[0]  # noqa: SLF001 - the next one
        given_back = record.info.get(CHECKED)
        now = time.time()
        return (
            record.dbapi_connection is not None
            and (given_back is None or time.monotonic() - given_back < FRESH)
            and (self._recycle < 0 or now - record.starttime < self._recycle)
            and record.starttime > max(self._invalidate_time, record._soft_invalidate_time)  # noqa: SLF001 - as it asks itself
        )
