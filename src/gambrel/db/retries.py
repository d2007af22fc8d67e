"""Trying again where two transactions stood in each other's way: opt-in, by route."""

import asyncio
import secrets
from collections.abc import Awaitable, Callable
from typing import Any

from gambrel.core.http.bodies.forms import Upload
from gambrel.core.http.request import Request
from gambrel.core.http.response import Response

__all__ = ["Retries", "mark_for_retry"]

FIRST = 0.01
"""Seconds to wait before the second attempt; twice as many before each one after."""


class Retries:
    """A middleware that handles a request again after a failure of serialisation or a deadlock.

    `@app.post("/transfer", middleware=[Retries()])`. The handler and its dependencies run anew, in
    a new transaction: let it do outside of the database nothing that must not be done twice, or do
    it by `db.after_commit`. Uploads are read again; a body that was streamed is gone, and its
    client gets the 503.
    """

    def __init__(self, attempts: int = 3) -> None:
        self.attempts = attempts

    async def __call__(
        self, request: Request, call_next: Callable[[Request], Awaitable[Response]]
    ) -> Response:
        """Answer the request, by a later attempt if need be."""
        body = request._body  # noqa: SLF001 - nothing else says whether it was taken
        state = vars(request.state)
        before = dict(state)
        for attempt in range(self.attempts - 1):
            response = await call_next(request)
            has_failed = state.pop(_MARK, False)
            if not (has_failed and await is_whole(request, body)):
                return response
            await response.close()
            request.__dict__.pop("draft", None)  # what the attempt has said of its answer
            state.clear()  # and what it has left there, messages for the next page among it
            state.update(before)
            await asyncio.sleep(FIRST * 2**attempt * (1 + secrets.randbelow(100) / 100))
        return await call_next(request)


async def is_whole(request: Request, body: Any) -> bool:
    """Whether the body of a request can be read once more; files of a form are wound back."""
    form = request.__dict__.get("form_data")
    if form is None:
        return request.is_buffered or request._body is body  # noqa: SLF001 - as above
    for _, value in form.pairs():
        if isinstance(value, Upload):
            try:
                await value.seek(0)
            except ValueError:  # the handler has closed it
                return False
    return True


_MARK = "gambrel.db.retry"


def mark_for_retry(request: Request) -> None:
    """Remember that a request has failed in a way that another attempt may not."""
    vars(request.state)[_MARK] = True
