"""Hostile bytes for as long as one likes; `SEED=` starts elsewhere, or repeats what was found."""

import collections
import itertools
import os
import random
import time

from gambrel.server.workers.child import memory_of
from tests.server.fuzzing import Range, hostile, pieces_of

SECONDS = float(os.environ.get("SECONDS", "60"))
SEED = int(os.environ.get("SEED", "1"))
SETTLED = 2_000
"""Streams until caches have their size."""


def test_mutations_are_answered_once_or_refused_and_leave_nothing_behind():
    field, outcomes = Range(), collections.Counter[tuple[int, ...]]()
    end, before = time.monotonic() + SECONDS, 0
    for number in itertools.count(1):
        seed = SEED + number
        chance = random.Random(seed)
        stream = hostile(chance)
        try:
            whole = field.receive([stream] if stream else [])
            assert field.receive(pieces_of(stream, chance)) == whole, "splitting makes a difference"
        except BaseException:
            print(f"SEED={seed - 1} SECONDS=1 gives {stream!r}")
            raise
        outcomes[tuple(whole.found)] += 1
        if number == SETTLED:
            before = memory_of(os.getpid()) or 0
        if time.monotonic() > end and number > SETTLED:
            break
    growth = ((memory_of(os.getpid()) or 0) - before) / 2**20
    print(f"{number} streams, {growth:+.1f} MiB; {outcomes.most_common(8)}")
    field.close()
    assert growth < 8
