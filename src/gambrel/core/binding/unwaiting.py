"""Coroutine functions that never wait: telling them, and running them without a task.

A task is made so that it can be suspended; making one costs more than all else in a small request
(docs/decisions/0016-no-task-without-await.md). `plan` asks `can_wait` at start-up, and `generate`
writes a plain endpoint for what cannot.
"""

import inspect
import opcode
import types
from asyncio import CancelledError
from collections.abc import Callable, Generator
from typing import Any

from gambrel.core.http.errors import ServerError

__all__ = ["Runner", "can_wait"]

_SEND = opcode.opmap["SEND"]
"""What every `await`, `async for` and `async with` is compiled to."""


def can_wait(call: Callable[..., Any]) -> bool:
    """Whether a coroutine function may be suspended, or asks for the task it runs in.

    True for whatever is no plain function: its code is not known.
    """
    function = getattr(call, "__func__", call)
    if not inspect.isfunction(function) or not function.__code__.co_flags & inspect.CO_COROUTINE:
        return True
    code = function.__code__
    return _SEND in code.co_code[::2] or "current_task" in code.co_names


class Runner:
    """Runs coroutines that cannot wait, one at a time: `run(coroutine)` returns the result.

    A generator delegates to one after the other, which spares the exception that a coroutine
    driven by hand ends with. One that raises ends it: `failed` has to be told.
    """

    def __init__(self) -> None:
        self.start()

    def start(self) -> None:
        """Get ready."""
        generator: Any = results()
        next(generator)
        self.run = generator.send

    def failed(self, error: BaseException) -> BaseException:
        """Get ready again after a coroutine has raised `error`; return the one to answer.

        Raises `error` where it is not for the client but for whoever runs the loop.
        """
        self.start()
        if isinstance(error, CancelledError):
            return ServerError("The handler was cancelled.")
        if not isinstance(error, Exception | SystemExit):
            raise error
        return error


@types.coroutine
def results() -> Generator[Any, Any, Any]:
    """Take coroutines and give their results, by turns; keep no result."""
    coroutine = yield
    while True:
        coroutine = yield (yield from coroutine)
