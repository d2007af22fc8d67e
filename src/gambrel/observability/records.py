"""Log records as one line each: JSON for machines, text for people.

A line has no control character but its own end, whatever is in the record; so nobody can forge a
line, move a terminal's cursor or turn the reading direction. Values are cut, secrets hidden.
"""

import json
import logging
import sys
from collections.abc import Callable
from contextvars import ContextVar
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any, TextIO

from gambrel.observability.scrub import HIDDEN, is_secret_name
from gambrel.sinks import Sink

__all__ = [
    "CURRENT_REQUEST",
    "JSONFormatter",
    "SinkHandler",
    "TextFormatter",
    "moment",
    "printable",
    "remember_request",
    "render_json",
    "shorten",
    "slow_teller",
    "thousandth",
]

VALUE_LIMIT = 1_024
SCRUB_LIMIT = 8_192
TRACE_LIMIT = 16_384

CURRENT_REQUEST: ContextVar[Any] = ContextVar("gambrel.request", default=None)
"""The request being answered, for whoever logs; set by the extension `Logging` alone."""

Scrub = Callable[[str], str]
_log = logging.getLogger("gambrel.slow")


def remember_request(request: Any) -> None:
    """Let log records that are made meanwhile name the request (an entrance)."""
    CURRENT_REQUEST.set(request)


def slow_teller(limit: float) -> Callable[[Any, int, float], None]:
    """Return an observer that logs answers which have taken longer than `limit` seconds."""

    def tell(request: Any, status: int, seconds: float) -> None:
        if seconds >= limit:
            route = request.route
            path = "no route" if route is None else f"{request.root_path}{route.pattern}"
            _log.warning("slow: %s %s, %d in %.3f s", request.method, path, status, seconds)

    return tell


_OWN = frozenset(logging.makeLogRecord({}).__dict__) | {"message", "asctime", "taskName"}


def printable(text: str) -> str:
    """Return `text` with all that is not printable ASCII escaped."""
    if text.isascii() and text.isprintable():
        return text
    return "".join(char if " " <= char <= "~" else ascii(char)[1:-1] for char in text)


def shorten(text: str, limit: int = VALUE_LIMIT) -> str:
    """Return `text` cut to `limit` characters, with a note of how many there were."""
    return text if len(text) <= limit else f"{text[:limit]}... ({len(text)} characters)"


def moment(seconds: float) -> str:
    """Return a time in UTC, to the millisecond (RFC 3339)."""
    # Half a millionth more, for what is no sum of powers of two: 1.001 is a little less than that.
    return thousandth(int((seconds + 0.000_000_5) * 1_000))


@lru_cache(8)
def thousandth(number: int) -> str:
    """Return a time from its milliseconds: many lines have the same under load."""
    whole, rest = divmod(number, 1_000)
    return f"{datetime.fromtimestamp(whole, UTC):%Y-%m-%dT%H:%M:%S}.{rest:03d}Z"


def render_json(values: dict[str, Any]) -> str:
    """Return an object as JSON on one line, in printable ASCII."""
    return json.dumps(values).replace("\x7f", "\\u007f")


class _LineFormatter(logging.Formatter):
    """What both forms share: the message and the trace, without secrets."""

    def __init__(self, scrub: Scrub | None = None) -> None:
        super().__init__()
        self.scrub: Scrub = scrub or str

    def clean(self, value: object) -> str:
        """Return a value as text without secrets, short."""
        text = str(value)
        # What is cut off is not searched, so that a megabyte costs no more than a page.
        shown = self.scrub(text[:SCRUB_LIMIT])
        if len(text) <= SCRUB_LIMIT:
            return shorten(shown)
        return f"{shown[:VALUE_LIMIT]}... ({len(text)} characters)"

    def detail(self, name: str, value: object) -> Any:
        """Return what a record holds besides its message, as JSON may have it."""
        if is_secret_name(name):
            return HIDDEN
        is_plain = value is None or isinstance(value, bool | int | float)
        return value if is_plain else self.clean(value)

    def trace(self, record: logging.LogRecord) -> str:
        """Return the record's trace without secrets, or an empty text; of a long one the end."""
        parts = [self.formatException(record.exc_info)] if record.exc_info else []
        parts += [record.stack_info] if record.stack_info else []
        text = "\n".join(parts)
        if len(text) > TRACE_LIMIT:
            text = "...\n" + text[-TRACE_LIMIT:].partition("\n")[2]
        return self.scrub(text)

    def request_id(self) -> str:
        """Return the id of the request being answered, or an empty text."""
        request = CURRENT_REQUEST.get()
        return "" if request is None else request.id


def span_ids() -> dict[str, str]:
    """Return the ids of the OpenTelemetry span that is current, by their names; or none."""
    api = sys.modules.get("opentelemetry.trace")
    context = None if api is None else api.get_current_span().get_span_context()
    if context is None or not context.is_valid:
        return {}
    return {"trace_id": f"{context.trace_id:032x}", "span_id": f"{context.span_id:016x}"}


class JSONFormatter(_LineFormatter):
    """One JSON object per record: time, level, logger, message, request id, trace and extras.

    Where there is a span of OpenTelemetry, its ids stand in `trace_id` and `span_id`, unless the
    caller has given others.

    `scrub` is what messages, traces and extra texts pass through.
    """

    def format(self, record: logging.LogRecord) -> str:
        """Return the record as a line."""
        values: dict[str, Any] = {
            "time": moment(record.created),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": self.clean(record.getMessage()),
        }
        if request_id := self.request_id():
            values["request"] = request_id
        values |= {name: text for name, text in span_ids().items() if name not in record.__dict__}
        for name, value in record.__dict__.items():
            if name not in _OWN and name not in values:
                values[name] = self.detail(name, value)
        if trace := self.trace(record):
            values["trace"] = trace
        return render_json(values)


class TextFormatter(_LineFormatter):
    """A line for people, and the trace below it, indented; in colour on a terminal."""

    def __init__(self, scrub: Scrub | None = None, *, is_coloured: bool | None = None) -> None:
        super().__init__(scrub)
        self.is_coloured = sys.stderr.isatty() if is_coloured is None else is_coloured

    def format(self, record: logging.LogRecord) -> str:
        """Return the record as a line, or more where it has a trace."""
        level = f"{record.levelname.lower():<8}"
        if self.is_coloured:
            level = f"\x1b[{_COLOURS.get(record.levelno, '0')}m{level}\x1b[0m"
        parts = [moment(record.created)[11:-1], level, printable(self.clean(record.getMessage()))]
        if request_id := self.request_id():
            parts.append(f"[{request_id}]")
        if suppressed := getattr(record, "suppressed", 0):
            parts.append(f"(and {suppressed} more like it)")
        for name, text in span_ids().items():
            shown = self.clean(record.__dict__.get(name, text))
            parts.append(f"{name}={printable(shown)}")
        line = " ".join(parts)
        if trace := self.trace(record):
            lines = [f"    {printable(one)}" for one in trace.split("\n")]
            line = "\n".join([line, *lines])
        return line


class SinkHandler(logging.Handler):
    """Writes records to a stream in a thread: who logs waits for no terminal, pipe or disk."""

    def __init__(self, stream: TextIO) -> None:
        super().__init__()
        self.sink = Sink(str, lambda lost: f"({lost} lines are missing)", stream, delay=0.02)

    def emit(self, record: logging.LogRecord) -> None:
        """Make the line, and leave it to the thread."""
        try:
            self.sink.put(self.format(record))
        except Exception:  # as every handler does: whoever logs has other things to do
            self.handleError(record)

    def close(self) -> None:
        """Write what waits."""
        self.sink.close()
        super().close()


_COLOURS = {
    logging.DEBUG: "2",
    logging.INFO: "36",
    logging.WARNING: "33",
    logging.ERROR: "31",
    logging.CRITICAL: "1;31",
}
