"""Hooks: a plain function before or after the handler, as a middleware.

    @app.middleware
    @before_request
    async def closed_on_sundays(request):
        if datetime.now().weekday() == 6:
            return Text("Closed.", 503)

For what needs both sides, write a middleware: it is one function, too.
"""

import inspect
from collections.abc import Awaitable, Callable
from functools import wraps

from gambrel.core.http.request import Request
from gambrel.core.http.response import Response

__all__ = ["after_request", "before_request"]

CallNext = Callable[[Request], Awaitable[Response]]
Middleware = Callable[[Request, CallNext], Awaitable[Response]]
Before = Callable[[Request], Response | Awaitable[Response | None] | None]
After = Callable[[Request, Response], Response | Awaitable[Response | None] | None]


def before_request(hook: Before) -> Middleware:
    """Call `hook(request)` first, sync or async; a response it returns is the answer."""

    @wraps(hook)
    async def before(request: Request, call_next: CallNext) -> Response:
        answer = hook(request)
        if inspect.isawaitable(answer):
            answer = await answer
        return await call_next(request) if answer is None else answer

    return before


def after_request(hook: After) -> Middleware:
    """Call `hook(request, response)` last, sync or async; a response it returns takes its place."""

    @wraps(hook)
    async def after(request: Request, call_next: CallNext) -> Response:
        response = await call_next(request)
        answer = hook(request, response)
        if inspect.isawaitable(answer):
            answer = await answer
        if answer is None or answer is response:
            return response
        answer.on_close(response.close)
        return answer

    return after
