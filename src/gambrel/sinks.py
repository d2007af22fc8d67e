"""`Sink`: lines for a stream that may be slow, full, or a pipe that nobody reads.

Whoever answers requests writes into it and waits for nothing; a thread writes to the stream, many
lines at a time. Knows nothing of what is logged.
"""

import logging
import os
import select
import sys
import threading
from collections import deque
from collections.abc import Callable
from typing import Any, Generic, TextIO, TypeVar

__all__ = ["Sink"]

T = TypeVar("T")

_log = logging.getLogger("gambrel.sinks")

PENDING = 20_000
"""Lines that may wait for the stream; those beyond are counted, and left out."""
BATCH = 500
DELAY = 0.2
LAST_SECONDS = 2.0


class Sink(Generic[T]):
    """Writes items to `stream` (standard output by default), a line each.

    `render` makes the line, in the thread; `told` makes one of how many lines were lost. What waits
    is written after `delay` seconds, or as soon as there are `batch` lines. `gather` is called in
    the thread before it takes what waits, and may put more; `rouse` says that there is more.
    """

    def __init__(
        self,
        render: Callable[[T], str],
        told: Callable[[int], str],
        stream: TextIO | None = None,
        *,
        pending: int = PENDING,
        batch: int = BATCH,
        delay: float = DELAY,
        gather: Callable[[], object] | None = None,
    ) -> None:
        self.stream = stream
        self.lost = 0
        """Lines that were left out since the last that was written."""
        self.fault = ""
        """The name of the error that the last write has raised, empty where it raised none."""
        self._render = render
        self._told = told
        self._limit = pending
        self._batch = batch
        self._delay = delay
        self._gather = gather
        self._pending: deque[T] = deque()
        self._some = threading.Event()
        self._many = threading.Event()
        self._is_closing = self._is_cut = False
        self._thread: threading.Thread | None = None

    def put(self, item: T) -> None:
        """Add a line; what is too much for the stream is left out, and counted in `lost`."""
        waiting = len(self._pending)
        if waiting >= self._limit:
            self.lost += 1
            return
        self._pending.append(item)
        self.rouse()
        if waiting + 1 >= self._batch and not self._many.is_set():
            self._many.set()

    def put_all(self, items: list[T]) -> None:
        """Add lines, or count all of them as lost."""
        waiting = len(self._pending) + len(items)
        if waiting > self._limit:
            self.lost += len(items)
            return
        self._pending.extend(items)
        if waiting >= self._batch and not self._many.is_set():
            self._many.set()

    def rouse(self) -> None:
        """Let the thread know that something waits; to be called after it was put."""
        if not self._some.is_set():  # the thread clears it before it takes
            if self._thread is None:
                self._start()
            self._some.set()

    def close(self, seconds: float = LAST_SECONDS) -> bool:
        """Write what waits, for at most some seconds; return whether all of it was written."""
        thread, self._thread = self._thread, None
        if thread is None:
            return True
        self._is_closing = True
        self._some.set()
        self._many.set()
        thread.join(seconds)
        return not thread.is_alive() and not self.fault

    # The thread -------------------------------------------------------------------------------

    def _start(self) -> None:
        self._is_closing = False
        self._thread = threading.Thread(target=self._run, name="gambrel-sink", daemon=True)
        self._thread.start()

    def _run(self) -> None:
        is_last = False
        while not is_last:
            self._some.wait()
            self._many.wait(self._delay)
            self._some.clear()
            self._many.clear()
            is_last = self._is_closing  # asked before it takes: what was put until then is taken
            lines = 0
            try:
                text, lines = self._take()
                self._write(text)
                self.fault = ""
            except Exception as error:  # a full disk ends no service
                self.lost += lines
                if not self.fault:
                    _log.error("lines are lost: %s: %s", type(error).__name__, error)
                self.fault = type(error).__name__

    def _take(self) -> tuple[str, int]:
        """Return the lines that wait, and how many they stand for."""
        if self._gather is not None:
            self._gather()
        render, taken = self._render, self._pending.popleft
        lines = [render(taken()) for _ in range(len(self._pending))]
        lost, self.lost = self.lost, 0
        many = len(lines) + lost
        if lost:
            lines.append(self._told(lost))
        lines.append("")  # so that the last one ends, too
        return "\n".join(lines), many

    def _write(self, text: str) -> None:
        if not text:
            return
        stream = self.stream or sys.stdout
        descriptor = descriptor_of(stream)
        if descriptor is None:
            stream.write(text)
            stream.flush()
            return
        # Past the stream's own buffer: its lock, held here for as long as nobody reads, would keep
        # the process from ending.
        start = "\n" if self._is_cut else ""  # a disk was full in the middle of a line
        data = memoryview((start + text).encode("utf-8", "backslashreplace"))
        while data:
            try:
                data = data[os.write(descriptor, data) :]
            except BlockingIOError:  # whoever shares it has made it so
                poll = select.poll()
                poll.register(descriptor, select.POLLOUT)
                poll.poll()
            else:
                self._is_cut = bool(data)


def descriptor_of(stream: Any) -> int | None:
    """Return the file descriptor of a stream, None where it has none."""
    try:
        return int(stream.fileno())
    except (AttributeError, OSError, ValueError):
        return None
