"""Run functions on an empty database, each with a session of its own."""

import asyncio
from collections.abc import Callable
from typing import Any

from gambrel.db import Database


def run(base: Any, url: str, *works: Callable[..., Any], **settings: Any) -> Any:
    """Return what the last function returns."""

    async def main() -> Any:
        result = None
        database = Database(url, create=True, metadata=base.metadata, **settings)
        async with database.running():
            for work in works:
                async with database.session() as db:
                    result = await work(db)
        return result

    return asyncio.run(main())
