"""The extensions of this battery: `AccessLog`, and `Logging` for everything else that is logged."""

import asyncio
import logging
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import Any, Literal, Self, TextIO

from msgspec import Struct

from gambrel.core.http.errors import GambrelError
from gambrel.extend import ANSWERED, ENTRANCES, OBSERVERS, Point, Setup
from gambrel.observability.access import AccessWriter, JSONForm, SpanIds, TextForm
from gambrel.observability.flood import FloodLimit
from gambrel.observability.records import (
    JSONFormatter,
    SinkHandler,
    TextFormatter,
    remember_request,
    slow_teller,
)
from gambrel.observability.scrub import Scrubber

__all__ = ["SPAN_IDS", "AccessLog", "Logging"]

SPAN_IDS: Point[SpanIds] = Point("ids of spans", key=lambda _: "span ids")
"""Gives trace and span of a request that was answered, for the access log; empty where none is."""

Form = Literal["auto", "json", "text"]


def wants_json(form: Form, environment: str) -> bool:
    """Say whether lines are JSON: where asked for, and by itself in all but development."""
    return form == "json" or (form == "auto" and environment != "development")


def opened(file: str) -> AbstractContextManager[TextIO | None]:
    """Return a file to append to, or nothing where no name is given.

    Raises GambrelError where it cannot be written.
    """
    if not file:
        return nullcontext()
    try:
        return Path(file).open("a", encoding="utf-8")
    except OSError as error:
        what = f"the access log cannot be written: {error.strerror}: {error.filename}"
        hint = "make its folder, for the user who serves; or leave out file: standard output"
        raise GambrelError("observability.access-log", what, "AccessLog(file=...)", hint) from error


class AccessLog(Struct, frozen=True, kw_only=True):
    """Write a line for every answer, to `file` or standard output.

    `form` is `"json"`, `"text"` or `"auto"`: text in development. A line tells the path without
    its query. What is no request, such as a malformed head, has one with `-` for method and path.
    """

    file: str = ""
    form: Form = "auto"

    name = "access_log"
    requires = ()

    @property
    def settings(self) -> Self:
        """Itself: every field is a setting."""
        return self

    def install(self, setup: Setup) -> None:
        """Declare the writer, and its life."""
        given: AccessLog = setup.settings.access_log
        is_json = wants_json(given.form, setup.settings.core.environment)
        writer = AccessWriter(JSONForm() if is_json else TextForm())

        async def access_log() -> AsyncIterator[None]:
            with opened(given.file) as stream:
                writer.sink.stream = stream
                writer.span_ids = next(iter(setup.declarations.values(SPAN_IDS)), None)
                try:
                    yield
                finally:
                    await asyncio.to_thread(writer.close)

        setup.lifespan(access_log)
        setup.add(ANSWERED, writer.record)


class Logging(Struct, frozen=True, kw_only=True):
    """Let the app's log go to standard error, a record a line, without secrets and floods.

    `form` as in `AccessLog`; `level` is the least to write, `levels` that of single loggers;
    `per_second` is how often one place may log. An answer whose head takes longer than `slow`
    seconds is told, with its route; 0 is slow for none. Records name the request they were made
    for. The root logger is set up while the app runs, and left alone if it has a handler already.
    What httpx2 tells of each request, with the whole URL, is written only if `levels` says so.
    """

    form: Form = "auto"
    level: str = "INFO"
    levels: dict[str, str] = {}
    per_second: int = 10
    slow: float = 0.0

    name = "logging"
    requires = ()

    @property
    def settings(self) -> Self:
        """Itself: every field is a setting."""
        return self

    def install(self, setup: Setup) -> None:
        """Declare the handler's life, and who names the request."""
        given: Logging = setup.settings.logging
        is_json = wants_json(given.form, setup.settings.core.environment)
        scrub = Scrubber(secret.reveal() for secret in setup.settings.secrets())
        formatter = JSONFormatter(scrub) if is_json else TextFormatter(scrub)

        def logging_handler() -> Iterator[None]:
            yield from given.handle(formatter)

        setup.lifespan(logging_handler)
        setup.add(ENTRANCES, remember_request)
        if given.slow > 0:
            setup.add(OBSERVERS, slow_teller(given.slow))

    def handle(self, formatter: logging.Formatter) -> Iterator[None]:
        """Have the root logger write lines until resumed."""
        root = logging.getLogger()
        handler = SinkHandler(sys.stderr)
        handler.setFormatter(formatter)
        handler.addFilter(FloodLimit(self.per_second))
        loggers: list[tuple[logging.Logger, Any]] = [(root, self.level)]
        loggers += [(logging.getLogger(name), level) for name, level in self.levels.items()]
        urls = logging.getLogger("httpx2")
        before = [(logger, logger.level) for logger in (urls, *(one for one, _ in loggers))]
        is_ours = not root.handlers
        try:
            if is_ours:
                root.addHandler(handler)
                for logger, level in loggers:
                    logger.setLevel(level.upper())
                if urls.name not in self.levels:
                    urls.setLevel(max(logging.WARNING, root.level))
            yield
        finally:
            handler.close()
            if is_ours:
                root.removeHandler(handler)
                for logger, level in before:
                    logger.setLevel(level)
