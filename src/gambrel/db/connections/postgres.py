"""Connections to PostgreSQL for coroutines: a statement that is left ends on the server, too."""

from typing import Any

import psycopg
from psycopg.abc import PQGen

__all__ = ["AsyncConnection"]

PATIENCE = 0.5
"""Seconds that the server has to take note of a cancellation."""


class AsyncConnection(psycopg.AsyncConnection[Any]):
    """Asks the server to end a statement whose caller was cancelled, and does not wait for long.

    Where the server is gone the driver would wait ten seconds more, past any deadline.
    """

    stands_alone = False
    """Whether the next statement, and no other, runs without a BEGIN before it."""

    def _start_query(self) -> PQGen[None]:
        if self.stands_alone:
            self.stands_alone = False
            return
        yield from super()._start_query()

    def begin_reading(self, value: bool) -> None:
        """Say whether the next transaction can write nothing, as the driver's own switch does; this
        one waits for nothing.
        """
        if self._read_only is not value:
            self._read_only, self._begin_statement = value, b""

    def can_end_now(self) -> bool:
        """Whether a transaction can be ended without waiting: where none has begun."""
        return not self.is_in_transaction()

    def end_now(self) -> None:
        """End it, then: there is nothing to do."""

    def is_in_transaction(self) -> bool:
        """Whether there is something to roll back."""
        return self.pgconn.transaction_status != psycopg.pq.TransactionStatus.IDLE

    async def _try_cancel(self, *, timeout: float = PATIENCE) -> None:
        await self.cancel_safe(timeout=min(timeout, PATIENCE))  # what fails closes the connection
