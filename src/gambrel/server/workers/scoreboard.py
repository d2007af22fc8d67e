"""How many connections each worker has, in memory that all of them see.

The supervisor gives every worker a slot. A worker writes only its own, and reads the others' to
see whether it is its turn to accept; a value that is a moment old does no harm.
"""

import mmap
import os
import struct
import tempfile
import time

__all__ = ["MOST", "SLOTS", "Scoreboard", "Share"]

SLOTS = 512
"""Workers at a time, those that drain included."""
MOST = SLOTS // 2
"""Workers that may be wanted: a reload has as many again."""
FRESH = 1.5
"""Seconds after which a worker that has written nothing is taken for busy."""

_HEAD = struct.Struct("=q")  # slots in use, counted up to the highest
_SLOT = struct.Struct("=qq")  # connections, and milliseconds of the clock; 0 where none accepts
_SIZE = _HEAD.size + SLOTS * _SLOT.size


class Scoreboard:
    """The slots, in an anonymous file that workers inherit."""

    def __init__(self, descriptor: int) -> None:
        self.descriptor = descriptor
        self.memory = mmap.mmap(descriptor, _SIZE)

    @classmethod
    def create(cls) -> "Scoreboard":
        """Make an empty one."""
        if hasattr(os, "memfd_create"):
            descriptor = os.memfd_create("gambrel-scoreboard")
        else:
            with tempfile.TemporaryFile() as file:
                descriptor = os.dup(file.fileno())
        os.ftruncate(descriptor, _SIZE)
        return cls(descriptor)

    def open(self, slot: int) -> None:
        """Make sure that workers look at a slot."""
        used: int = _HEAD.unpack_from(self.memory)[0]
        _HEAD.pack_into(self.memory, 0, max(used, slot + 1))

    def write(self, slot: int, connections: int) -> None:
        """Say that a worker accepts, and how many connections it has."""
        moment = time.monotonic_ns() // 1_000_000
        _SLOT.pack_into(self.memory, _HEAD.size + slot * _SLOT.size, connections, moment)

    def clear(self, slot: int) -> None:
        """Say that no worker of this slot accepts."""
        _SLOT.pack_into(self.memory, _HEAD.size + slot * _SLOT.size, 0, 0)

    def read(self) -> dict[int, int]:
        """Return the connections of each worker that accepts and is not busy, by slot."""
        used = min(_HEAD.unpack_from(self.memory)[0], SLOTS)
        oldest = time.monotonic_ns() // 1_000_000 - int(FRESH * 1000)
        data = self.memory[_HEAD.size : _HEAD.size + used * _SLOT.size]
        slots = enumerate(_SLOT.iter_unpack(data))
        return {slot: count for slot, (count, moment) in slots if moment >= oldest}

    def close(self) -> None:
        """Give the memory back."""
        self.memory.close()
        os.close(self.descriptor)


class Share:
    """One worker's look at the scoreboard."""

    def __init__(self, scoreboard: Scoreboard, slot: int) -> None:
        self.scoreboard = scoreboard
        self.slot = slot

    def lead(self, connections: int) -> int:
        """Note how many connections this worker has; return by how many it is ahead.

        Compared with the worker that has the fewest; an eighth more than that is not ahead, and
        below zero it is behind. Alone it is at 0.
        """
        self.scoreboard.write(self.slot, connections)
        others = self.scoreboard.read()
        others.pop(self.slot, None)
        if not others:
            return 0
        fewest = min(others.values())
        if connections < fewest:
            return connections - fewest
        return max(0, connections - fewest - fewest // 8)

    def leave(self) -> None:
        """Say that this worker accepts no more."""
        self.scoreboard.clear(self.slot)
