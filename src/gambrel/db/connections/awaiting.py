"""Waiting for what must not be interrupted: a COMMIT, the opening of a connection."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any, TypeVar

__all__ = ["uninterrupted"]

T = TypeVar("T")
_log = logging.getLogger("gambrel.db")


async def uninterrupted(
    work: Coroutine[Any, Any, T], dispose: Callable[[T], Awaitable[None]] | None = None
) -> T:
    """Return what a coroutine returns, and raise a cancellation of the caller only after its end.

    What nobody gets then goes to `dispose`. The work needs a limit of time of its own.
    """
    task = asyncio.ensure_future(work)
    cancelled = await ended(task)
    if cancelled is None:
        return task.result()
    if task.cancelled():
        raise cancelled
    if (failed := task.exception()) is not None:
        _log.error("what a cancellation has waited for failed", exc_info=failed)
    elif dispose is not None:
        await ended(asyncio.ensure_future(dispose(task.result())))
    raise cancelled


async def ended(task: "asyncio.Future[Any]") -> asyncio.CancelledError | None:
    """Wait for a task to end; return the cancellation of the caller that came meanwhile."""
    cancelled = None
    while not task.done():
        try:
            await asyncio.wait([task])
        except asyncio.CancelledError as error:
            cancelled = error
    return cancelled
