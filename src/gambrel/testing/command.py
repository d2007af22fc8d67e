"""`run_command`: the `gambrel` command in the process of the test.

Nothing is left behind but imported modules: streams and the import path are as before.
"""

import importlib
import io
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass
from typing import Any

__all__ = ["Result", "run_command"]


@dataclass(frozen=True, slots=True)
class Result:
    """How a command has ended, and what it has written."""

    exit_code: int
    stdout: str
    stderr: str


def run_command(args: Sequence[str], *, stdin: str = "") -> Result:
    """Run `gambrel ARGS…` and return how it ended: `run_command(["routes", "app.py"])`.

    `stdin` is what it reads. Exceptions the command line itself does not answer are raised.
    """
    main: Callable[..., Any] = importlib.import_module("gambrel.cli.main").main
    stdout, stderr = text_stream(), text_stream()
    with redirect_stdout(stdout), redirect_stderr(stderr), surroundings(text_stream(stdin)):
        exit_code = exit_code_of(main, list(args))
    return Result(exit_code, written(stdout), written(stderr))


def exit_code_of(main: Callable[..., Any], args: list[str]) -> int:
    """Call `main` and return the exit code that a process would have had."""
    try:
        main(args, prog_name="gambrel")
    except SystemExit as leaving:
        if leaving.code is None or isinstance(leaving.code, int):
            return leaving.code or 0
        sys.stderr.write(f"{leaving.code}\n")
        return 1
    return 0


@contextmanager
def surroundings(stdin: io.TextIOWrapper) -> Iterator[None]:
    """Put `stdin` in place for a time; put it and the import path back afterwards."""
    before, path = sys.stdin, list(sys.path)
    sys.stdin = stdin
    try:
        yield
    finally:
        sys.stdin = before
        sys.path[:] = path


def text_stream(text: str = "") -> io.TextIOWrapper:
    """Return a text stream with a binary one below it, as the streams of a process have."""
    return io.TextIOWrapper(io.BytesIO(text.encode()), encoding="utf-8", write_through=True)


def written(stream: io.TextIOWrapper) -> str:
    """Return what was written to a stream."""
    stream.seek(0)
    return stream.read()
