"""Reports of the Content-Security-Policy: what browsers say that a page was refused, as log lines.

Two formats: `application/csp-report` (`report-uri`, CSP 2) and `application/reports+json`
(`report-to`, Reporting API). Anybody can send them, so nothing in them is believed.
"""

import logging
import time
from collections.abc import Callable, Iterable
from typing import Any
from urllib.parse import urlsplit

import msgspec
from msgspec import Struct, field

from gambrel.core.http.errors import BadRequest, TooManyRequests, UnsupportedMediaType
from gambrel.core.http.request import Request
from gambrel.core.http.response import Response

__all__ = ["Collector", "Violation", "parse_reports"]

LEGACY, REPORTS = "application/csp-report", "application/reports+json"
MAX_BODY = 16_384
PER_BODY = 20
MAX_LINE = 10_000_000
KEPT = 1_000
_log = logging.getLogger("gambrel.csp")


class Violation(Struct, frozen=True):
    """What a page was refused: which directive, what it was about, and where it stands."""

    directive: str
    blocked: str
    page: str
    source: str = ""
    line: int = 0
    is_trial: bool = False

    def __str__(self) -> str:
        """Return it as a sentence."""
        verb = "would refuse" if self.is_trial else "refused"
        place = f", {self.source}:{self.line}" if self.source else ""
        return f"{self.directive} {verb} {self.blocked} on {self.page}{place}"


class Old(Struct, rename="kebab"):
    document_uri: str = ""
    effective_directive: str = ""
    violated_directive: str = ""
    blocked_uri: str = ""
    source_file: str | None = None
    line_number: int | None = None
    disposition: str = ""


class OldReport(Struct):
    report: Old = field(name="csp-report")


class New(Struct):
    document: str = field(default="", name="documentURL")
    directive: str = field(default="", name="effectiveDirective")
    blocked: str | None = field(default=None, name="blockedURL")
    source: str | None = field(default=None, name="sourceFile")
    line: int | None = field(default=None, name="lineNumber")
    disposition: str = ""


class NewReport(Struct):
    type: str
    body: msgspec.Raw = msgspec.Raw(b"{}")


def parse_reports(body: bytes, media_type: str) -> list[Violation]:
    """Return the violations in a body; reports of other types are left out.

    Raises UnsupportedMediaType for another format, BadRequest for what is none of it.
    """
    try:
        if media_type == LEGACY:
            old = msgspec.json.decode(body, type=OldReport).report
            directive = old.effective_directive or old.violated_directive.partition(" ")[0]
            where = (old.document_uri, old.source_file, old.line_number, old.disposition)
            return [violation(directive, old.blocked_uri, *where)]
        if media_type != REPORTS:
            raise UnsupportedMediaType(f"Send a report as {REPORTS} or {LEGACY}.")
        found = msgspec.json.decode(body, type=list[NewReport])[:PER_BODY]
        news = [msgspec.json.decode(r.body, type=New) for r in found if r.type == "csp-violation"]
        return [
            violation(n.directive, n.blocked, n.document, n.source, n.line, n.disposition)
            for n in news
        ]
    except msgspec.MsgspecError:
        raise BadRequest("This is no report.") from None


def violation(
    directive: str,
    blocked: str | None,
    page: str,
    source: str | None,
    line: int | None,
    disposition: str,
) -> Violation:
    """Return a violation of which every text is short, and can be a part of a line."""
    return Violation(
        directive=plain(directive, 40) or "?",
        blocked=place(blocked or "") or "?",
        page=place(page) or "?",
        source=place(source or ""),
        line=line if line is not None and 0 < line <= MAX_LINE else 0,
        is_trial=disposition == "report",
    )


def plain(text: str, size: int = 200) -> str:
    """Return the printable characters of a text, the first of them."""
    return "".join(char for char in text[: 4 * size] if char.isprintable())[:size]


def place(url: str) -> str:
    """Return a URL without what may be somebody's secret: user, query, fragment."""
    try:
        parts = urlsplit(plain(url))
    except ValueError:
        return "?"
    host = parts.netloc.rpartition("@")[2]
    return f"{parts.scheme}://{host}{parts.path}" if host else parts.scheme or parts.path


class Collector:
    """Takes reports, and logs each violation once an `every` seconds, `lines` of them a minute.

    Beyond that the answer is 429, and what was not told is counted.
    """

    def __init__(
        self, lines: int = 10, every: int = 3_600, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self.lines = lines
        self.every = every
        self.clock = clock
        self.told: dict[Violation, float] = {}
        self.window = (0.0, 0)
        self.untold = 0

    async def collect(self, request: Request) -> Response:
        """Answer a report: 204, or 429 where there are too many."""
        if self.is_full():
            self.untold += 1
            raise TooManyRequests("Too many reports.", headers={"retry-after": "60"})
        self.tell(parse_reports(await request.body(), request.media_type))
        return Response(b"", 204)

    def is_full(self) -> bool:
        """Whether all lines of this minute are written."""
        start, count = self.window
        return count >= self.lines and self.clock() - start < 60

    def tell(self, violations: Iterable[Violation]) -> None:
        """Log what was not logged lately."""
        now = self.clock()
        for one in violations:
            if now - self.told.get(one, -self.every) < self.every:
                continue
            if self.is_full():
                self.untold += 1
                continue
            start, count = self.window
            self.window = (start, count + 1) if now - start < 60 else (now, 1)
            more, self.untold = self.untold, 0
            _log.warning("%s%s", one, f" ({more} more were not told)" if more else "")
            self.told.pop(one, None)
            self.told[one] = now
            while len(self.told) > KEPT:
                del self.told[next(iter(self.told))]


def options() -> dict[str, Any]:
    """Return the options of the route that takes reports."""
    return {"methods": ("POST",), "hidden": True, "max_body": MAX_BODY}
