"""The unit of work: a session that is committed as a whole, or not at all.

`received → bound → (first statement) in transaction → returned → encoded → committed → head sent`.
A cancellation before *committed* rolls back; what is under way when it comes, a COMMIT or a
ROLLBACK, is not interrupted, but has its own limit of time. Knows sessions, and no app.
"""

import asyncio
import inspect
import logging
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import Any

from sqlalchemy import event, orm
from sqlalchemy.util.concurrency import greenlet_spawn

from gambrel.core.http.errors import ServiceUnavailable
from gambrel.core.http.threads import in_thread
from gambrel.db.connections.awaiting import uninterrupted
from gambrel.db.connections.engines import can_end_now
from gambrel.db.sessions import AFTER, AsyncSession, SyncSession
from gambrel.db.writing import files

__all__ = ["async_unit", "begins_are_heard", "finish", "plain_unit", "threaded_unit"]

LIMIT = 5.0
"""Seconds that a COMMIT may take before its connection is given up."""
ROLLBACK = 1.0
"""Seconds that a ROLLBACK may take; the server does it by itself where the connection is gone."""
_log = logging.getLogger("gambrel.db")


@asynccontextmanager
async def async_unit(session: AsyncSession) -> AsyncIterator[AsyncSession]:
    """Run a block with a session, and commit it at the end, or roll it back.

    What the block has left to be written is written before the COMMIT: that may wait for others, so
    a cancellation ends it.
    """
    plain = session.sync_session
    try:
        yield session
        if plain.new or plain.dirty or plain.deleted:
            await session.flush()
    except BaseException:
        await uninterrupted(drop(session))
        await run_hooks(plain)  # of what a handler has committed itself
        await drop_files(plain)
        raise
    try:
        if plain.in_transaction():
            if plain.only_reads:
                await leave_reading(session)
            else:
                await uninterrupted(complete(session))
    finally:  # a cancellation that came during the COMMIT does not undo it
        plain.is_over = True
        if plain.info:
            await finish(plain)


async def finish(session: SyncSession) -> None:
    """Do what waits for the end of a unit of work."""
    try:
        await run_hooks(session)
    finally:
        await drop_files(session)


async def drop_files(session: SyncSession) -> None:
    """Drop the files that no row names, if the unit of work has to do with any."""
    if session.info.get(files.KEPT) or session.info.get(files.DOOMED):
        await uninterrupted(clear_in_time(session))


async def clear_in_time(session: SyncSession) -> None:
    """Drop files, and leave them to `sweep` where that takes too long."""
    try:
        async with asyncio.timeout(LIMIT):
            await files.clear(session)
    except TimeoutError:
        _log.warning("files are left behind, as dropping them took too long")


async def complete(session: AsyncSession) -> None:
    """Commit and close; roll back where that fails."""
    try:
        async with asyncio.timeout(LIMIT):
            await greenlet_spawn(commit_and_close, session.sync_session)
    except TimeoutError as error:
        await drop(session)
        raise ServiceUnavailable("the database has not confirmed a COMMIT") from error
    except BaseException:
        await drop(session)
        raise


async def leave_reading(session: AsyncSession) -> None:
    """The same where nothing was written: a cancellation may come between, it loses nothing."""
    plain = session.sync_session
    if ends_now(plain):
        plain.close()
        return
    try:
        async with asyncio.timeout(LIMIT):
            await greenlet_spawn(commit_and_close, session.sync_session)
    except BaseException:
        await uninterrupted(drop(session))
        raise


def ends_now(session: SyncSession) -> bool:
    """Whether what a session has only read can be left without waiting, and nobody hears of it."""
    dispatch: Any = session.dispatch
    return (
        not dispatch.before_commit
        and len(dispatch.after_commit) == 1  # `files.listen`
        and all(
            can_end_now(one.connection.driver_connection) for one in session.begun if not one.closed
        )
    )


def begins_are_heard(session: SyncSession) -> bool:
    """Whether others hear of the beginning of its transactions: what they do may wait."""
    dispatch: Any = session.dispatch
    return len(dispatch.after_begin) > 2  # those of this file and of `deadlines.py`


@event.listens_for(SyncSession, "after_begin")
def note_begun(session: Any, _transaction: Any, connection: Any) -> None:
    """Remember the connections of a session."""
    session.begun = (*session.begun, connection)


def commit_and_close(session: SyncSession) -> None:
    """Commit and give the connection back, in one greenlet."""
    session.commit()
    session.close()


async def drop(session: AsyncSession) -> None:
    """Roll back and close; give the connection up where that cannot be had in time."""
    forget_open(session.sync_session)
    try:
        async with asyncio.timeout(ROLLBACK):
            await session.close()
    except Exception as error:
        _log.warning("a connection is given up that could not be rolled back: %r", error)
        await session.invalidate()
    finally:
        session.sync_session.is_over = True


async def run_hooks(session: SyncSession) -> None:
    """Call what waits for the commit."""
    for _, call, arguments in session.info.pop(AFTER, ()):
        try:
            answer = call(*arguments)
            if inspect.isawaitable(answer):
                await answer
        except Exception:
            _log.exception("what was to follow a commit failed: %r", call)


@contextmanager
def plain_unit(session: SyncSession) -> Iterator[SyncSession]:
    """The same in a thread, for scripts."""
    try:
        try:
            yield session
        except BaseException:
            drop_plain(session)
            raise
        complete_plain(session)
    finally:
        if session.info.get(files.KEPT) or session.info.get(files.DOOMED):
            files.wait_for(session, files.clear(session))


def complete_plain(session: SyncSession) -> None:
    """Commit and close, and call what waits for it."""
    try:
        if session.in_transaction():
            session.commit()
    except BaseException:
        drop_plain(session)
        raise
    session.close()
    session.is_over = True
    call_hooks(session)


def drop_plain(session: SyncSession) -> None:
    """Roll back and close."""
    forget_open(session)
    try:
        session.close()
    except Exception as error:
        _log.warning("a connection is given up that could not be rolled back: %r", error)
        session.invalidate()
    finally:
        session.is_over = True
    call_hooks(session)


def call_hooks(session: SyncSession) -> None:
    """Call what waits for the commit, in a thread."""
    for _, call, arguments in session.info.pop(AFTER, ()):
        try:
            call(*arguments)
        except Exception:
            _log.exception("what was to follow a commit failed: %r", call)


@asynccontextmanager
async def threaded_unit(session: SyncSession) -> AsyncIterator[SyncSession]:
    """The same for a session that a handler uses in a thread, around it on the loop."""
    try:
        try:
            yield session
        except BaseException:
            await leave(session, drop_plain)
            raise
        await leave(session, complete_plain)
    finally:
        await drop_files(session)


async def leave(session: SyncSession, end: Any) -> None:
    """End a session in a thread, unless it never began: that needs none."""
    if session.in_transaction() or session.info.get(AFTER):
        await in_thread(end, session)
    else:
        end(session)


@event.listens_for(SyncSession, "after_soft_rollback")
def forget_hooks(session: orm.Session, ended: Any) -> None:
    """Forget what was to follow the commit of a transaction, or savepoint, that is undone."""
    kept = [hook for hook in session.info.get(AFTER, ()) if not is_within(hook[0], ended)]
    if AFTER in session.info:
        session.info[AFTER] = kept
    saved = session.info.get(files.KEPT, ())
    files.doom(session, [stored for begun, stored in saved if is_within(begun, ended)])


def forget_open(session: SyncSession) -> None:
    """Forget what was to follow the commit of what is not committed."""
    current = session.get_transaction()
    kept = [
        hook
        for hook in session.info.get(AFTER, ())
        if hook[0] is not None and not is_within(hook[0], current)
    ]
    session.info[AFTER] = kept


def is_within(transaction: Any, ended: Any) -> bool:
    """Whether a transaction is another one, or a savepoint in it."""
    while transaction is not None:
        if transaction is ended:
            return True
        transaction = transaction.parent
    return False
