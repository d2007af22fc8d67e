"""News that reach the clients of every worker, by events and by WebSockets.

A feed is that of one process. What the workers share is a table; each reads
on in it from the last row it has seen, and tells its own clients.
"""

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from gambrel import App, Request, ServerSentEvent, WebSocket
from gambrel.streams import Feed

KEEP = 200
PAUSE = 0.2
"""Seconds between two looks at the table."""

TABLE = "create table if not exists news (id integer primary key autoincrement, text text not null)"


class News:
    """The table, and the clients of this worker."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self.path = path
        self.feed: Feed[str] = Feed(KEEP)
        with self.open() as rows:
            rows.execute(TABLE)
            [last] = rows.execute("select coalesce(max(id), 0) from news").fetchone()
        self.seen: int = last - KEEP

    @contextmanager
    def open(self) -> Iterator[sqlite3.Connection]:
        """Give a connection for one transaction; it waits while another worker writes."""
        with closing(sqlite3.connect(self.path, timeout=10)) as rows, rows:
            yield rows

    def add(self, text: str) -> int:
        """Put a line into the table, for all workers, and return its number; in a thread."""
        with self.open() as rows:
            return rows.execute("insert into news (text) values (?)", (text,)).lastrowid or 0

    def read_on(self) -> list[tuple[int, str]]:
        """Return what is new in the table; in a thread."""
        query = "select id, text from news where id > ? order by id"
        with self.open() as rows:
            return rows.execute(query, (self.seen,)).fetchall()

    async def tell(self) -> None:
        """Tell the clients of this worker what is new."""
        for number, text in await asyncio.to_thread(self.read_on):
            self.feed.publish(text, id=str(number))
            self.seen = number

    async def follow(self) -> None:
        """Do so until the worker ends."""
        while True:
            await asyncio.sleep(PAUSE)
            await self.tell()


app = App()


@app.lifespan
async def news_of_this_worker() -> AsyncIterator[News]:
    news = News(app.settings.core.instance / "news.db")
    await news.tell()  # what is there already, before anybody asks
    app.tasks.spawn(news.follow())
    yield news


@app.post("/news")
def publish(text: str, news: News) -> int:
    return news.add(text)


@app.get("/news")
async def read(request: Request, news: News) -> AsyncIterator[ServerSentEvent]:
    return news.feed.events(request, event="news")


@app.websocket("/news/socket")
async def listen(ws: WebSocket, news: News) -> None:
    await ws.send_each({"news": entry.value} async for entry in news.feed.subscribe())
