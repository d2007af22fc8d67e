"""Chinook and Northwind, whole: written as models, made again, paged through, carried elsewhere.

They are where GAMBREL_SAMPLE_DATA names a folder that has them.
"""

import asyncio
import shutil
from decimal import Decimal
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from sqlalchemy import func, select

from gambrel.db import AsyncSession, Database
from gambrel.db.connections.urls import parse_address
from gambrel.db.inspection.reading import inspect_url, read
from gambrel.db.inspection.writing import write_models
from gambrel.db.transfer.dumping import dump
from gambrel.db.transfer.loading import load as load_rows
from gambrel.db.transfer.opening import connected
from tests.db.conftest import postgres, servers
from tests.db.inspection.roundtrip import base_of, difference, engine_of, load
from tests.db.inspection.samples import SAMPLES, file_of, is_there

__all__ = ["postgres", "servers"]  # fixtures
pytestmark = pytest.mark.slow
ROWS = {"chinook": 15_607, "northwind": 3_362}


def need(sample: str) -> None:
    if not is_there(sample):
        pytest.skip("GAMBREL_SAMPLE_DATA names no folder with the sample databases")


@pytest.fixture(params=SAMPLES)
def real(request: pytest.FixtureRequest, postgres: str) -> tuple[str, str]:
    """Return the name of a sample, and where it is with all its rows."""
    need(request.param)
    text = file_of(request.param).read_text(encoding="utf-8-sig")
    text = text.rpartition("\\c chinook;")[2]  # the database is there
    text = text.replace("SET default_with_oids = false;", "")  # which has gone from PostgreSQL
    engine = engine_of(postgres)
    with engine.begin() as connection:
        connection.connection.cursor().execute(text)
    return request.param, postgres


def test_real_databases_are_made_again_paged_through_and_carried_elsewhere(real, tmp_path):
    sample, url = real
    code = write_models(inspect_url(url))
    module = load(code, tmp_path, f"models_of_{sample}")
    metadata = base_of(module).metadata

    with engine_of(url).connect() as connection:
        assert difference(connection, metadata) == []
    assert walked(url, module) == ROWS[sample] - links_of(url, module)

    # to SQLite, and back into tables that were made of the models
    there = f"sqlite:///{tmp_path}/there.db"
    assert carried(url, there, metadata, tmp_path / "out.zip") == ROWS[sample]
    assert walked(there, module) == ROWS[sample] - links_of(there, module)
    with engine_of(url).begin() as connection:
        connection.exec_driver_sql("DROP SCHEMA public CASCADE; CREATE SCHEMA public")
    assert carried(there, url, metadata, tmp_path / "back.zip") == ROWS[sample]
    with engine_of(url).connect() as connection:
        assert write_models(read(connection, [None])) == code


def test_a_real_file_of_sqlite_is_used_as_it_is_and_carried_to_postgresql(postgres, tmp_path):
    sample = "chinook"
    need(sample)
    file = tmp_path / "found.db"
    shutil.copyfile(file_of(sample).with_name("chinook.sqlite"), file)
    file.chmod(0o600)
    url = f"sqlite:///{file}"

    module = load(write_models(inspect_url(url)), tmp_path, "models_of_a_file")

    with engine_of(url).connect() as connection:
        assert difference(connection, base_of(module).metadata) == []
    assert walked(url, module) == ROWS[sample] - links_of(url, module)
    assert asked(url, module, select(func.sum(module.Invoice.total))) == Decimal("2328.60")
    carried(url, postgres, base_of(module).metadata, tmp_path / "out.zip")
    assert walked(postgres, module) == ROWS[sample] - links_of(postgres, module)
    assert asked(postgres, module, select(func.sum(module.Invoice.total))) == Decimal("2328.60")


def models_of(module: ModuleType) -> list[Any]:
    """Return the classes that have a table."""
    return [
        mapper.class_
        for mapper in base_of(module).registry.mappers
        if mapper.class_.__module__ == module.__name__
    ]


def links_of(url: str, module: ModuleType) -> int:
    """Return how many rows stand in tables of nothing but pairs, which have no class."""
    mapped = {model.__table__ for model in models_of(module)}
    links = [table for table in base_of(module).metadata.tables.values() if table not in mapped]
    return sum(asked(url, module, select(func.count()).select_from(one)) for one in links)


def walked(url: str, module: ModuleType) -> int:
    """Go through all rows of all models by their keys, and return how many there are."""

    async def walk(db: AsyncSession) -> int:
        total = 0
        for model in models_of(module):
            seen, after = set(), None
            while True:
                found = await db.slice(select(model), size=100, after=after)
                keys = {tuple(db.sync_session.identity_key(instance=row)[1]) for row in found.items}
                assert len(keys) == len(found.items)
                assert not keys & seen
                seen |= keys
                after = found.next
                if after is None:
                    break
            page = await db.page(select(model), size=10)
            assert page.total == len(seen)
            total += len(seen)
        return total

    number: int = in_session(url, module, walk)
    return number


def asked(url: str, module: ModuleType, statement: Any) -> Any:
    async def ask(db: AsyncSession) -> Any:
        return await db.scalar(statement)

    return in_session(url, module, ask)


def in_session(url: str, module: ModuleType, function: Any) -> Any:
    async def main() -> Any:
        database = Database(url, metadata=base_of(module).metadata)
        async with database.running(), database.session(read_only=True) as db:
            return await function(db)

    return asyncio.run(main())


def carried(source: str, target: str, metadata: Any, file: Path) -> int:
    """Carry all rows from one database to another, which compares them; return how many."""
    with connected(parse_address(source, Path()), writes=False) as connection:
        dump(connection, metadata, file)
    with connected(parse_address(target, Path()), writes=True) as connection:
        metadata.create_all(connection)
        return sum(load_rows(connection, metadata, file).values())
