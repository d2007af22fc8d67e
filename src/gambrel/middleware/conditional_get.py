"""Conditional GET: entity tags for buffered answers, and 304 for who has the answer already.

The handler still runs; what is saved is the transfer. A resource that knows its version sets
`ETag` or `Last-Modified` itself, and these are weighed instead of a hash.
"""

from collections.abc import Awaitable, Callable
from hashlib import blake2b

from msgspec import Struct

from gambrel.core.http.errors import BadRequest, PreconditionFailed
from gambrel.core.http.request import Request
from gambrel.core.http.response import Response
from gambrel.headers.conditional import Decision, ETag, evaluate
from gambrel.headers.dates import parse_http_date

__all__ = ["Revalidator"]

# RFC 9110 §15.4.5: they tell of content, and a 304 has none.
_CONTENT = ("content-type", "content-length", "content-encoding", "content-language")


class Revalidator(Struct, frozen=True, kw_only=True):
    """Give answers to GET and HEAD an entity tag and weigh the conditions of the request.

    `weak` tags say that the content means the same, not that its bytes are. Streams, files and
    answers that must not be stored are left as they are; `extra={"etag": False}` leaves a route
    out.
    """

    weak: bool = False

    async def __call__(
        self, request: Request, call_next: Callable[[Request], Awaitable[Response]]
    ) -> Response:
        """Answer, by 304 where the client has the same. Raises PreconditionFailed."""
        response = await call_next(request)
        if request.method not in {"GET", "HEAD"} or response.status != 200:
            return response
        tag = self.tag(request, response)
        modified = parse_http_date(response.headers.get("last-modified", ""))
        if tag is None and modified is None:
            return response
        decision = evaluate(request.method, request.headers, etag=tag, last_modified=modified)
        if decision is Decision.PRECONDITION_FAILED:
            await response.close()
            raise PreconditionFailed
        return not_modified(response) if decision is Decision.NOT_MODIFIED else response

    def tag(self, request: Request, response: Response) -> ETag | None:
        """Return the response's entity tag, made from its body where it has none."""
        given = response.headers.get("etag")
        if given is not None:
            try:
                return ETag.parse(given)
            except BadRequest:  # the handler's own, and not the client's fault
                return None
        body = response.body
        if not isinstance(body, bytes) or "accept-ranges" in response.headers:
            return None
        if "no-store" in response.headers.get("cache-control", "") or not is_wanted(request):
            return None
        tag = ETag(blake2b(body, digest_size=12).hexdigest(), self.weak)
        response.headers["etag"] = str(tag)
        return tag


def is_wanted(request: Request) -> bool:
    """Say whether the route has tags made."""
    options = getattr(request.route, "options", None)
    return options is None or options.extra.get("etag", True) is not False


def not_modified(response: Response) -> Response:
    """Turn an answer into a 304: its headers, but those of content (RFC 9110 §15.4.5)."""
    response.status = 304
    response.body = b""
    for name in _CONTENT:
        response.headers.pop(name, None)
    return response
