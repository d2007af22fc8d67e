"""A connection in memory that is given bytes of any kind, and what must hold of it afterwards.

The fuzzer of the suite and the long one of `soak/` share it.
"""

import asyncio
import logging
import random
from typing import Any, NamedTuple

from gambrel.server.clock import Clock
from gambrel.server.protocol import HTTPProtocol
from gambrel.server.serve import new_event_loop
from gambrel.server.state import ServerState
from tests.server.apps import echo_app
from tests.server.corpus import CASES, statuses
from tests.server.live import PATIENCE, until
from tests.server.memory import MemoryTransport
from tests.server.mutations import mutated

__all__ = ["Outcome", "Range", "hostile", "pieces_of"]

SEEDS = [case.data for case in CASES]
GOOD = [case.data for case in CASES if not case.refused]
STEP, STEPS = 5.0, 30
"""Seconds of a clock that is turned by hand: more than all time-outs together."""


class Outcome(NamedTuple):
    """Statuses of the answers, and the requests that the app has seen."""

    found: list[int]
    seen: list[str]


def hostile(chance: random.Random) -> bytes:
    """Return bytes that begin as a case of the corpus does, or as a good request."""
    first = b"POST /echo HTTP/1.1\r\nHost: localhost\r\nContent-Length: 3\r\n\r\nabc"
    start = first if chance.randrange(3) == 0 else b""
    seeds = SEEDS if chance.randrange(3) == 0 else GOOD  # most others are refused at once
    return start + mutated(seeds[chance.randrange(len(seeds))], seeds, chance)


def pieces_of(stream: bytes, chance: random.Random) -> list[bytes]:
    """Return a stream in a few pieces."""
    ends = sorted(chance.randrange(len(stream) + 1) for _ in range(chance.randrange(6)))
    return [stream[a:b] for a, b in zip([0, *ends], [*ends, len(stream)], strict=True) if a < b]


class Errors(logging.Handler):
    """Keeps what is logged as an error."""

    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self.told: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.told.append(record.getMessage())


class Range:
    """Where the connections are: an app that runs, on a loop of its own, and a clock by hand."""

    def __init__(self) -> None:
        self.runner = asyncio.Runner(loop_factory=new_event_loop)
        self.app, self.seen = echo_app()
        self.opened = self.app.running()
        self.runner.run(self.opened.__aenter__())
        loop = self.runner.get_loop()
        self.state = ServerState(self.app, loop, Clock(loop))
        self.state.clock.start()
        self.state.clock.stop()
        self.time = self.state.clock.now
        self.errors = Errors()
        logging.getLogger("gambrel").addHandler(self.errors)
        loop.set_exception_handler(lambda _, context: self.errors.told.append(str(context)))

    def close(self) -> None:
        logging.getLogger("gambrel").removeHandler(self.errors)
        self.runner.run(self.opened.__aexit__(None, None, None))
        self.runner.close()

    def receive(self, pieces: list[bytes]) -> Outcome:
        """Return what comes of the pieces. Raises AssertionError where something must not be."""
        return self.runner.run(self.send(pieces))

    async def send(self, pieces: list[bytes]) -> Outcome:
        self.seen.requests.clear()
        self.errors.told.clear()
        protocol = HTTPProtocol(self.state)
        line = MemoryTransport(protocol)
        async with asyncio.timeout(PATIENCE):
            for piece in pieces:
                await self.settle(line)
                if not line.is_closing():
                    protocol.data_received(piece)
                    self.check_buffers(protocol, piece)
            await self.settle(line)
            outcome = Outcome(statuses(bytes(line.written)), list(self.seen.requests))
            for _ in range(STEPS):
                self.time += STEP
                self.state.tick(self.time)
                await asyncio.sleep(0)
            assert line.is_closing(), "neither closed nor given up"
            await until(lambda: self.state.is_quiet)
        self.check(outcome, statuses(bytes(line.written)))
        return outcome

    async def settle(self, line: MemoryTransport) -> None:
        """Return once everything that can be answered is."""
        turns = 0
        while not line.is_closing() and (line.is_paused or is_working(line.protocol) or turns < 3):
            turns += 1
            await asyncio.sleep(0 if turns < 50 else 0.001)

    def check_buffers(self, protocol: Any, piece: bytes) -> None:
        """Hold what waits on a connection against its limits."""
        limits, reader = self.state.limits, protocol.reader
        if reader is not None:
            most = max(limits.pipeline_buffer, limits.request_line + limits.header_block)
            assert len(reader.buffer) <= most + len(piece)
            if reader.body is not None:
                assert reader.body._buffered <= limits.body_buffer + len(piece)

    def check(self, outcome: Outcome, at_last: list[int]) -> None:
        """Hold that nothing is answered twice, and that nothing has failed."""
        assert self.errors.told == []
        # A refusal answers what no app has seen; `OPTIONS *` is answered by the server.
        unseen = len(at_last) - len(outcome.seen)
        assert unseen <= 1 + at_last.count(204)
        assert len(at_last) - len(outcome.found) <= 1  # a time-out answers what was not yet
        assert not any(status >= 500 and status not in {501, 503, 505} for status in at_last)


def is_working(protocol: Any) -> bool:
    """Say whether an answer is made, and not only a body waited for."""
    exchange = protocol.exchange
    return exchange is not None and not (exchange.body is not None and exchange.body.is_wanted)
