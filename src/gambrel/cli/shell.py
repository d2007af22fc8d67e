"""`gambrel shell`: Python with the running app in it; what is typed may `await`.

It runs on the app's event loop, as handlers do. That has a thread of its own, so the app goes on
while somebody thinks, and Ctrl+C in the terminal ends what was typed and not the app. Extensions
add names: one with `in_shell()`, an async context manager whose value has `names` and
`await ended(error)`, called when a line has ended.
"""

import ast
import asyncio
import code
import inspect
import os
import sys
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import AsyncExitStack, contextmanager
from pathlib import Path
from types import CodeType, FunctionType
from typing import Any

import click

from gambrel import App
from gambrel.cli.built import extensions_of
from gambrel.cli.failures import user_trace
from gambrel.cli.serving.safety import build_safely
from gambrel.cli.target import load_app, load_module, root_of, split_target

__all__ = ["Console", "command", "running"]


@click.command("shell")
@click.argument("target", default="app.py")
@click.option("-c", "line", metavar="CODE", default="", help="Run this, and end.")
def command(target: str, line: str) -> None:
    """Type Python with the app of TARGET (app.py) running; it may await.

    The public names of the app's module are there, `app`, and what extensions add: of a database
    its models, `select` and a session `db`, committed line by line. `reload()` begins anew with
    files that have changed. Exit code 0 at the end of the input, that of exit(); with -c, 1 where
    it fails.
    """
    app = load_app(target)
    build_safely(app, None)
    path = split_target(target)[0]
    module = load_module(path)
    names = {name: value for name, value in vars(module).items() if not name.startswith("_")}
    with running(app) as (loop, helpers):
        added = {name: value for one in helpers for name, value in one.names.items()}
        own = {"app": app, "reload": reload, "__name__": "__console__"}
        console = Console({**added, **names, **own}, loop, helpers)
        console.files = files_below(root_of(path))
        try:
            if line:
                if console.runsource(line, symbol="exec"):
                    console.has_failed = True
                    console.write("SyntaxError: it goes on, and nothing follows\n")
            else:
                complete(console)
                version = sys.version.partition(" ")[0]
                console.interact(f"Python {version} with {target} running; await works", "")
        except Reload:
            console.begins_anew = True
    if console.begins_anew:
        sys.stdout.flush()
        os.execv(sys.executable, sys.orig_argv)  # noqa: S606 - ourselves
    sys.exit(1 if line and console.has_failed else 0)


class Reload(SystemExit):
    """The shell ends, and begins anew."""


def reload() -> None:
    """Begin anew: with the files as they are now, and without what was typed."""
    raise Reload


class Console(code.InteractiveConsole):
    """Runs on a loop what is typed in another thread, and tells `helpers` when a line has ended."""

    def __init__(
        self, names: dict[str, Any], loop: asyncio.AbstractEventLoop, helpers: Sequence[Any] = ()
    ) -> None:
        super().__init__(names)
        self.names = names
        self.loop = loop
        self.helpers = helpers
        self.has_failed = False
        self.begins_anew = False
        self.files: dict[str, float] = {}
        self.compile.compiler.flags |= ast.PyCF_ALLOW_TOP_LEVEL_AWAIT

    def runcode(self, code: CodeType) -> None:
        """Run what was typed, and show its error. Raises SystemExit where it exits."""
        self.tell_changes()
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

    def tell_changes(self) -> None:
        """Say once of each file of the app that it has changed."""
        now = modified(self.files)
        changed = [file for file, when in now.items() if when != self.files[file]]
        self.files = now
        for file in changed:
            self.write(f"{os.path.relpath(file)} has changed: reload() begins anew with it\n")

    async def run(self, code: CodeType) -> BaseException | None:
        """Run what was typed, and return its error: one that exits would end the loop."""
        error: BaseException | None = None
        try:
            result = FunctionType(code, self.names)()
            if code.co_flags & inspect.CO_COROUTINE:
                await result
        except BaseException as raised:
            error = raised
        for helper in self.helpers:  # where one cannot commit, those after it do not either
            try:
                await helper.ended(error)
            except BaseException as failed:
                error = error or failed
        if error is not None and not isinstance(error, (Exception, SystemExit)):
            raise error
        return error

    def showsyntaxerror(self, *place: Any, **more: Any) -> None:
        """Show what is no Python."""
        self.has_failed = True
        super().showsyntaxerror(*place, **more)


def files_below(root: Path) -> dict[str, float]:
    """Return the files of modules that were loaded from a folder, and when they were changed."""
    found = [getattr(module, "__file__", None) or "" for module in list(sys.modules.values())]
    own = [file for file in found if file and Path(file).resolve().is_relative_to(root.resolve())]
    return modified(file for file in own if "site-packages" not in file)


def modified(files: Iterable[str]) -> dict[str, float]:
    """Return when files were changed; 0 for one that is gone."""
    return {file: Path(file).stat().st_mtime if Path(file).exists() else 0.0 for file in files}


Opened = tuple[asyncio.AbstractEventLoop, list[Any]]


@contextmanager
def running(app: App) -> Iterator[Opened]:
    """Run an app in a thread of its own; raises what its start and its end raise.

    Yields its loop, and what its extensions have for a shell.
    """
    opened: Future[tuple[Opened, asyncio.Event]] = Future()

    async def live() -> None:
        async with app.running(), AsyncExitStack() as stack:
            adding = [getattr(one, "in_shell", None) for one in extensions_of(app)]
            helpers = [await stack.enter_async_context(add()) for add in adding if add is not None]
            end = asyncio.Event()
            opened.set_result(((asyncio.get_running_loop(), helpers), end))
            await end.wait()

    with ThreadPoolExecutor(1, thread_name_prefix="gambrel-shell") as pool:
        lives = pool.submit(lambda: asyncio.run(live()))
        either: list[Future[Any]] = [opened, lives]
        wait(either, return_when=FIRST_COMPLETED)
        if not opened.done():
            lives.result()
        found, end = opened.result()
        try:
            yield found
        finally:
            found[0].call_soon_threadsafe(end.set)
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
