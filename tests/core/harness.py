"""Requests to an app without a server: made here, answered by its pipeline, read whole."""

import asyncio
from collections.abc import AsyncIterable, AsyncIterator, Iterable
from typing import Any, NamedTuple
from urllib.parse import urlencode

import msgspec

from gambrel.core.app.app import App
from gambrel.core.http.errors import ServerError
from gambrel.core.http.headers import Headers
from gambrel.core.http.request import Request
from gambrel.core.http.response import Response

MULTIPART = "multipart/form-data; boundary=B"


class Answer(NamedTuple):
    """A response, read whole."""

    status: int
    headers: list[tuple[str, str]]
    body: bytes

    def header(self, name: str) -> str | None:
        return dict(self.headers).get(name)

    def json(self) -> Any:
        return msgspec.json.decode(self.body)

    @property
    def faults(self) -> list[tuple[str, str, str]]:
        """What a 422 says: place, path and code of each fault."""
        return [(f["in"], f["path"], f["code"]) for f in self.json().get("errors", ())]


class Wire:
    """A connection: keeps what is delivered, and the task that works on a request."""

    tls: dict[str, Any] | None = None

    def __init__(self, app: Any) -> None:
        self.app = app
        self.client: tuple[str, int] | None = ("127.0.0.1", 50000)
        self.server: tuple[str, int] | None = ("127.0.0.1", 80)
        self.scheme = "http"
        self.http_version = "1.1"
        self.kept: Any = None
        self.task: asyncio.Task[Response] | None = None
        self.answers = 0
        self.answer: asyncio.Future[Response] = asyncio.get_running_loop().create_future()

    def deliver(self, request: Request, response: Response) -> None:
        self.answers += 1
        if not self.answer.done():
            self.answer.set_result(response)

    def waiting(self, request: Request, task: asyncio.Task[Response]) -> None:
        def ended(task: asyncio.Task[Response]) -> None:
            if task.cancelled() and not task.cancelling():
                error = ServerError("The handler was cancelled.")
                self.app.pipeline.start(request, self.app.pipeline.failed(request, error))

        self.task = task
        task.add_done_callback(ended)

    async def gone(self) -> None:
        await asyncio.Event().wait()


class Pieces:
    """A body on its way."""

    def __init__(self, *pieces: bytes | Exception) -> None:
        self.pieces = pieces

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for piece in self.pieces:
            await asyncio.sleep(0)
            if isinstance(piece, Exception):
                raise piece
            yield piece


def make_request(
    app: Any,
    method: str = "GET",
    target: str = "/",
    headers: dict[str, str] | list[tuple[str, str]] | None = None,
    *,
    json: Any = None,
    form: dict[str, Any] | None = None,
    body: Any = b"",
) -> Request:
    """Return a request whose connection is a `Wire`; needs a running loop."""
    named = headers.items() if isinstance(headers, dict) else headers or []
    pairs = [*named] if "host" in dict(named) else [("host", "localhost"), *named]
    kind = ""
    if json is not None:
        body, kind = msgspec.json.encode(json), "application/json"
    elif form is not None:
        body, kind = urlencode(form, doseq=True).encode(), "application/x-www-form-urlencoded"
    if kind and "content-type" not in dict(named):
        pairs.append(("content-type", kind))
    path, _, query = target.partition("?")
    return Request(method, path, query, Headers(pairs), Wire(app), body)


async def read(response: Response) -> Answer:
    """Read a response to its end and close it, as an edge does."""
    body: Any = response.body
    try:
        if isinstance(body, AsyncIterable):
            body = b"".join([piece async for piece in body])
        elif not isinstance(body, bytes):
            body = b"".join(body)
    finally:
        await response.close()
    return Answer(response.status, list(response.headers.pairs()), body)


async def entered(request: Request) -> Response:
    """Send a request in by the way of edges with callbacks."""
    request.app.enter(request)
    response: Response = await request.connection.answer
    for _ in range(5):  # a second answer would come within a few turns of the loop
        await asyncio.sleep(0)
    assert request.connection.answers == 1
    return response


def ask(app: App, method: str = "GET", target: str = "/", *rest: Any, **content: Any) -> Answer:
    """Run the app for one request and return its answer; both entries must give the same."""

    async def main() -> list[Answer]:
        async with app.running():
            ways: Iterable[Any] = (app.respond, entered)
            return [
                await read(await way(make_request(app, method, target, *rest, **content)))
                for way in ways
            ]

    first, second = asyncio.run(main())
    assert shown(first) == shown(second)
    return first


def shown(answer: Answer) -> tuple[Any, ...]:
    """Return an answer without what is new each time."""
    body = answer.body
    if b'"incident"' in body:
        body = msgspec.json.encode({**answer.json(), "incident": ""})
    return answer.status, answer.headers, body
