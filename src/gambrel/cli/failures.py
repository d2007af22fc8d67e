"""What went wrong, told to whoever typed the command: the trace of their code, then three lines.

The group calls `tell` for every error that a command raises; `dev` for what fails in its worker.
"""

import asyncio
import contextlib
import importlib
import sysconfig
import traceback
import typing
from collections.abc import Callable, Iterator
from pathlib import Path
from types import TracebackType

import click

from gambrel import GambrelError

__all__ = ["describe", "is_framework", "place_of", "tell", "user_trace", "without_secrets"]

_SILENT = (
    str(Path(__file__).parents[1]),
    *(str(Path(str(module.__file__)).parent) for module in (importlib, asyncio, click)),
    *(str(module.__file__) for module in (contextlib, typing)),
    "<frozen importlib",
    "<endpoint ",
    "<string>",
)
_INSTALLED = (sysconfig.get_path("purelib"), sysconfig.get_path("platlib"))


def tell(error: BaseException) -> bool:
    """Write an error of ours to stderr, after the trace of its cause; False for any other."""
    if not isinstance(error, GambrelError):
        return False
    cause = error.__cause__
    error.hint = known_hint(cause or error) or error.hint
    if cause is not None and not isinstance(cause, GambrelError):
        click.echo(user_trace(cause), err=True, nl=False)
    click.echo(without_secrets(f"gambrel: {error}"), err=True)
    return True


def without_secrets(text: str) -> str:
    """Return a text as logs may keep it: the password of an address is hidden, say."""
    try:
        from gambrel.observability.scrub import Scrubber
    except ModuleNotFoundError:  # the battery is not there
        return text
    return Scrubber()(text)


def known_hint(error: BaseException) -> str | None:
    """Return what to write instead, where it is one of the commonest mistakes."""
    try:
        from gambrel.debug.foreign import foreign_name
        from gambrel.debug.hints import hint_for
    except ModuleNotFoundError:  # the battery is not there
        return None
    return foreign_name(error) if isinstance(error, GambrelError) else hint_for(error)


def describe(error: BaseException) -> str:
    """Return the type of an error and what it says, on one line."""
    text = str(error).strip().partition("\n")[0]
    return f"{type(error).__name__}: {text}" if text else type(error).__name__


def user_trace(error: BaseException) -> str:
    """Return the traceback of an error without frames that say nothing to the user, or secrets.

    Of packages that are installed, frames are left out where there are some of the user's.
    """
    trace = traceback.TracebackException.from_exception(error)
    errors = list(_chain(trace))
    for each in errors:
        each.stack = _without(each.stack, is_framework)
    if any(_without(each.stack, is_installed) for each in errors):
        for each in errors:
            each.stack = _without(each.stack, is_installed)
    return without_secrets("".join(trace.format()))


def _chain(trace: traceback.TracebackException) -> Iterator[traceback.TracebackException]:
    yield trace
    for inner in (trace.__cause__, trace.__context__, *(trace.exceptions or ())):
        if inner is not None:
            yield from _chain(inner)


def _without(
    stack: traceback.StackSummary, is_left_out: Callable[[str], bool]
) -> traceback.StackSummary:
    own = [frame for frame in stack if not is_left_out(frame.filename)]
    return traceback.StackSummary.from_list(own)


def is_framework(file: str) -> bool:
    """Tell whether a frame says nothing to the user: ours, or of what calls theirs for us."""
    return file.startswith(_SILENT)


def is_installed(file: str) -> bool:
    """Tell whether a frame is one of a package that was installed."""
    return file.startswith(_INSTALLED)


def place_of(trace: TracebackType | None) -> str:
    """Return `file:line` of the innermost frame of the user's."""
    frames = [f for f in traceback.extract_tb(trace) if not is_framework(f.filename)]
    frames = [f for f in frames if not is_installed(f.filename)] or frames
    if not frames:
        return ""
    path, here = Path(frames[-1].filename), Path.cwd()
    shown = path.relative_to(here) if path.is_relative_to(here) else path
    return f"{shown}:{frames[-1].lineno}"
