"""Run functions on an empty database, each with a session of its own."""

import asyncio
from collections.abc import Callable
from typing import Any

from sqlalchemy import MetaData

from gambrel.db import Database


def run(base: Any, url: str, *works: Callable[..., Any], **settings: Any) -> Any:
    """Return what the last function returns, on a database with the tables of these models."""
    return run_on(base.metadata, url, *works, **settings)


def run_on(metadata: MetaData, url: str, *works: Callable[..., Any], **settings: Any) -> Any:
    """Return what the last function returns, on a database with these tables."""

    async def main() -> Any:
        result = None
        database = Database(url, create=True, metadata=metadata, **settings)
        async with database.running():
            for work in works:
                async with database.session() as db:
                    result = await work(db)
        return result

    return asyncio.run(main())
