"""A middleware with a request before it and an answer behind it, and no app around."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from gambrel.core.http.request import Request
from gambrel.core.http.response import Response


def ask(
    middleware: Callable[..., Awaitable[Response]],
    request: Request,
    answer: Response | Callable[[Request], Any] | None = None,
) -> Response:
    """Return what the middleware answers when what comes next gives `answer`."""

    async def call_next(request: Request) -> Response:
        if callable(answer):
            found: Response = await answer(request)
            return found
        return answer or Response("next")

    async def run() -> Response:
        return await middleware(request, call_next)

    return asyncio.run(run())
