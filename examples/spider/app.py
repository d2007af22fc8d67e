"""A spider: every page below a URL, asked for once by ten workers that share a queue.

As a command for sites of your own, and as a route for those that strangers name.
"""

import asyncio
from html.parser import HTMLParser
from urllib.parse import urldefrag, urljoin

import httpx2
from msgspec import Struct, field

from gambrel import App
from gambrel.client import HTTP, HTTPClient, SafeHTTPClient

WORKERS = 10
PAGES = 1_000
SECONDS = 300.0


class Report(Struct):
    """Pages that were there, and those that were not; `is_complete` where nothing was left out."""

    fetched: list[str] = field(default_factory=list)
    dead: list[str] = field(default_factory=list)
    is_complete: bool = True


class Links(HTMLParser):
    """Finds where a page links to."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.page = page
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note the target of a link, without its fragment."""
        target = dict(attrs).get("href") if tag == "a" else None
        if target:
            self.found.append(urldefrag(urljoin(self.page, target)).url)


async def crawl(http: HTTPClient, base: str, seconds: float = SECONDS) -> Report:
    """Fetch every page below a URL, at most `PAGES` of them and for so many seconds."""
    queue: asyncio.Queue[str] = asyncio.Queue()
    seen: set[str] = set()
    report = Report()

    def add(url: str) -> None:
        if not url.startswith(base) or url in seen:
            return
        if len(seen) >= PAGES:
            report.is_complete = False
            return
        seen.add(url)
        queue.put_nowait(url)

    async def work() -> None:
        while True:
            url = await queue.get()
            try:
                for link in await links_of(http, url):
                    add(link)
                report.fetched.append(url)
            except httpx2.HTTPError:
                report.dead.append(url)
            finally:
                queue.task_done()

    add(base)
    workers = [asyncio.create_task(work()) for _ in range(WORKERS)]
    try:
        async with asyncio.timeout(seconds):
            await queue.join()
    except TimeoutError:
        report.is_complete = False
    finally:
        for worker in workers:
            worker.cancel()
        await asyncio.gather(*workers, return_exceptions=True)
    return report


async def links_of(http: HTTPClient, url: str) -> list[str]:
    """Return the links of a page. Raises httpx2.HTTPError where it is not to be had."""
    response = await http.get(url)
    response.raise_for_status()
    if not response.headers.get("content-type", "").startswith("text/html"):
        return []
    links = Links(url)
    links.feed(response.text)
    return links.found


app = App(extensions=[HTTP()])


@app.post("/crawls", deadline=SECONDS, cancel_on_disconnect=True)
async def crawl_for_strangers(http: SafeHTTPClient, url: str) -> Report:
    """Crawl a site of the public web; what is inside our own network is dead."""
    return await crawl(http, url)


@app.command
async def spider(http: HTTPClient, url: str) -> None:
    """Crawl a site, whatever network it is in."""
    report = await crawl(http, url)
    for dead in report.dead:
        print(f"dead: {dead}")
    print(f"{len(report.fetched)} pages{'' if report.is_complete else ', and more'}")
