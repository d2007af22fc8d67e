"""Small things to test with: an app around an extension, and a request without a client.

Tests of extensions, middleware and functions that take a `Request` call these; nothing is served.
"""

import asyncio
from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import urlencode

import msgspec

from gambrel import App, Request, Response
from gambrel.core.http.headers import Headers
from gambrel.extend import Extension

__all__ = ["build", "make_request"]

FORM = "application/x-www-form-urlencoded"


def build(*extensions: Extension, **options: Any) -> App:
    """Return the smallest app around some extensions: without the default ones, built.

    `options` are those of `App`. Raises GambrelError where the extensions cannot be installed.
    """
    app = App(extensions=extensions, defaults=(), **options)
    app.build()
    return app


class StillConnection:
    """A connection whose client waits for ever; `responses` has what was delivered to it."""

    def __init__(self, app: Any, peer: tuple[str, int]) -> None:
        self.app = app
        self.client: tuple[str, int] | None = peer
        self.server: tuple[str, int] | None = ("localhost", 80)
        self.scheme = "http"
        self.http_version = "1.1"
        self.tls: dict[str, Any] | None = None
        self.responses: list[Response] = []

    def deliver(self, request: Request, response: Response) -> None:
        """Keep the answer."""
        self.responses.append(response)

    def waiting(self, request: Request, task: asyncio.Task[Response]) -> None:
        """Nothing: the client waits, however long it takes."""

    async def gone(self) -> None:
        """Never return."""
        await asyncio.Event().wait()


def make_request(
    method: str = "GET",
    target: str = "/",
    *,
    headers: Mapping[str, str] | Iterable[tuple[str, str]] = (),
    json: Any = None,
    form: Mapping[str, Any] | None = None,
    body: bytes | str = b"",
    app: Any = None,
    peer: tuple[str, int] = ("127.0.0.1", 50_000),
) -> Request:
    """Return a request as an edge would make it, its body already there.

    `target` is the path as on the wire, percent-encoded, with its query. The body is `json`,
    `form` or `body`, whichever is given; it brings its `Content-Type` and `Content-Length`, which
    `headers` may replace. `peer` is the address of the client.
    """
    # To pyright, an iterable of pairs might be a mapping that has pairs for keys.
    pairs: list[Any] = list(headers.items() if isinstance(headers, Mapping) else headers)
    content = body.encode() if isinstance(body, str) else body
    more = {"host": "localhost"}
    if json is not None:
        content, more["content-type"] = msgspec.json.encode(json), "application/json"
    elif form is not None:
        content, more["content-type"] = urlencode(form, doseq=True).encode(), FORM
    if content:
        more["content-length"] = str(len(content))
    given = {name.lower() for name, _ in pairs}
    pairs = [*((name, value) for name, value in more.items() if name not in given), *pairs]
    raw_path, _, query = target.partition("?")
    return Request(method, raw_path, query, Headers(pairs), StillConnection(app, peer), content)
