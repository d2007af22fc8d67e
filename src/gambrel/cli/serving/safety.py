"""Safe on first run, strict in production: what `run` and `dev` ask of an app before they serve.

On loopback in development a missing secret is made up, with a warning; anywhere else that, missing
hosts and debug keep the app from being served. What Python logs by itself, where the app has set
up no log, is written without secrets.
"""

import logging
from collections.abc import Callable, Iterable
from functools import cached_property

from gambrel import App, Secret
from gambrel.cli.built import ephemeral_secret, safety_problems
from gambrel.cli.serving.telling import say
from gambrel.extend import Level, Problem

__all__ = ["PlainFormatter", "build_safely", "hide_secrets", "tell_problems"]

_MADE_UP = "made up for this run"


def build_safely(app: App, bind_host: str | None, secret: str = "") -> list[Problem]:
    """Build the app to be served at an address (None: unknown), and return its problems.

    `secret` is used where none is set; without it one is made up.

    Raises:
        GambrelError: The app cannot be built.
    """
    if not app.declarations.frozen:
        lend_secret(app, Secret(secret) if secret else ephemeral_secret())
    app.build()
    origins = {setting.name: setting.origin for setting in app.settings.describe()}
    has_secret = origins["secret_keys"] != _MADE_UP
    return [*safety_problems(app, bind_host, has_secret=has_secret), *app.problems(start=True)]


def lend_secret(app: App, secret: Secret) -> None:
    """Let the app have a secret if no other source has one."""
    settings = app.settings
    settings.give({"secret_keys": [secret]}, _MADE_UP)
    # Given last it would be the strongest argument, and it is to be the weakest.
    given = settings._arguments  # noqa: SLF001
    given.insert(0, given.pop())


def tell_problems(
    problems: Iterable[Problem], *, quiet: Iterable[str] = (), in_full: bool = False
) -> bool:
    """Write problems to stderr; return whether the app may be served.

    Warnings are on one line, or with place and hint where they are told `in_full`.
    """
    problems = list(problems)
    for problem in problems:
        if problem.level is Level.ERROR:
            say(f"gambrel: {problem}", err=True)
        elif problem.level is Level.WARNING and problem.id not in quiet:
            more = str(problem).split("\n")[1:] if in_full else ()
            say("\n".join((f"warning: {problem.message} [{problem.id}]", *more)), err=True)
    return not any(problem.level is Level.ERROR for problem in problems)


class PlainFormatter(logging.Formatter):
    """Formats as Python does, and hides the secrets of an app and what looks like one."""

    def __init__(self, app: App) -> None:
        super().__init__()
        self._app = app

    def format(self, record: logging.LogRecord) -> str:
        """Return the message and the trace of a record, without secrets."""
        return self.scrub(super().format(record))

    @cached_property
    def scrub(self) -> Callable[[str], str]:
        """What hides secrets; loaded by the first line of the log, which most apps never write."""
        try:
            from gambrel.observability.scrub import Scrubber
        except ModuleNotFoundError:  # the battery is not there
            return str
        return Scrubber(secret.reveal() for secret in self._app.settings.secrets())


def hide_secrets(app: App) -> None:
    """Let Python write the log of this process without secrets, where nobody has set up another."""
    if logging.lastResort is not None:
        logging.lastResort.setFormatter(PlainFormatter(app))
