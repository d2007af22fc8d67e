"""An attack on a served app, while others ask it in peace; `SEED=` makes it another one."""

import asyncio
import json
import os
import random
import subprocess
import sys
import traceback
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from statistics import median

from gambrel.server.workers.child import memory_of
from soak.attacks import ATTACKS, Attack
from soak.load import Site

SECONDS = float(os.environ.get("SECONDS", "60"))
SEED = int(os.environ.get("SEED", "1"))
ATTACKERS = 24
QUIET = 40.0
"""Seconds within which every time-out of the server has struck."""


class Peace:
    """How it was for visitors in peace: seconds that answers took, and connections that failed."""

    took: list[float]
    failed: int

    def __repr__(self) -> str:
        half, most, everything = (
            self.took[int(len(self.took) * share) - 1] * 1000 for share in (0.5, 0.99, 1)
        )
        return (
            f"{len(self.took)} answers in peace, half within {half:.1f} ms, 99 % within "
            f"{most:.0f} ms, all within {everything:.0f} ms; {self.failed} connections failed"
        )


@contextmanager
def in_peace(site: Site) -> Iterator[Peace]:
    """Have visitors in peace while the block runs."""
    peace = Peace()
    with subprocess.Popen(
        [sys.executable, "-m", "soak.peace", str(site.port)],
        cwd=Path(__file__).parent.parent,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        yield peace
        output, _ = process.communicate()
    assert process.returncode == 0, "somebody in peace was given another answer"
    peace.failed, peace.took = json.loads(output)


async def attack(site: Site, seed: int, stop: asyncio.Event, done: Counter[str]) -> None:
    """Attack on and on."""
    chance = random.Random(seed)
    while not stop.is_set():
        one: Attack = chance.choice(ATTACKS)
        try:
            await asyncio.wait_for(one(site, chance), 30)
        except OSError:
            done["refused"] += 1
        except AssertionError:
            traceback.print_exc()
            done["wrong"] += 1
        done[one.__name__] += 1


@asynccontextmanager
async def under_attack(site: Site) -> AsyncIterator[Counter[str]]:
    """Attack while the block runs; count what was done."""
    stop, done = asyncio.Event(), Counter[str]()
    tasks = [
        asyncio.ensure_future(attack(site, SEED * 1_000 + number, stop, done))
        for number in range(ATTACKERS)
    ]
    try:
        yield done
    finally:
        stop.set()
        await asyncio.gather(*tasks)


async def attack_one(site: Site) -> tuple[Counter[str], list[float], dict[str, float]]:
    """Attack a process; return what was done, its memory meanwhile, and its figures after it."""
    memory: list[float] = []
    async with under_attack(site) as done:
        await asyncio.sleep(min(30.0, SECONDS / 2))
        for _ in range(20):
            await asyncio.sleep(SECONDS / 20)
            memory.append((await site.figures())["process_resident_memory_bytes"])
    for _ in range(int(QUIET * 10)):
        after = await site.figures()
        if after["process_open_fds"] < 30 and after["asyncio_tasks"] < 10:
            break
        await asyncio.sleep(0.1)
    return done, memory, after


def test_an_attack_is_not_felt_by_others_and_leaves_nothing_behind(tmp_path):
    site = Site(tmp_path)

    with in_peace(site) as peace:
        done, memory, after = asyncio.run(attack_one(site))

    growth = (median(memory[-5:]) - median(memory[:5])) / median(memory[:5])
    print(
        f"{done.total()} attacks: {done}\n{peace}; memory {memory[0] / 2**20:.1f} to "
        f"{memory[-1] / 2**20:.1f} MiB ({growth:+.1%}); {after['process_open_fds']:.0f} "
        f"descriptors, {after['asyncio_tasks']:.0f} tasks"
    )
    assert site.stop() == 0
    assert done["wrong"] == 0
    assert peace.failed == 0
    assert after["process_open_fds"] < 30
    assert after["asyncio_tasks"] < 10
    assert growth < 0.2  # answers of 2 MB to slow readers come and go


def descriptors_of(pid: int) -> int:
    """Return how many a process has open."""
    return len(list(Path(f"/proc/{pid}/fd").iterdir()))


async def attack_all(site: Site, chance: random.Random) -> tuple[Counter[str], int]:
    """Attack while workers come, go and are killed; return what was done, and how many were."""
    killed, loop = 0, asyncio.get_running_loop()
    end = loop.time() + SECONDS
    async with under_attack(site) as done:
        while loop.time() < end:
            await asyncio.sleep(1 + chance.random())
            workers = await site.workers()
            what = chance.randrange(4)
            if what == 0:
                await site.command("reload")
            elif what == 1:
                await site.command("scale", str(chance.randrange(1, 4)))
            elif len(workers) > 1:
                site.kill(chance.choice(workers)["pid"])
                killed += 1
    return done, killed


def test_an_attack_on_workers_that_come_and_go_ends_no_server(tmp_path):
    site = Site(tmp_path, "--workers", "2")
    supervisor = site.process.pid
    before = descriptors_of(supervisor)

    with in_peace(site) as peace:
        done, killed = asyncio.run(attack_all(site, random.Random(SEED)))

    asyncio.run(site.command("scale", "2"))
    after = descriptors_of(supervisor)
    memory = memory_of(supervisor)
    print(
        f"{done.total()} attacks: {done}\n{killed} workers killed; {peace}; the supervisor has "
        f"{after} descriptors (it had {before}) and {(memory or 0) / 2**20:.1f} MiB"
    )
    assert site.stop() == 0
    assert done["wrong"] == 0
    assert peace.failed <= 4 * killed
    assert after <= before + 2
