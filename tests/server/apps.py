"""Apps to serve: small handlers that show what reached them."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any

from gambrel.core.app.app import App
from gambrel.core.http.request import Request
from gambrel.core.http.response import Response, Stream


class Seen:
    """What the handlers of an app were asked, in order."""

    def __init__(self) -> None:
        self.requests: list[str] = []


def echo_app(**options: Any) -> tuple[App, Seen]:
    """Return an app that tells what it was asked, and what its handlers have seen."""
    app, seen = App(**options), Seen()

    async def note(request: Request, call_next: Any) -> Response:
        seen.requests.append(f"{request.method} {request.raw_path}")
        response: Response = await call_next(request)
        return response

    app.middleware(note)
    for path, handler in {
        "/": root,
        "/later": later,
        "/thread": thread,
        "/nothing": nothing,
        "/cached": cached,
        "/target": target,
        "/headers": headers,
        "/stream": stream,
        "/rows": rows,
    }.items():
        app.get(path)(handler)
    for path, handler in {
        "/echo": echo,
        "/bytes": count,
        "/ignore": ignore,
        "/forget": forget,
    }.items():
        app.post(path)(handler)
    return app, seen


async def root() -> str:
    return "root"


async def later() -> str:
    await asyncio.sleep(0.001)
    return "later"


def thread() -> str:
    return "thread"


async def nothing() -> None:
    """Answer 204."""


async def cached() -> Response:
    return Response(b"never sent", 304, {"etag": '"1"'})


async def target(request: Request) -> dict[str, str]:
    return {"path": request.path, "raw": request.raw_path, "query": request.query_string}


async def headers(request: Request) -> dict[str, str]:
    return dict(request.headers)


async def echo(request: Request) -> Response:
    return Response(await request.body(), media_type="application/octet-stream")


async def count(request: Request) -> dict[str, int]:
    return {"bytes": sum([len(piece) async for piece in request.stream()])}


async def ignore() -> str:
    return "ignored"


async def forget() -> str:
    await asyncio.sleep(0.001)
    return "forgotten"


async def stream() -> Response:
    async def pieces() -> AsyncIterator[bytes]:
        for number in range(3):
            await asyncio.sleep(0)
            yield b"piece %d;" % number

    return Stream(pieces())


def rows() -> Iterator[str]:
    yield from ("one;", "two;", "three;")


def answering(response: Callable[[], Response]) -> App:
    """Return an app whose `/` answers with what `response()` returns, and `/next` with text."""
    app = App()

    @app.get("/")
    async def root() -> Response:
        return response()

    @app.get("/next")
    async def following() -> str:
        return "next"

    return app
