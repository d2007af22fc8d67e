"""What every app of the database workloads knows: where the rows are, and which are asked for."""

import os
import random

URL = os.environ["BENCH_URL"]
KIND = URL.partition(":")[0]
FILE = URL.removeprefix("sqlite:///") if KIND == "sqlite" else ""
KEY = "only-for-the-benchmark-never-used-for-anything-real"
CONNECTIONS = 10
WORLDS = 10_000
EXTRA = "Additional fortune added at request time."
PAGE = 30


def any_id() -> int:
    return random.randint(1, WORLDS)


def some_ids(queries: int) -> list[int]:
    """As many ids as asked for, none twice, in order: rows are then locked in one order by all."""
    return sorted(random.sample(range(1, WORLDS + 1), min(max(queries, 1), 500)))
