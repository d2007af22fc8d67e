"""What `gambrel shell` has of a database: its models, a session, and words for statements.

What a line writes is committed when the line has ended, or undone where it has failed: a shell
that somebody leaves open holds no lock.
"""

from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from typing import Any

from sqlalchemy import MetaData, delete, event, func, insert, select, text, update
from sqlalchemy.orm import ORMExecuteState

from gambrel.db.models import Model, mapped
from gambrel.db.sessions import AsyncSession
from gambrel.db.units import finish

__all__ = ["InShell", "in_shell"]

WORDS: dict[str, Any] = {
    "delete": delete,
    "func": func,
    "insert": insert,
    "select": select,
    "text": text,
    "update": update,
}


class InShell:
    """Names for a shell, and what is to be done when a line has ended."""

    def __init__(self, session: AsyncSession, names: dict[str, Any]) -> None:
        self.session = session
        self.names = names

    async def ended(self, error: BaseException | None) -> None:
        """Commit what a line has written, or undo it; files that no row names are dropped."""
        plain = self.session.sync_session
        try:
            if error is None and plain.in_transaction():
                await self.session.commit()
        except BaseException as failed:
            error = failed
            raise
        finally:
            if error is not None:
                await self.session.rollback()
            await finish(plain)


def read_anew(state: ORMExecuteState) -> None:
    """Have rows be as the database has them now: lines of a shell are far apart."""
    if state.is_select and not (state.is_column_load or state.is_relationship_load):
        state.update_execution_options(populate_existing=True)


@asynccontextmanager
async def in_shell(
    session: AsyncSession, name: str, tables: Iterable[MetaData]
) -> AsyncIterator[InShell]:
    """Yield what a shell has while it is open; the session is called by `name`."""
    known = set(tables)
    models = {one.__name__: one for one in mapped(Model) if one.metadata in known}
    event.listen(session.sync_session, "do_orm_execute", read_anew)
    async with session:
        yield InShell(session, {**WORDS, **models, name: session})
