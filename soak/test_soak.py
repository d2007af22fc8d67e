"""Restarts, killed workers and rude visitors, for as long as one likes."""

import asyncio
import contextlib
import os
import random
from statistics import median

from soak.load import Site, under_load, visitors

SECONDS = float(os.environ.get("SECONDS", "60"))


def test_ten_restarts_lose_no_request(tmp_path):
    site = Site(tmp_path, "--workers", "2")

    async def main() -> tuple[dict[str, int], float]:
        async with under_load(site) as (seen, gaps):
            while seen["answered"] < 20_000:
                await asyncio.sleep(0.1)
            for number in range(1, 11):
                await site.command("reload")
                while seen["answered"] < 20_000 * number:
                    await asyncio.sleep(0.1)
        return dict(seen), max(gaps)

    seen, gap = asyncio.run(main())
    print(f"{seen}, longest without an answer {gap * 1000:.0f} ms")
    assert site.stop() == 0
    assert seen["answered"] >= 200_000
    assert set(seen) == {"answered"}


def test_workers_that_are_killed_are_missed_by_their_own_clients_only(tmp_path):
    site = Site(tmp_path, "--workers", "2")
    rounds = max(5, int(SECONDS / 4))

    async def main() -> tuple[dict[str, int], float]:
        async with under_load(site) as (seen, gaps):
            for _ in range(rounds):
                await asyncio.sleep(1)
                workers = await site.workers()
                if len(workers) > 1:
                    site.kill(workers[0]["pid"])
        return dict(seen), max(gaps)

    seen, gap = asyncio.run(main())
    print(f"{seen}, longest without an answer {gap * 1000:.0f} ms")
    assert site.stop() == 0
    assert seen.get("failed", 0) <= rounds * 16
    assert seen["answered"] > 1000 * rounds


def test_rude_visitors_leave_nothing_behind(tmp_path):
    site = Site(tmp_path)

    async def visit(stop: asyncio.Event, done: list[int]) -> None:
        kinds = visitors(site)
        while not stop.is_set():
            with contextlib.suppress(OSError):
                await random.choice(kinds)()
            done[0] += 1

    async def main() -> tuple[dict[str, float], dict[str, float], list[float], int]:
        stop, done, memory = asyncio.Event(), [0], []
        async with under_load(site, 2):
            tasks = [asyncio.ensure_future(visit(stop, done)) for _ in range(32)]
            await asyncio.sleep(min(20.0, SECONDS / 3))  # caches and pools have their size
            before = await site.figures()
            for _ in range(20):
                await asyncio.sleep(SECONDS / 20)
                memory.append((await site.figures())["process_resident_memory_bytes"])
            stop.set()
            await asyncio.gather(*tasks)
        for _ in range(100):
            after = await site.figures()
            if after["process_open_fds"] < 30 and after["asyncio_tasks"] < 10:
                break
            await asyncio.sleep(0.1)
        return before, after, memory, done[0]

    before, after, memory, visits = asyncio.run(main())
    growth = (median(memory[-5:]) - median(memory[:5])) / median(memory[:5])
    print(
        f"{visits} visits in {SECONDS:g} s; memory {memory[0] / 2**20:.1f} to "
        f"{memory[-1] / 2**20:.1f} MiB ({growth:+.1%}); "
        f"{after['process_open_fds']:.0f} descriptors, "
        f"{after['asyncio_tasks']:.0f} tasks (under load {before['asyncio_tasks']:.0f})"
    )
    assert site.stop() == 0
    assert after["process_open_fds"] < 30
    assert after["asyncio_tasks"] < 10
    assert growth < 0.1
