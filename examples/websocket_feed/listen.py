"""A program that follows the feed, also over restarts of its server: listen.py ws://127.0.0.1:8000"""

import asyncio
import sys

from gambrel.websockets import WebSocketFailed, connect


async def listen(url: str) -> int:
    """Answer each greeting until the feed has ended; return how many there were."""
    greetings = 0
    async for ws in connect(f"{url}/feed", type=str):
        async for greeting in ws:
            greetings += 1
            await ws.send(f"the program has heard: {greeting}")
    return greetings


if __name__ == "__main__":
    try:
        print(asyncio.run(listen(*sys.argv[1:2])), "greetings")
    except WebSocketFailed as failure:
        raise SystemExit(str(failure)) from None
