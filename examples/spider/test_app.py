import asyncio
from collections import Counter
from collections.abc import Iterator

import httpx2
import pytest
from spider import app as module
from spider.app import Report, app, crawl

from gambrel import HTML, App, NotFound
from gambrel.client import HTTPClient, SafeHTTPClient
from gambrel.testing import Client, LiveServer, run_command

asked: Counter[str] = Counter()


def site() -> App:
    """A site of 30 pages that link to each other, one that is missing, and places outside."""
    pages = App(defaults=())

    @pages.get("/docs/")
    async def start() -> HTML:
        return page_with(*(str(number) for number in range(30)), "/secret", "http://127.0.0.1:1/")

    @pages.get("/docs/{name}")
    async def page(name: str) -> HTML:
        asked[name] += 1
        if name == "gone":
            raise NotFound
        return page_with("0", "../docs/1", "gone#top", "file")

    @pages.get("/docs/file")
    async def file() -> str:
        return '<a href="never">no page</a>'

    return pages


def page_with(*links: str) -> HTML:
    return HTML("<a>none</a>" + "".join(f'<a href="{link}">{link}</a>' for link in links))


@pytest.fixture
def base() -> Iterator[str]:
    asked.clear()
    with LiveServer(site()) as server:
        yield f"{server.url}/docs/"


def crawled(base: str, **options: float) -> Report:
    async def main() -> Report:
        async with HTTPClient() as http:
            return await crawl(http, base, **options)

    return asyncio.run(main())


def test_every_page_below_is_asked_for_once(base):
    report = crawled(base)

    assert sorted(report.fetched) == sorted(
        [base, f"{base}file", *(f"{base}{number}" for number in range(30))]
    )
    assert report.dead == [f"{base}gone"]
    assert report.is_complete
    assert set(asked.values()) == {1}


def test_a_site_without_an_end_is_left(base, monkeypatch):
    monkeypatch.setattr(module, "PAGES", 5)

    report = crawled(base)

    assert len(report.fetched) + len(report.dead) == 5
    assert not report.is_complete


def test_a_site_that_does_not_answer_is_left_when_time_is_up():
    async def never(_request: httpx2.Request) -> httpx2.Response:
        await asyncio.Event().wait()
        raise AssertionError

    async def main() -> Report:
        async with HTTPClient(transport=httpx2.MockTransport(never)) as http:
            return await crawl(http, "http://shop.example/", seconds=0.05)

    assert asyncio.run(main()) == Report(is_complete=False)


def test_the_command(base):
    result = run_command(["--app", "spider.app", "spider", base])

    assert result.stdout == f"dead: {base}gone\n32 pages\n"


def test_strangers_cannot_have_our_own_network_crawled(base):
    with Client(app) as client:
        report = client.post("/crawls", params={"url": base}).json()

    assert report == {"fetched": [], "dead": [base], "is_complete": True}
    assert not asked


def test_strangers_may_have_the_public_web_crawled():
    def answer(request: httpx2.Request) -> httpx2.Response:
        return httpx2.Response(200, html='<a href="/b">b</a>')

    def made_up() -> SafeHTTPClient:
        return SafeHTTPClient(transport=httpx2.MockTransport(answer))

    with Client(app) as client, client.override(SafeHTTPClient, made_up):
        report = client.post("/crawls", params={"url": "http://shop.example/"}).json()

    assert report["fetched"] == ["http://shop.example/", "http://shop.example/b"]
