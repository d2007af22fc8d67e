"""What a server is told when a connection to it begins: how long statements may take, and more."""

import asyncio
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from gambrel.db import AsyncSession, Database
from gambrel.db.failures import is_unwell

ENDLESS = {"postgresql": "SELECT pg_sleep(20)", "mariadb": "SELECT SLEEP(20)"}


def run(url: str, work: Any, **settings: Any) -> Any:
    async def main() -> Any:
        async with Database(url, **settings).running() as database, database.session() as db:
            return await work(db)

    return asyncio.run(main())


@pytest.mark.parametrize(
    "kind",
    [
        pytest.param("postgresql", marks=pytest.mark.service("postgres")),
        pytest.param("mariadb", marks=pytest.mark.service("mariadb")),
    ],
)
def test_a_statement_ends_by_itself_in_time(kind, request):
    url = request.getfixturevalue("postgres" if kind == "postgresql" else kind)

    async def work(db: AsyncSession) -> None:
        async with asyncio.timeout(10):
            await db.execute(text(ENDLESS[kind]))

    with pytest.raises(DBAPIError) as raised:
        run(url, work, statement_timeout=0.2)

    assert is_unwell(raised.value)


@pytest.mark.service("postgres")
def test_what_the_url_says_of_a_connection_holds(postgres):
    async def work(db: AsyncSession) -> list[Any]:
        return [
            await db.scalar(text(f"SHOW {one}")) for one in ("search_path", "statement_timeout")
        ]

    url = f"{postgres}?options=-csearch_path%3Dother&connect_timeout=7&keepalives_idle=99"

    assert run(url, work, statement_timeout=9) == ["other", "9s"]
