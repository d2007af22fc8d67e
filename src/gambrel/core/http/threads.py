"""Blocking work off the event loop: one call, or a plain iterator stepped item by item.

File responses, uploads and streaming bodies use these. The worker pool of sync handlers is
another matter: `gambrel.threads`.
"""

import asyncio
import contextlib
import contextvars
import time
from collections.abc import AsyncGenerator, AsyncIterable, Callable, Generator, Iterable, Iterator
from typing import TypeVar, TypeVarTuple

__all__ = ["batches", "in_thread", "iterate"]

T = TypeVar("T")
Ts = TypeVarTuple("Ts")

_BATCH = 256
_BATCH_SECONDS = 0.005


async def in_thread(
    work: Callable[[*Ts], T], *arguments: *Ts, dispose: Callable[[T], object] | None = None
) -> T:
    """Run blocking work in a thread and return its result.

    A cancelled caller waits until the thread is done, so that what the work uses can be closed;
    `dispose` takes a result that nobody waits for any more.
    """
    job = asyncio.ensure_future(asyncio.to_thread(work, *arguments))
    try:
        return await asyncio.shield(job)
    except asyncio.CancelledError:
        while not job.done():
            with contextlib.suppress(asyncio.CancelledError):  # once is enough
                await asyncio.wait([job])
        # Asking for the error marks it as seen: the cancellation is what the caller gets.
        if not job.cancelled() and job.exception() is None and dispose is not None:
            dispose(job.result())
        raise


async def iterate(items: AsyncIterable[T] | Iterable[T]) -> AsyncGenerator[T, None]:
    """Yield from `items`; a plain iterable is stepped in a thread. It is closed at the end."""
    async with contextlib.aclosing(batches(items)) as coming:
        async for batch in coming:
            for item in batch:
                yield item


async def batches(items: AsyncIterable[T] | Iterable[T]) -> AsyncGenerator[list[T], None]:
    """Yield what is ready: one item of an async iterable, or some of a plain one.

    Each trip to the thread takes what comes within a few milliseconds, so a fast generator does
    not pay a trip per item and a slow one delays nothing.
    """
    if isinstance(items, AsyncIterable):
        iterator = aiter(items)
        try:
            async for item in iterator:
                yield [item]
        finally:
            if isinstance(iterator, AsyncGenerator):
                await iterator.aclose()
        return
    stepped = iter(items)
    context = contextvars.copy_context()
    try:
        while True:
            batch, end = await in_thread(lambda: context.run(_take, stepped))
            if batch:
                yield batch
            if isinstance(end, Exception):
                raise end
            if end:
                return
    finally:
        if isinstance(stepped, Generator):
            await in_thread(context.run, stepped.close)


def _take(items: Iterator[T]) -> tuple[list[T], Exception | bool]:
    """Return some items, and whether (or with which error) the iterator has ended."""
    batch: list[T] = []
    until = time.monotonic() + _BATCH_SECONDS
    try:
        for item in items:
            batch.append(item)
            if len(batch) >= _BATCH or time.monotonic() > until:
                return batch, False
    except Exception as error:
        return batch, error
    return batch, True
