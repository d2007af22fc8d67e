"""`Supervisor`: starts the workers, watches them, replaces them, and ends them.

It knows no app and holds no connection: what it needs to be told about the app, the first worker
says. Everything runs on one event loop, in turns that are short.
"""

import asyncio
import itertools
import random
import signal
import socket
from collections.abc import Callable
from contextlib import suppress
from time import monotonic
from typing import Any

from msgspec import Struct

from gambrel.server.notify import Notifier
from gambrel.server.workers.child import Child, State, memory_of
from gambrel.server.workers.group import Group
from gambrel.server.workers.messages import Hasten

__all__ = ["Plan", "Spawn", "Supervisor"]

TURN = 0.2
"""Seconds between two looks at everything."""
STALLED = 2.0
"""Seconds without a look after which nobody is judged: it is the supervisor that hung."""
ANNOUNCED = 0.1
"""Seconds for our own line to be written first."""
BUSY = 2.5
"""Seconds without a sign of life, of which there is one a second, until it is told where."""
BUSY_AGAIN = 60.0
"""Seconds until the same is told of the same process again."""
LAST_WORDS = 0.5
"""Seconds for a hung process to print its stacks."""
LAST_SECONDS = 7.0
"""Seconds after the grace until a process that has been asked to end is killed."""
STOPPING = "the server is being stopped"
ONE_BY_ONE = 5.0
"""Seconds that a rolling restart waits for the old worker to end before it takes the next."""


class Plan(Struct, frozen=True, kw_only=True):
    """What is asked of the supervisor. Times in seconds, sizes in bytes, 0 for no limit."""

    workers: int = 1
    start_timeout: float = 60.0
    hang_timeout: float = 30.0
    max_memory: int = 0
    max_requests: int = 0


Spawn = Callable[[str, bool], Child]
"""`spawn(name, is_first)`: starts a worker; only the first tells what there is to warn of."""


class Supervisor:
    """Runs until it is told to stop.

    `tell` gets a line for people about whatever was not asked for; `ready` is called once, when
    all workers serve.
    """

    def __init__(
        self,
        listener: socket.socket,
        plan: Plan,
        spawn: Spawn,
        tell: Callable[[str], object],
        ready: Callable[[], object],
        notifier: Notifier | None = None,
    ) -> None:
        self.listener = listener
        self.plan = plan
        self.tell = tell
        self.workers = Group("worker", plan.workers, self._worker, tell)
        self.beside: list[Group] = []
        self.ahead: list[Callable[[], Child]] = []
        self.running_ahead: list[Child] = []
        self.is_stopping = False
        self._spawn = spawn
        self._ready = ready
        self._notifier = notifier or Notifier()
        self._number = 0
        self._is_reload_due = False
        self._wake = asyncio.Event()
        self._hasten = asyncio.Event()
        self._one_change = asyncio.Lock()
        self._tasks: set[asyncio.Task[Any]] = set()
        self._looked = self.started = monotonic()

    def keep_beside(self, name: str, wanted: int, spawn: Callable[[str], Child]) -> None:
        """Keep processes of another kind alive, too, from when the first worker serves.

        `spawn(name)` starts one.
        """
        numbers = itertools.count(1)

        def start() -> Child:
            child = spawn(f"{name} {next(numbers)}" if wanted > 1 else name)
            child.changed = self._wake.set
            return child

        self.beside.append(Group(name, wanted, start, self.tell, alone=True))

    @property
    def everybody(self) -> list[Child]:
        """Every process there is."""
        kept = (child for group in (self.workers, *self.beside) for child in group.children)
        return [*self.running_ahead, *kept]

    # Life -------------------------------------------------------------------------------------

    async def run(self) -> int:
        """Start the workers and keep them; return the exit code."""
        loop = asyncio.get_running_loop()
        for number, act in (
            (signal.SIGTERM, self.stop),
            (signal.SIGINT, self.interrupt),
            (signal.SIGHUP, self.reload_in_background),
            (signal.SIGCHLD, self._wake.set),
        ):
            loop.add_signal_handler(number, act)
        try:
            if not await self.start_first():
                return 0 if self.is_stopping else 1
            is_told = False
            while not self.is_stopping:
                self.look()
                if not is_told and len(self.workers.ready) >= self.workers.wanted:
                    is_told = True
                    self._ready()
                    self._notifier.ready()
                self._notifier.alive()
                await self.turn()
            return 0
        finally:
            await self.end()

    async def start_first(self) -> bool:
        """Run what comes first, and start one worker; say whether it serves.

        The others follow: so whatever is wrong with the app is told once.
        """
        if failure := await self.run_ahead():
            if not self.is_stopping:
                self.tell(failure)
            return False
        try:
            first = self.workers.start()
        except OSError as error:
            self.tell(f"no process can be started: {error}")
            return False
        while first.state is State.STARTING and not self.is_stopping:
            self.judge(first, monotonic())
            first.has_ended()
            await self.turn()
        return first.ready is not None and not self.is_stopping

    async def run_ahead(self) -> str:
        """Run to its end what comes before new workers; return what has failed."""
        for start in self.ahead:
            try:
                child = start()
            except OSError as error:
                return f"no process can be started: {error}"
            self.running_ahead = [child]
            while not child.has_ended():
                if self.is_stopping:  # `end` sees to it, too
                    return STOPPING
                self.judge(child, monotonic())
                await asyncio.sleep(0.01)
            self.running_ahead = []
            if child.process.returncode:
                return f"{child.name!r}, which comes first, has failed: {child.reason}"
        return ""

    async def turn(self) -> None:
        """Wait for something to happen, not for long."""
        with suppress(TimeoutError):
            await asyncio.wait_for(self._wake.wait(), TURN)
        self._wake.clear()

    def look(self) -> None:
        """Look at everybody: who has ended, who hangs, who is too large, who is missing."""
        now = monotonic()
        is_stalled = now - self._looked > STALLED
        self._looked = now
        for child in self.everybody:
            if is_stalled:
                child.heard = now
            self.judge(child, now)
        for group in (self.workers, *self.beside):
            group.look()
        if not self._one_change.locked():
            self.workers.scale(self.workers.wanted)  # one that was replaced twice is too many
            spent = next(filter(self.is_spent, self.workers.ready), None)
            if spent is not None:
                self.in_background(self.replace_spent(spent))

    def judge(self, child: Child, now: float) -> None:
        """End a process that hangs: in its start, in its work, or in its end."""
        silence, plan = now - child.heard, self.plan
        if child.reason or child.state is State.ENDED:
            return
        if child.state is State.STARTING and now - child.started > plan.start_timeout:
            self.end_hung(child, f"it was not ready after {plan.start_timeout:g} s")
        elif child.beats and silence > plan.hang_timeout:
            self.end_hung(child, f"its event loop has not turned for {plan.hang_timeout:g} s")
        elif child.beats and silence > BUSY and now - child.busy_told > BUSY_AGAIN:
            child.busy_told = now
            self.tell_where(child, f"is busy: its event loop has not turned for {silence:.1f} s")
        elif child.drained_at and now - child.drained_at > child.grace + LAST_SECONDS:
            child.reason = "it did not end when it was asked to"
            child.kill()

    def end_hung(self, child: Child, reason: str) -> None:
        """Let a process print where it hangs, and kill it."""
        child.reason = reason
        self.tell_where(child, f"hangs: {reason}")
        asyncio.get_running_loop().call_later(ANNOUNCED + LAST_WORDS, child.kill)

    def tell_where(self, child: Child, what: str) -> None:
        """Let a process print what it is doing."""
        self.tell(f"{child} {what}; the stacks of its threads follow")
        asyncio.get_running_loop().call_later(ANNOUNCED, child.signal, signal.SIGUSR1)

    def is_spent(self, child: Child) -> bool:
        """Tell whether a worker has served its time: too large, or enough requests."""
        if child.request_limit and child.beat.requests >= child.request_limit:
            child.spent = f"it has answered {child.beat.requests} requests"
            return True
        limit = self.plan.max_memory
        if limit and (size := memory_of(child.pid) or 0) > limit:
            child.spent = f"it uses {size >> 20} MiB, more than {limit >> 20}"
            return True
        return False

    # Changes ----------------------------------------------------------------------------------

    async def replace(self, old: Child) -> str:
        """Start a worker, and when it serves, let `old` end; return why that was not possible."""
        if self.is_stopping:
            return STOPPING
        try:
            new = self.workers.start()
        except OSError as error:
            return f"no process can be started: {error}"
        while new.state is State.STARTING and not self.is_stopping:  # noqa: ASYNC110 - no event
            await asyncio.sleep(0.01)
        if new.state is not State.READY:
            return new.reason or STOPPING
        old.drain()
        return ""

    async def replace_spent(self, old: Child) -> None:
        """Replace a worker that has served its time."""
        async with self._one_change:
            self.tell(f"{old}: {old.spent}; it is replaced")
            if failure := await self.replace(old):
                self.tell(f"{old} goes on, for its replacement has failed: {failure}")
                await asyncio.sleep(self.workers.backoff.wait(is_last=False))

    async def reload(self) -> str:
        """Replace every worker by one with new code, one after the other; return what has failed.

        Where a new worker does not start, those that have not been replaced yet go on.
        """
        async with self._one_change:
            self._is_reload_due = False
            self._notifier.reloading()
            try:
                if failure := await self.run_ahead():
                    return failure
                for old in self.workers.current:
                    if old.has_ended():  # whoever comes in its place has the new code
                        continue
                    failure = await self.replace(old)
                    if self.is_stopping:
                        return STOPPING
                    if failure:
                        return f"the new worker did not start, and the old ones go on: {failure}"
                    await self.ended([old], ONE_BY_ONE)
                for old in (child for group in self.beside for child in group.ready):
                    if self.is_stopping:
                        return STOPPING
                    old.drain()
                    await self.ended([old], old.grace + LAST_SECONDS)
            finally:
                self._notifier.ready()
        return ""

    async def scale(self, workers: int) -> str:
        """Have another number of workers; return once they serve, or what has failed."""
        async with self._one_change:
            self.workers.scale(workers)
            self._wake.set()
            deadline = monotonic() + self.plan.start_timeout
            while len(self.workers.ready) < workers:
                if self.is_stopping or monotonic() > deadline:
                    return f"only {len(self.workers.ready)} of {workers} workers serve"
                await asyncio.sleep(0.01)
        return ""

    def reload_in_background(self) -> None:
        """Do that for a signal, and say what has come of it; several signals are one."""
        if self.is_stopping or self._is_reload_due:
            return
        self._is_reload_due = True

        async def work() -> None:
            failure = await self.reload()
            self.tell(f"reload failed: {failure}" if failure else "reloaded")

        self.in_background(work())

    def in_background(self, work: Any) -> None:
        """Run a coroutine to its end."""
        task = asyncio.ensure_future(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    # The end ----------------------------------------------------------------------------------

    def stop(self, *, now: bool = False) -> None:
        """Let everybody finish; `now`, or later on, do not wait for requests in flight.

        Asking again changes nothing: a service manager and a person may both do so.
        """
        self.is_stopping = True
        self._wake.set()
        if now:
            self._hasten.set()

    def interrupt(self) -> None:
        """Stop, as Ctrl+C asks for it: a second time it is meant for what is waited for."""
        self.stop(now=self.is_stopping)

    async def end(self) -> None:
        """End all processes: by asking, then with haste, then by force."""
        self._notifier.stopping()
        self.listener.close()  # the last who listen are the workers, who stop now
        everybody = self.everybody
        for child in everybody:
            child.drain()
        hasten = asyncio.ensure_future(self._hasten.wait())
        ending = asyncio.ensure_future(
            self.ended(
                everybody, max([child.grace for child in everybody], default=0.0) + LAST_SECONDS
            )
        )
        await asyncio.wait({hasten, ending}, return_when=asyncio.FIRST_COMPLETED)
        if not ending.done():
            for child in everybody:
                child.send(Hasten())
            await self.ended(everybody, LAST_SECONDS)
        hasten.cancel()
        ending.cancel()
        for child in everybody:
            if not child.has_ended():
                self.tell(f"{child} did not end and is killed")
                child.kill()
                child.process.wait()

    async def ended(self, children: list[Child], seconds: float) -> None:
        """Wait until processes have ended, at most for some seconds."""
        deadline = monotonic() + seconds
        while not all(c.has_ended() for c in children) and monotonic() < deadline:  # noqa: ASYNC110
            await asyncio.sleep(0.01)

    # Starting ---------------------------------------------------------------------------------

    def _worker(self) -> Child:
        self._number += 1
        child = self._spawn(f"worker {self._number}", self._number == 1)
        child.changed = self._wake.set
        if self.plan.max_requests:  # not all at the same time
            child.request_limit = int(self.plan.max_requests * random.uniform(1, 1.2))  # noqa: S311
        return child
