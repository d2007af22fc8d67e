"""`gambrel shell`: Python with the running app in it; what is typed may `await`.

It runs on the app's event loop, as handlers do. That has a thread of its own, so the app goes on
while somebody thinks, and Ctrl+C in the terminal ends what was typed and not the app.
"""

import ast
import asyncio
import code
import inspect
import sys
from collections.abc import Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from types import CodeType, FunctionType
from typing import Any

import click

from gambrel import App
from gambrel.cli.failures import user_trace
from gambrel.cli.serving.safety import build_safely
from gambrel.cli.target import load_app, load_module, split_target

__all__ = ["Console", "command", "running"]


@click.command("shell")
@click.argument("target", default="app.py")
@click.option("-c", "line", metavar="CODE", default="", help="Run this, and end.")
def command(target: str, line: str) -> None:
    """Type Python with the app of TARGET (app.py) running; it may await.

    The public names of the app's module are there, and `app`. Exit code 0 at the end of the input,
    that of exit(); with -c, 1 where it fails.
    """
    app = load_app(target)
    build_safely(app, None)
    module = load_module(split_target(target)[0])
    names = {name: value for name, value in vars(module).items() if not name.startswith("_")}
    with running(app) as loop:
        console = Console({**names, "app": app, "__name__": "__console__"}, loop)
        if line:
            console.runsource(line, symbol="exec")
        else:
            complete(console)
            version = sys.version.partition(" ")[0]
            console.interact(f"Python {version} with {target} running; await works", "")
    sys.exit(1 if line and console.has_failed else 0)


class Console(code.InteractiveConsole):
    """Runs on a loop what is typed in another thread."""

    def __init__(self, names: dict[str, Any], loop: asyncio.AbstractEventLoop) -> None:
        super().__init__(names)
        self.names = names
        self.loop = loop
        self.has_failed = False
        self.compile.compiler.flags |= ast.PyCF_ALLOW_TOP_LEVEL_AWAIT

    def runcode(self, code: CodeType) -> None:
        """Run what was typed, and show its error. Raises SystemExit where it exits."""
        work = asyncio.run_coroutine_threadsafe(self.run(code), self.loop)
        try:
            error = work.result()
        except KeyboardInterrupt:
            work.cancel()
            raise
        if isinstance(error, SystemExit):
            raise error
        if error is not None:
            self.has_failed = True
            self.write(user_trace(error))

    async def run(self, code: CodeType) -> BaseException | None:
        """Run what was typed, and return its error: one that exits would end the loop."""
        try:
            result = FunctionType(code, self.names)()
            if code.co_flags & inspect.CO_COROUTINE:
                await result
        except (Exception, SystemExit) as error:
            return error
        return None

    def showsyntaxerror(self, *place: Any, **more: Any) -> None:
        """Show what is no Python."""
        self.has_failed = True
        super().showsyntaxerror(*place, **more)


@contextmanager
def running(app: App) -> Iterator[asyncio.AbstractEventLoop]:
    """Run an app in a thread of its own; raises what its start and its end raise."""
    opened: Future[tuple[asyncio.AbstractEventLoop, asyncio.Event]] = Future()

    async def live() -> None:
        async with app.running():
            end = asyncio.Event()
            opened.set_result((asyncio.get_running_loop(), end))
            await end.wait()

    with ThreadPoolExecutor(1, thread_name_prefix="gambrel-shell") as pool:
        lives = pool.submit(lambda: asyncio.run(live()))
        either: list[Future[Any]] = [opened, lives]
        wait(either, return_when=FIRST_COMPLETED)
        if not opened.done():
            lives.result()
        loop, end = opened.result()
        try:
            yield loop
        finally:
            loop.call_soon_threadsafe(end.set)
            lives.result()


def complete(console: Console) -> None:
    """Let Tab complete names, where Python can."""
    try:
        import readline
        import rlcompleter
    except ImportError:
        return
    readline.set_completer(rlcompleter.Completer(console.names).complete)
    readline.parse_and_bind("tab: complete")
