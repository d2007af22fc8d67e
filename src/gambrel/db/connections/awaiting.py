"""Waiting for what must not be interrupted: a COMMIT, the opening of a connection."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Coroutine
from functools import partial
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
        waiting = task.get_loop().create_future()
        task.add_done_callback(partial(wake, waiting))
        try:
            await waiting
        except asyncio.CancelledError as error:
            cancelled = error
    return cancelled


def wake(waiting: "asyncio.Future[None]", _task: "asyncio.Future[Any]") -> None:
    """Have who waits for a task go on."""
    if not waiting.done():
        waiting.set_result(None)
