"""Conditional requests: entity tags, and the order in which conditions count.

File responses, cached responses and resources ask `evaluate()` what to do (RFC 9110 §13).
"""

from collections.abc import Mapping
from datetime import datetime
from enum import Enum

from msgspec import Struct

from gambrel.core.http.errors import BadRequest
from gambrel.core.http.fields.header_values import HEADER_LIMIT
from gambrel.headers.dates import parse_http_date

__all__ = ["Decision", "ETag", "evaluate", "parse_etags"]

ETAG_LIMIT = 64


class ETag(Struct, frozen=True):
    """An entity tag (RFC 9110 §8.8.3); `str()` is its form on the wire.

    Raises:
        ValueError: The value has a quote, a space or a control character.
    """

    value: str
    weak: bool = False

    def __post_init__(self) -> None:
        if not _is_opaque(self.value):
            raise ValueError(
                f"{self.value!r} cannot be an entity tag: printable, no quotes or spaces"
            )

    def __str__(self) -> str:
        return f'W/"{self.value}"' if self.weak else f'"{self.value}"'

    @classmethod
    def parse(cls, text: str) -> "ETag":
        """Read one entity tag. Raises BadRequest when it is malformed."""
        text = text.strip(" \t")
        weak = text.startswith("W/")
        quoted = text[2:] if weak else text
        if len(quoted) < 2 or quoted[0] != '"' or quoted[-1] != '"' or not _is_opaque(quoted[1:-1]):
            raise BadRequest("malformed entity tag")
        return cls(quoted[1:-1], weak)

    def matches_strongly(self, other: "ETag") -> bool:
        """Compare for byte-for-byte equality (RFC 9110 §8.8.3.2)."""
        return not self.weak and not other.weak and self.value == other.value

    def matches_weakly(self, other: "ETag") -> bool:
        """Compare for equivalence (RFC 9110 §8.8.3.2)."""
        return self.value == other.value


def _is_opaque(value: str) -> bool:
    return not any(char <= " " or char == '"' or char == "\x7f" or char > "\xff" for char in value)


def parse_etags(header: str) -> list[ETag] | None:
    """Read `If-Match` or `If-None-Match`; None stands for `*`.

    Raises:
        BadRequest: The header is malformed, longer than 8 kB or has more than 64 tags.
    """
    if header.strip(" \t") == "*":
        return None
    if len(header) > HEADER_LIMIT or header.count('"') > 2 * ETAG_LIMIT:
        raise BadRequest(f"more than {ETAG_LIMIT} entity tags")
    tags = []
    # A tag may hold a comma, so the quotes mark its ends: every second piece is one.
    pieces = header.split('"')
    for index in range(1, len(pieces), 2):
        before = pieces[index - 1].lstrip(" \t,")
        after_comma = index == 1 or "," in pieces[index - 1]
        if before not in {"", "W/"} or not after_comma:
            raise BadRequest("malformed list of entity tags")
        tags.append(ETag.parse(f'{before}"{pieces[index]}"'))
    if len(pieces) % 2 == 0 or not tags or pieces[-1].strip(" \t,"):
        raise BadRequest("malformed list of entity tags")
    return tags


class Decision(Enum):
    """What the conditions of a request ask for."""

    PERFORM = "perform"
    PERFORM_RANGE = "perform on the requested range"
    NOT_MODIFIED = "answer 304"
    PRECONDITION_FAILED = "answer 412"


def evaluate(
    method: str,
    headers: Mapping[str, str],
    *,
    etag: ETag | None = None,
    last_modified: datetime | None = None,
    exists: bool = True,
) -> Decision:
    """Weigh the conditions of a request against a representation, in RFC 9110 §13.2.2's order.

    `exists` says whether there is a representation at all (for `*`); `last_modified` is aware.

    Raises:
        BadRequest: A list of entity tags is malformed.
    """
    state = _State(etag, last_modified.replace(microsecond=0) if last_modified else None, exists)
    if not _may_proceed(headers, state):
        return Decision.PRECONDITION_FAILED
    reading = method in {"GET", "HEAD"}
    if _is_unchanged(headers, state, reading):
        return Decision.NOT_MODIFIED if reading else Decision.PRECONDITION_FAILED
    if method == "GET" and "range" in headers and _range_holds(headers.get("if-range"), state):
        return Decision.PERFORM_RANGE
    return Decision.PERFORM


class _State(Struct, frozen=True):
    etag: ETag | None
    last_modified: datetime | None
    exists: bool


def _may_proceed(headers: Mapping[str, str], state: _State) -> bool:
    """Steps 1 and 2: If-Match, or without it If-Unmodified-Since."""
    match = headers.get("if-match")
    if match is not None:
        tags = parse_etags(match)
        if tags is None:
            return state.exists
        etag = state.etag
        return etag is not None and any(etag.matches_strongly(tag) for tag in tags)
    since = parse_http_date(headers.get("if-unmodified-since", ""))
    if since is None or state.last_modified is None:
        return True
    return state.last_modified <= since


def _is_unchanged(headers: Mapping[str, str], state: _State, reading: bool) -> bool:
    """Steps 3 and 4: If-None-Match, or without it (reading only) If-Modified-Since."""
    none_match = headers.get("if-none-match")
    if none_match is not None:
        tags = parse_etags(none_match)
        if tags is None:
            return state.exists
        etag = state.etag
        return etag is not None and any(etag.matches_weakly(tag) for tag in tags)
    since = parse_http_date(headers.get("if-modified-since", "")) if reading else None
    return since is not None and state.last_modified is not None and state.last_modified <= since


def _range_holds(if_range: str | None, state: _State) -> bool:
    """Step 5: the range counts only for the very representation that `If-Range` names."""
    if if_range is None:
        return True
    if if_range.endswith('"'):
        try:
            return state.etag is not None and state.etag.matches_strongly(ETag.parse(if_range))
        except BadRequest:
            return False
    # RFC 9110 §13.1.5: a date must match exactly.
    since = parse_http_date(if_range)
    return since is not None and since == state.last_modified
