"""What tests of the sync clients share: code that runs in a thread, beside a loop with a client."""

import asyncio
from collections.abc import Callable
from typing import Any

from gambrel.client import HTTPClient, SyncHTTPClient
from tests.client.answering import answering


def in_thread(answer: Any, do: Callable[[SyncHTTPClient, str], Any], **options: Any) -> Any:
    """Return `do(client, url)` from a thread; the other side answers as `answering` says."""

    async def main() -> Any:
        async with asyncio.timeout(30), answering(answer) as url, HTTPClient(**options) as client:
            return await asyncio.to_thread(do, SyncHTTPClient(client), url)

    return asyncio.run(main())
