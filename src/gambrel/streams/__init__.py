"""Streams that go on: server-sent events, and feeds that many read at their own pace.

news: Feed[Item] = Feed()

@app.get("/news")
async def read(request: Request) -> AsyncIterator[ServerSentEvent]:
    async for event in news.events(request):
        yield event

news.publish(Item("hello"))
"""

from gambrel.streams.events import EventStream, ServerSentEvent
from gambrel.streams.feed import Entry, Feed

__all__ = ["Entry", "EventStream", "Feed", "ServerSentEvent"]
