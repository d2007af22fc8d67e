"""An ASGI server of a few lines, and a client that does as it is told."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from contextlib import asynccontextmanager
from typing import Any

PATIENCE = 10.0  # seconds until a test gives up; never a measure


def scope_of(target: str = "/", method: str = "GET", **given: Any) -> dict[str, Any]:
    path, _, query = target.partition("?")
    headers = [(b"host", b"localhost"), *given.pop("headers", ())]
    return {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.4"},
        "http_version": "1.1",
        "method": method,
        "scheme": "http",
        "path": path,
        "raw_path": path.encode(),
        "query_string": query.encode(),
        "root_path": "",
        "headers": headers,
        "client": ("127.0.0.1", 50_000),
        "server": ("127.0.0.1", 80),
        **given,
    }


class Visit:
    """One request: the messages a client sends, and those it gets.

    `body` is sent piece by piece; None in it is a wait for `go`, and at its end for `left`.
    """

    def __init__(self, scope: dict[str, Any], body: Iterable[bytes | None] = ()) -> None:
        self.scope = scope
        self.pieces = list(body)
        self.sent: list[dict[str, Any]] = []
        self.left = asyncio.Event()
        self.go = asyncio.Event()
        self.is_whole = False
        self.received = 0
        self.on_send: Callable[[dict[str, Any]], Awaitable[None]] | None = None

    async def receive(self) -> dict[str, Any]:
        self.received += 1
        while self.pieces:
            piece = self.pieces.pop(0)
            if piece is not None:
                self.is_whole = not self.pieces
                return {"type": "http.request", "body": piece, "more_body": bool(self.pieces)}
            await self.go.wait()
        if not self.is_whole and not self.left.is_set() and not self.announces():
            self.is_whole = True
            return {"type": "http.request", "body": b"", "more_body": False}
        await self.left.wait()
        return {"type": "http.disconnect"}

    def announces(self) -> bool:
        """Whether the client has announced a body that it does not send whole."""
        return any(name == b"content-length" for name, _ in self.scope["headers"])

    async def send(self, message: dict[str, Any]) -> None:
        if self.on_send is not None:
            await self.on_send(message)
        self.sent.append(message)

    async def run(self, app: Any) -> "Visit":
        async with asyncio.timeout(PATIENCE):
            await app(self.scope, self.receive, self.send)
        return self

    @property
    def status(self) -> int:
        return self.sent[0]["status"]

    @property
    def body(self) -> bytes:
        return b"".join(message.get("body", b"") for message in self.sent[1:])

    def header(self, name: str) -> str | None:
        raw = name.encode()
        values = [value.decode() for key, value in self.sent[0]["headers"] if key == raw]
        assert len(values) < 2, values
        return values[0] if values else None


def visit(app: Any, target: str = "/", method: str = "GET", **given: Any) -> Visit:
    """Run the app for one request, and return what came of it."""

    async def scenario() -> Visit:
        body = given.pop("body", ())
        if body:
            length = str(sum(len(piece) for piece in body if piece)).encode()
            given["headers"] = [*given.get("headers", ()), (b"content-length", length)]
        async with app.running():
            return await Visit(scope_of(target, method, **given), body).run(app)

    return asyncio.run(scenario())


@asynccontextmanager
async def under_way(app: Any, one: Visit) -> Any:
    """Let a request run beside the block; wait for its end after it."""
    task = asyncio.create_task(one.run(app))
    try:
        yield task
        await task
    finally:
        task.cancel()


async def until(condition: Callable[[], object]) -> None:
    """Return once a condition holds."""
    async with asyncio.timeout(PATIENCE):
        while not condition():  # noqa: ASYNC110 - what is waited for has no event of its own
            await asyncio.sleep(0.001)
