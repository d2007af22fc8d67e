import asyncio
import re

import pytest
from sqlalchemy import select

from gambrel import App
from gambrel.db import AsyncSession, Database
from gambrel.db.visible.figures import in_use, waiting
from gambrel.observability.metrics import Metrics
from gambrel.testing import Client
from tests.db.several.ledger import make_app as make_ledger
from tests.db.shop import Base, Hero, make_database


def value(text: str, name: str) -> float:
    found = re.search(rf"^{name} (\S+)$", text, re.MULTILINE)
    assert found, text
    return float(found[1])


def test_statements_are_counted_from_the_first_look_on(url):
    app = App(extensions=[make_database(url, slow=0), Metrics()])

    @app.get("/heroes")
    async def heroes(db: AsyncSession) -> int:
        return len(list(await db.scalars(select(Hero))))

    with Client(app) as client:
        client.get("/heroes")
        first = client.get("/metrics").text
        client.get("/heroes")
        client.get("/heroes")
        text = client.get("/metrics").text

    assert value(first, "database_statements_total") == 0
    assert value(text, "database_statements_total") >= 2
    assert value(text, "database_statement_seconds_total") > 0
    assert value(text, "database_statements_failed_total") == 0
    assert value(text, "database_statements_slow_total") == 0
    assert value(text, "database_connections_in_use") == 0
    assert value(text, "database_connections_waiting") == 0


def test_nothing_hears_of_statements_until_somebody_looks(sqlite):
    app = App(extensions=[make_database(sqlite), Metrics()])
    database = app.extensions[0]
    assert isinstance(database, Database)
    with Client(app) as client:
        before = len(database.watch.hearers)
        client.get("/metrics")
        client.get("/metrics")

    assert (before, len(database.watch.hearers)) == (0, 1)


def test_each_database_has_figures_of_its_own(tmp_path):
    app = make_ledger(f"sqlite:///{tmp_path}/a.db", f"sqlite:///{tmp_path}/b.db")
    app.extensions = (*app.extensions, Metrics())
    with Client(app) as client:
        client.get("/metrics")
        client.get("/counts")
        text = client.get("/metrics").text

    assert value(text, "database_ledger_statements_total") == 1
    assert value(text, "database_statements_total") == 1


def test_connections_in_use_and_who_waits_for_one_are_seen(url):
    async def main() -> list[tuple[int, int]]:
        seen = []
        database = Database(url, pool_size=1, metadata=Base.metadata)
        async with database.running():

            async def hold(gate: asyncio.Event) -> None:
                async with database.session() as db:
                    await db.connection()
                    await gate.wait()

            gate = asyncio.Event()
            seen.append((in_use(database.engines), waiting(database.engines)))
            tasks = [asyncio.create_task(hold(gate)) for _ in range(3)]
            await asyncio.sleep(0.3)
            seen.append((in_use(database.engines), waiting(database.engines)))
            gate.set()
            await asyncio.gather(*tasks)
            seen.append((in_use(database.engines), waiting(database.engines)))
        return seen

    assert asyncio.run(main()) == [(0, 0), (1, 2), (0, 0)]


@pytest.mark.parametrize("slow", [0.0, 0.0000001])
def test_slow_statements_are_counted_where_there_is_a_limit(sqlite, slow):
    app = App(extensions=[make_database(sqlite, slow=slow), Metrics()])

    @app.get("/heroes")
    async def heroes(db: AsyncSession) -> int:
        return len(list(await db.scalars(select(Hero))))

    with Client(app) as client:
        client.get("/metrics")
        client.get("/heroes")
        text = client.get("/metrics").text

    assert value(text, "database_statements_slow_total") == (slow > 0)
