"""A state of a file as answers: heads rendered once, for each coding it can be sent in.

`Variants` is made when a file is first asked for; most requests are then a look at a few headers.
"""

from datetime import datetime
from typing import Any

from msgspec import Struct

from gambrel.core.http.fields.dates import format_http_date
from gambrel.core.http.headers import Headers
from gambrel.core.http.request import Request
from gambrel.core.http.response import Baked, Reply, Response, with_charset
from gambrel.files.parts import complete
from gambrel.files.ranges import ByteRange
from gambrel.files.response import FileResponse
from gambrel.files.static.codings import SUFFIXES, choose_coding
from gambrel.files.static.states import State
from gambrel.headers.conditional import ETag

__all__ = ["Variants"]

Pairs = list[tuple[str, str]]

_WISHES = "gambrel.files.wishes"
_CONDITIONS = ("range", "if-modified-since", "if-match", "if-unmodified-since")
_SCRIPTS = frozenset({"text/javascript"})


class Variant(Struct, frozen=True):
    """What is sent in one coding."""

    body: bytes
    etag: ETag
    text: str
    modified: datetime
    pairs: Pairs
    whole: Baked
    unchanged: Baked


class Variants:
    """The answers of one state: `respond(request)`. `caching` is the value of `Cache-Control`."""

    def __init__(self, state: State, caching: str, fields: Pairs, built: Any) -> None:
        self.state = state
        self.fields = [("cache-control", caching), ("x-content-type-options", "nosniff"), *fields]
        self.offers = tuple(state.packed)
        if self.offers:
            self.fields.append(("vary", "accept-encoding"))
        if state.media_type in _SCRIPTS:
            # A worker lives under the policy of its own file: that of pages, not that of data.
            pages = built.defaults(200, "text/html")
            self.fields += [pair for pair in pages if pair[0] == "content-security-policy"]
        self.plain: Variant | None = None
        self.packed: dict[str, Variant] = {}
        if state.content is not None:
            self.plain = self.variant(built, state.content, "")
            for coding, body in state.packed.items():
                self.packed[coding] = self.variant(built, body or b"", coding)

    def variant(self, built: Any, body: bytes, coding: str) -> Variant:
        """Return the variant of a coding, with heads that have all that the app adds."""
        state = self.state
        etag = ETag(f"{state.digest[:32]}-{coding}" if coding else state.digest[:32])
        told = [
            ("etag", str(etag)),
            ("last-modified", format_http_date(state.modified)),
            *self.fields,
        ]
        pairs = [("content-type", with_charset(state.media_type)), *told]
        pairs += [("accept-ranges", "bytes")]
        pairs += [("content-encoding", coding)] if coding else []
        whole = complete_head(pairs, built.defaults(200, state.media_type))
        unchanged = complete_head(told, built.defaults(304, None))
        heads = Baked(200, whole), Baked(304, unchanged)
        return Variant(body, etag, str(etag), state.modified, pairs, *heads)

    def respond(self, request: Request) -> Response:
        """Return the answer to one request."""
        accepted, tag, has_more = wishes_of(request.headers)
        variant = self.plain
        coding = choose_coding(accepted, self.offers) if self.offers else "identity"
        if variant is None:
            return self.stream(coding)
        if coding != "identity":
            variant = self.packed[coding]
        if not has_more:
            if tag is None:
                return Reply(variant.whole, variant.body)
            if tag == variant.text:
                return Reply(variant.unchanged, b"")
        return partial(request, variant)

    def stream(self, coding: str) -> FileResponse:
        """Return the answer for a large file, which is read while it is sent."""
        state = self.state
        name = state.inner + SUFFIXES.get(coding, "")
        response = FileResponse(name, root=state.root, media_type=state.media_type)
        for field, value in self.fields:
            response.headers[field] = value
        if coding != "identity":
            response.headers["content-encoding"] = coding
        return response


def wishes_of(headers: Headers) -> tuple[str, str | None, bool]:
    """Return `Accept-Encoding`, `If-None-Match`, and whether there is any other condition.

    Kept with the headers: a connection whose requests repeat them is given the same object.
    """
    kept: tuple[str, str | None, bool] | None = headers.__dict__.get(_WISHES)
    if kept is None:
        first = headers.first
        has_more = any(first(name) is not None for name in _CONDITIONS)
        kept = (first("accept-encoding") or "", first("if-none-match"), has_more)
        headers.__dict__[_WISHES] = kept
    return kept


def complete_head(pairs: Pairs, defaults: Pairs) -> Pairs:
    """Return the fields of an answer, and those of the defaults that it does not set."""
    given = {name for name, _ in pairs}
    return [*pairs, *[pair for pair in defaults if pair[0] not in given]]


def partial(request: Request, variant: Variant) -> Response:
    """Return the answer to a request with conditions or a range.

    Raises PreconditionFailed and RangeNotSatisfiable.
    """
    answer = Response(b"", 200, variant.pairs)
    body = variant.body
    found = complete(
        answer,
        request.method,
        request.headers,
        etag=variant.etag,
        modified=variant.modified,
        size=len(body),
    )
    answer.body = b"".join(
        body[piece.start : piece.stop] if isinstance(piece, ByteRange) else piece for piece in found
    )
    return answer
