"""Rows of a database: TechEmpower's six workloads on PostgreSQL and SQLite, and records of SQLite.

Makes the database, starts each server on it, checks what it answers against the rows that are
there, and measures. The apps are in `apps/database/`.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager
from dataclasses import replace
from typing import Any, Final

from benchmarks.load import DATABASE, RECORDS, WORKLOADS, LoadError
from benchmarks.measure import Plan, measure_window
from benchmarks.results import Run, Sample
from benchmarks.rows import FORTUNES, check_rows_of
from benchmarks.server import Server, StartError, serving
from benchmarks.targets import RESULTS, Target

KINDS: Final = ("postgresql", "sqlite")
REFERENCE: Final = "gambrel-fast"
ADMIN: Final = os.environ.get("BENCH_POSTGRES", "postgresql://root@127.0.0.1:5432/postgres")
NAME: Final = "gambrel_bench"
WORLDS: Final = 10_000
# What only some answer: a transaction around one row, and records.
OURS: Final = ("gambrel-fast", "gambrel-orm", "by-hand")
Ask = Callable[[str], Sequence[Any]]


def measure_database(
    run: Run, targets: Sequence[Target], plan: Plan, kinds: Iterable[str] = KINDS
) -> Run:
    """Measures the targets on each kind of database, in rounds as everywhere."""
    for kind in kinds:
        try:
            url = MAKERS[kind]()
        except Exception as error:  # whatever a driver that may be missing raises
            run.fail(kind, repr(error))
            continue
        added = {"BENCH_URL": url, "BENCH_KIND": kind}
        variants = [replace(target, variables=added) for target in targets]
        for number in range(plan.rounds):
            with ExitStack() as stack:
                ask = stack.enter_context(asking(url))
                servers = _start(run, variants, kind, plan, ask, stack)
                for workload in workloads_of(kind):
                    for server in servers[:: -1 if number % 2 else 1]:
                        _measure(run, server, number, workload, kind, plan)
    return run


def workloads_of(kind: str) -> tuple[str, ...]:
    """What is measured there."""
    return (*DATABASE, *RECORDS) if kind == "sqlite" else DATABASE


def answers(target: Target, workload: str) -> bool:
    """Whether a target has this workload."""
    if workload == "unit":
        return target.name in ("gambrel-fast", "by-hand")
    return workload not in RECORDS or target.name in OURS


def _start(
    run: Run, targets: Iterable[Target], kind: str, plan: Plan, ask: Ask, stack: ExitStack
) -> list[Server]:
    servers = []
    for target in targets:
        try:
            server = stack.enter_context(serving(target, plan.server_cpu))
        except StartError as error:
            run.fail(f"{target.name} on {kind}", str(error))
            continue
        servers.append(server)
        for workload in workloads_of(kind):
            if answers(target, workload) and (fault := check_rows_of(server, workload, ask)):
                run.fail(f"{target.name} {workload} on {kind}", fault)
    return servers


def _measure(run: Run, server: Server, number: int, workload: str, kind: str, plan: Plan) -> None:
    key = f"{server.target.name} {workload} on {kind}"
    if key in run.failures or not answers(server.target, workload):
        return
    try:
        values = measure_window(server, WORKLOADS[workload], "10", plan)
    except (LoadError, OSError) as error:
        run.fail(key, str(error))
        return
    run.samples.append(Sample(server.target.name, workload, kind, number, values))
    shown = "".join(f"{value:12,.2f} {name}" for name, value in values.items())
    print(f"round {number + 1}  {key:40}{shown}", flush=True)


# The databases --------------------------------------------------------------------------------

_TABLES: Final = (
    "CREATE TABLE world (id integer PRIMARY KEY, randomnumber integer NOT NULL)",
    "CREATE TABLE fortune (id integer PRIMARY KEY, message varchar(200) NOT NULL)",
    """CREATE TABLE post (id integer PRIMARY KEY, title text NOT NULL, body text NOT NULL,
       score integer NOT NULL)""",
)


def make_sqlite() -> str:
    """Makes the file anew, and returns its URL."""
    RESULTS.mkdir(exist_ok=True)
    path = RESULTS / "database.sqlite3"
    for suffix in ("", "-wal", "-shm"):
        path.with_name(path.name + suffix).unlink(missing_ok=True)
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("PRAGMA journal_mode = WAL")
        _fill(connection, "?")
    return f"sqlite:///{path}"


def make_postgresql() -> str:
    """Makes the database anew, and returns its URL."""
    import psycopg  # noqa: PLC0415 - only here; a driver that need not be installed

    with psycopg.connect(ADMIN, autocommit=True) as connection:
        connection.execute(f"DROP DATABASE IF EXISTS {NAME} WITH (FORCE)")
        connection.execute(f"CREATE DATABASE {NAME}")
    url = f"{ADMIN.rpartition('/')[0]}/{NAME}"
    with psycopg.connect(url) as connection:
        _fill(connection.cursor(), "%s")
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("VACUUM ANALYZE")
    return url


MAKERS: Final = {"postgresql": make_postgresql, "sqlite": make_sqlite}


def _fill(connection: Any, place: str) -> None:
    for table in _TABLES:
        connection.execute(table)
    worlds = [(number, number * 7919 % WORLDS + 1) for number in range(1, WORLDS + 1)]
    posts = [(n, f"Post {n}", "Of a hundred letters. " * 5, n % 10) for n in range(1, WORLDS + 1)]
    for table, rows in (("world", worlds), ("fortune", FORTUNES), ("post", posts)):
        places = ", ".join([place] * len(rows[0]))
        connection.executemany(f"INSERT INTO {table} VALUES ({places})", rows)


@contextmanager
def asking(url: str) -> Iterator[Ask]:
    """Asks the database itself, past every server."""
    if url.startswith("sqlite"):
        with closing(sqlite3.connect(url.removeprefix("sqlite:///"))) as connection:
            yield lambda sql: connection.execute(sql).fetchall()
        return
    import psycopg  # noqa: PLC0415 - as above

    with psycopg.connect(url, autocommit=True) as connection:
        yield lambda sql: connection.execute(sql).fetchall()
