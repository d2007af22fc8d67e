"""`Group`: the processes of one kind, how many are wanted, and what has become of them."""

from collections.abc import Callable
from time import monotonic

from gambrel.server.workers.backoff import Backoff
from gambrel.server.workers.child import Child, State

__all__ = ["Group"]


class Group:
    """Keeps as many processes of one kind alive as are wanted.

    `spawn()` starts one. `tell` gets a line for people about what was not asked for. Where they
    are `alone`, none is started before the one in whose place it comes has ended.
    """

    def __init__(
        self,
        name: str,
        wanted: int,
        spawn: Callable[[], Child],
        tell: Callable[[str], object],
        *,
        alone: bool = False,
    ) -> None:
        self.name = name
        self.wanted = wanted
        self.spawn = spawn
        self.tell = tell
        self.alone = alone
        self.children: list[Child] = []
        self.backoff = Backoff()

    @property
    def ready(self) -> list[Child]:
        """Those that do their work."""
        return [child for child in self.children if child.state is State.READY]

    @property
    def current(self) -> list[Child]:
        """Those that do their work, or are about to."""
        return [child for child in self.children if child.state in {State.STARTING, State.READY}]

    def look(self) -> None:
        """Note who has ended, and start who is missing."""
        for child in [child for child in self.children if self.is_over(child)]:
            self.children.remove(child)
        is_last = not self.current
        if self.backoff.is_over(monotonic(), is_last=is_last):
            while len(self.children if self.alone else self.current) < self.wanted:
                if not self.try_start():
                    break

    def is_over(self, child: Child) -> bool:
        """Tell whether a process has ended; where nobody has asked for that, say so."""
        was_asked = child.drained_at > 0
        if not child.has_ended():
            return False
        if not was_asked:
            self.backoff.note(monotonic(), child.worked)
            wait = self.backoff.wait(is_last=not [c for c in self.current if c is not child])
            is_missed = sum(one is not child for one in self.current) < self.wanted
            when = (
                f"; it is replaced {f'in {wait:g} s' if wait else 'at once'}" if is_missed else ""
            )
            self.tell(f"{child}: {child.reason}{when}")
        return True

    def scale(self, wanted: int) -> None:
        """Want another number; those that are too many finish what they have begun."""
        self.wanted = wanted
        for child in self.current[wanted:]:
            child.drain()

    def try_start(self) -> bool:
        """Start one more; where the system has no process for us, say so, and wait."""
        try:
            self.start()
        except OSError as error:
            self.backoff.note(monotonic(), 0)
            wait = self.backoff.wait(is_last=not self.current)
            self.tell(f"no {self.name} can be started: {error}; tried again in {wait:g} s")
            return False
        return True

    def start(self) -> Child:
        """Start one more. Raises OSError where there can be none."""
        child = self.spawn()
        self.children.append(child)
        return child
