"""`Refresh`: pages of `gambrel dev` are loaded again by the browser when a file has changed.

Only the process that serves an app for its developer installs it. It stands before the routes and
the middleware of the app, has no route, and touches nothing but pages that a browser navigates to.
"""

import asyncio
import os
from collections.abc import AsyncIterator, Awaitable, Callable
from functools import cached_property
from pathlib import Path
from typing import Any

from gambrel import Request, Response
from gambrel.core.http.headers import Headers
from gambrel.core.http.threads import iterate
from gambrel.extend import ENTRANCES, Setup

__all__ = ["PREFIX", "Refresh", "admitted"]

PREFIX = "/_gambrel/refresh"
SCRIPT, NEWS = f"{PREFIX}.js", f"{PREFIX}/news"
CSP = "content-security-policy"
RETRY = 50
"""Milliseconds until a browser asks the next process."""

CallNext = Callable[[Request], Awaitable[Response]]


class Refresh:
    """Add a script to pages, and tell it what has changed: `changed(...)`, from any thread.

    `shows_error` where the app itself could not be served, `is_stale` once that may be mended.
    """

    name = "refresh"
    requires = ()
    settings = None

    def __init__(self) -> None:
        self.process = os.urandom(4).hex()
        self.pages = self.styles = 0
        self.is_over = self.shows_error = self.is_stale = False
        self.waiting: dict[asyncio.Event, asyncio.AbstractEventLoop] = {}

    def install(self, setup: Setup) -> None:
        """Stand before everything else."""
        setup.add(ENTRANCES, self.enter)

    @cached_property
    def script(self) -> bytes:
        """The script of the pages."""
        return Path(__file__).with_name("refresh.js").read_bytes()

    # What has changed ---------------------------------------------------------------------------

    def changed(self, *, only_styles: bool) -> None:
        """Tell the pages of a change: styles are exchanged, for all else they are loaded again."""
        if only_styles:
            self.styles += 1
        else:
            self.pages += 1
        self.wake()

    def end(self) -> None:
        """End all streams: the next process goes on."""
        self.is_over = True
        self.wake()

    def wake(self) -> None:
        """Let the streams look."""
        for event, loop in list(self.waiting.items()):
            loop.call_soon_threadsafe(event.set)

    async def news(self) -> AsyncIterator[bytes]:
        """Yield the state now and after each change, as server-sent events."""
        event = asyncio.Event()
        self.waiting[event] = asyncio.get_running_loop()
        try:
            yield f"retry: {RETRY}\n\n".encode()
            while not self.is_over:
                event.clear()
                state = f'{{"page":"{self.process}.{self.pages}","styles":{self.styles}}}'
                yield f"data: {state}\n\n".encode()
                await event.wait()
        finally:
            del self.waiting[event]

    # Requests -----------------------------------------------------------------------------------

    def enter(self, request: Request) -> Any:
        """Return what is put around a request, if anything is."""
        if request.raw_path.startswith(PREFIX):
            return self.answer
        if request.method != "GET" or request.headers.get("sec-fetch-dest") != "document":
            return None
        # A page that comes compressed could not be added to.
        kept = [pair for pair in request.headers.pairs() if pair[0] != "accept-encoding"]
        request.headers = Headers(kept)
        return self.add_script

    async def answer(self, request: Request, call_next: CallNext) -> Response:
        """Answer with the script or the stream."""
        headers = {"cache-control": "no-store"}
        if request.raw_path == SCRIPT:
            return Response(self.script, 200, headers, "text/javascript")
        if request.raw_path == NEWS:
            return Response(self.news(), 200, headers, "text/event-stream")
        return await call_next(request)

    async def add_script(self, request: Request, call_next: CallNext) -> Response:
        """Return a page with the script at its end, where its policy is made to let it in."""
        response = await call_next(request)
        kind = response.headers.get("content-type", "")
        if not kind.startswith("text/html") or response.status in {204, 206, 304}:
            return response
        policy = response.headers.get(CSP)
        if policy is None:
            policy = dict(request.app.build().defaults(response.status, kind)).get(CSP)
        origin = f"{request.scheme}://{request.host}"
        nonce = ""
        if policy:
            response.headers[CSP], nonce = admitted(policy, origin + SCRIPT, origin + NEWS)
        for field in ("content-length", "etag", "last-modified"):
            if field in response.headers:
                del response.headers[field]
        tag = f'<script src="{SCRIPT}" data-news="{NEWS}"{nonce}></script>'.encode()
        body = response.body
        response.body = body + tag if isinstance(body, bytes) else followed(body, tag)
        return response


async def followed(pieces: Any, last: bytes) -> AsyncIterator[bytes]:
    """Yield the pieces of a page, then the last one."""
    async for piece in iterate(pieces):
        yield piece
    yield last


def admitted(policy: str, script: str, news: str) -> tuple[str, str]:
    """Return a policy that lets in one script and its stream, and what the script's tag needs.

    All else stays forbidden, so that what the policy would keep out in production is kept out here.
    """
    given: dict[str, str] = {}
    for directive in policy.split(";"):
        name, _, sources = directive.strip().partition(" ")
        if name:
            given.setdefault(name.lower(), sources.strip())
    nonce = ""
    for names, url in (
        (("script-src-elem", "script-src", "default-src"), script),
        (("connect-src", "default-src"), news),
    ):
        found = next((name for name in names if name in given), None)
        if found is None:
            continue
        words = given[found].split()
        own = [one for one in words if one.startswith("'nonce-")]
        if own and url is script:
            nonce = f' nonce="{own[0][7:-1]}"'
        kept = [one for one in words if one.lower() != "'none'"]
        given[names[-2] if found == "default-src" else found] = " ".join([*kept, url])
    return "; ".join(f"{name} {sources}".strip() for name, sources in given.items()), nonce
