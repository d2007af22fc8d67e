"""Formats: the value of one handler as JSON, CSV, a page, or whatever else a client asks for.

It asks by `Accept`, by `?format=csv`, or by the suffix of a path. Handlers know nothing of it: what
they answer as JSON is read, and rendered anew.
"""

from collections.abc import Awaitable, Callable, Collection, Mapping
from typing import Any

import msgspec
from msgspec import Struct

from gambrel.core.http.errors import NotAcceptable
from gambrel.core.http.fields.negotiation import best_match
from gambrel.core.http.headers import Headers
from gambrel.core.http.request import Request
from gambrel.core.http.response import Response
from gambrel.tables import CSV

__all__ = ["Format", "Representer", "to_csv"]

CallNext = Callable[[Request], Awaitable[Response]]

_JSON, _MSGPACK = "application/json", "application/msgpack"
# They tell of the JSON that was rendered anew.
_CONTENT = frozenset({"content-type", "content-length", "etag"})


class Format(Struct, frozen=True):
    """A media type, and what renders plain values (texts, numbers, lists, dicts) as such.

    `render(value)` returns text, bytes or a response. Without it, the handler's own JSON or
    msgpack is meant.
    """

    media_type: str
    render: Callable[[Any], str | bytes | Response] | None = None


class Asked(Struct, frozen=True):
    """The format that the suffix of a path has asked for; kept in the state of the request."""

    name: str


def to_csv(value: Any) -> CSV:
    """Return rows as CSV: one per object or value, with the names of all objects as its header."""
    rows = value if isinstance(value, list) else [value]
    names = dict.fromkeys(name for row in rows if isinstance(row, dict) for name in row)
    if not names:
        return CSV(
            [[cell(item) for item in (row if isinstance(row, list) else [row])] for row in rows]
        )
    objects = [row if isinstance(row, dict) else {} for row in rows]
    return CSV([[cell(row.get(name)) for name in names] for row in objects], header=list(names))


def cell(value: Any) -> Any:
    """Return what stands in one cell: of an object or a list, its JSON."""
    if isinstance(value, dict | list):
        return msgspec.json.encode(value).decode()
    return "" if value is None else value


class Representer:
    """Answer in one of `formats`, by name; `json`, `msgpack` and `csv` are there already.

    `parameter` of the query names a format, and if `suffixes`, so does `/books.csv` where no route
    takes that path: one with `{id:int}` does not take `3.csv`, one with `{id}` does. A name that
    there is not is answered by 406 in the query, and by 404 as a suffix.
    `extra={"formats": ["csv"]}` says which of them a route has.
    """

    def __init__(
        self,
        formats: Mapping[str, Format] | None = None,
        *,
        parameter: str = "format",
        suffixes: bool = True,
    ) -> None:
        self.formats = {
            "json": Format(_JSON),
            "msgpack": Format(_MSGPACK),
            "csv": Format("text/csv", to_csv),
            **(formats or {}),
        }
        self.parameter = parameter
        self.suffixes = suffixes
        self.offers = {one.media_type: name for name, one in self.formats.items()}

    async def by_suffix(self, request: Request, call_next: CallNext) -> Response:
        """Look for a path without its suffix, where nothing is found with it."""
        path, _, name = request.raw_path.rpartition(".")
        is_missed = request.miss is not None and request.miss.status == 404
        if not is_missed or name not in self.formats or Asked in request.state:
            return await call_next(request)
        request.state[Asked] = Asked(name)
        request.raw_path = path
        for kept in ("path", "miss"):
            request.__dict__.pop(kept, None)
        response: Response = await request.app.respond(request)
        return response

    async def represent(self, request: Request, call_next: CallNext) -> Response:
        """Let the handler answer in JSON, and render that."""
        name = None if request.miss is not None else self.asked(request)
        if name is None or name not in self.of_route(request):
            return await call_next(request)
        wanted, given = self.formats[name], request.headers
        # The handler answers in JSON; an error may still be told in what was asked for.
        accept = (
            wanted.media_type if wanted.render is None else f"{wanted.media_type}, {_JSON};q=0.9"
        )
        others = [pair for pair in given.pairs() if pair[0] != "accept"]
        request.headers = Headers([*others, ("accept", accept)])
        try:
            response = await call_next(request)
        finally:
            request.headers = given
        usual = request.app.build().defaults(response.status, _JSON)
        return response if wanted.render is None else rendered(response, wanted, usual)

    def asked(self, request: Request) -> str | None:
        """Return the name of the format that the client asks for, None where it leaves it open."""
        if Asked in request.state:
            return request.state[Asked].name
        if self.parameter and self.parameter in request.query_string:
            named = request.query.get(self.parameter)
            if named in self.of_route(request):
                return named
            if named and not self.is_taken(request):
                known = ", ".join(self.of_route(request))
                raise NotAcceptable(f"There is no such format here, but {known}.")
        accept = request.headers.first("accept") or ""
        if not any(kind in accept for kind in self.offers if kind not in {_JSON, _MSGPACK}):
            return None
        best = best_match(accept, list(self.offers))
        return None if best in {None, _JSON, _MSGPACK} else self.offers[str(best)]

    def is_taken(self, request: Request) -> bool:
        """Tell whether the handler has a query parameter of the same name."""
        plan = getattr(request.endpoint, "plan", None)
        inputs = () if plan is None else plan.inputs
        return any(p.source == "query" and p.alias == self.parameter for p, _ in inputs)

    def of_route(self, request: Request) -> Any:
        """Return the names of the formats that a route has."""
        options = getattr(request.route, "options", None)
        return self.formats if options is None else options.extra.get("formats", self.formats)


def rendered(
    response: Response, wanted: Format, usual: Collection[tuple[str, str]] = ()
) -> Response:
    """Return an answer in another format, if it is JSON; any other as it is.

    `usual` are the header fields that the app gives to JSON; it has others for pages.
    """
    kind, body = response.headers.get("content-type", ""), response.body
    if wanted.render is None or kind != _JSON or not isinstance(body, bytes):
        return response
    made = wanted.render(msgspec.json.decode(body))
    if not isinstance(made, Response):
        made = Response(made, media_type=wanted.media_type)
    made.status = response.status
    for name, value in response.headers.pairs():
        if name not in _CONTENT and (name, value) not in usual:
            made.headers.add(name, value)
    made.on_close(response.close)
    return made
