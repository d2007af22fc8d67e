"""Errors of the framework: `GambrelError` for developers, `HTTPError` and its children for clients.

Every parser and every handler raises these; the error boundary of the app turns an `HTTPError`
into a response with `problem()`. This file knows no request, no response and no app.
"""

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, ClassVar, NoReturn

import msgspec

from gambrel.conversion.errors import Fault, GambrelError
from gambrel.core.http.status import phrase

if TYPE_CHECKING:
    from gambrel.wording import Words

__all__ = [
    "BadGateway",
    "BadRequest",
    "Conflict",
    "ContentTooLarge",
    "ExpectationFailed",
    "Fault",
    "Forbidden",
    "GambrelError",
    "GatewayTimeout",
    "Gone",
    "HTTPError",
    "HeadersTooLarge",
    "LengthRequired",
    "MethodNotAllowed",
    "MisdirectedRequest",
    "NotAcceptable",
    "NotFound",
    "NotImplementedHere",
    "PreconditionFailed",
    "PreconditionRequired",
    "RangeNotSatisfiable",
    "RequestTimeout",
    "ServerError",
    "ServiceUnavailable",
    "TooManyRequests",
    "URITooLong",
    "Unauthorized",
    "Unprocessable",
    "UnsupportedMediaType",
    "abort",
    "bare_problem",
    "problem",
]


class HTTPError(Exception):
    """An error that is answered with its status and an RFC 9457 problem document.

    `detail` is shown to the client, a lazy text in its language; `members` become extension members
    of the document. `code` tells programs the kind of error: without one, the phrase of the status
    with dashes.

    Raises:
        GambrelError: `status` is not an error status (400-599).
    """

    status: int = 500
    code: str = ""
    title: str = ""

    by_status: ClassVar[dict[int, type["HTTPError"]]] = {}

    def __init__(
        self,
        detail: "Words" = "",
        *,
        status: int | None = None,
        headers: Mapping[str, str] | None = None,
        type: str = "about:blank",  # noqa: A002 - the member's name in RFC 9457
        title: str = "",
        **members: Any,
    ) -> None:
        super().__init__(detail)
        if status is not None:
            self.status = status
        if not 400 <= self.status <= 599:
            what = f"HTTPError was given status {self.status!r}, which is not an error"
            hint = "use a status within 400-599, or return a Response"
            raise GambrelError("http.error-status", what, hint=hint)
        self.detail = str(detail) if detail else ""
        self.title = title or (self.title if status is None else "") or phrase(self.status)
        self.code = self.code or phrase(self.status).lower().replace(" ", "-")
        self.type = type
        self.headers: dict[str, str] = dict(headers or {})
        self.members: dict[str, Any] = members

    def __str__(self) -> str:
        """Return the status, its title and the detail on one line."""
        return f"{self.status} {self.title}" + (f": {self.detail}" if self.detail else "")


class BadRequest(HTTPError):
    """The request is malformed (400)."""

    status = 400


class Unauthorized(HTTPError):
    """The client must authenticate (401); give `WWW-Authenticate` in `headers`."""

    status = 401


class Forbidden(HTTPError):
    """The client is known and may not do this (403)."""

    status = 403


class NotFound(HTTPError):
    """Nothing is here, or nothing that this client may know of (404)."""

    status = 404


class MethodNotAllowed(HTTPError):
    """The resource does not have this method (405); `allow` becomes the `Allow` header."""

    status = 405

    def __init__(self, detail: "Words" = "", *, allow: Iterable[str] = (), **options: Any) -> None:
        super().__init__(detail, **options)
        self.allow = tuple(allow)
        self.headers.setdefault("allow", ", ".join(self.allow))


class NotAcceptable(HTTPError):
    """No representation suits the `Accept` headers of the request (406)."""

    status = 406


class RequestTimeout(HTTPError):
    """The request did not arrive in time (408)."""

    status = 408


class Conflict(HTTPError):
    """The request conflicts with the state of the resource (409)."""

    status = 409


class Gone(HTTPError):
    """The resource was here and will not return (410)."""

    status = 410


class LengthRequired(HTTPError):
    """The request needs a `Content-Length` (411)."""

    status = 411


class PreconditionFailed(HTTPError):
    """A condition in the request headers does not hold (412)."""

    status = 412


class ContentTooLarge(HTTPError):
    """The request body is larger than allowed (413)."""

    status = 413


class URITooLong(HTTPError):
    """The request target is longer than allowed (414)."""

    status = 414


class UnsupportedMediaType(HTTPError):
    """The body's media type or encoding is not understood here (415)."""

    status = 415


class RangeNotSatisfiable(HTTPError):
    """No requested range lies in the representation (416); `size` is its length in bytes."""

    status = 416

    def __init__(self, detail: "Words" = "", *, size: int | None = None, **options: Any) -> None:
        super().__init__(detail, **options)
        self.size = size
        if size is not None:
            self.headers.setdefault("content-range", f"bytes */{size}")


class ExpectationFailed(HTTPError):
    """The `Expect` header asks for something unknown (417)."""

    status = 417


class MisdirectedRequest(HTTPError):
    """This server does not answer for the requested authority (421)."""

    status = 421


class Unprocessable(HTTPError):
    """The request is well formed and its content is not valid (422); `faults` says how."""

    status = 422
    code = "unprocessable"

    def __init__(self, detail: Any = "", *, faults: Iterable[Fault] = (), **options: Any) -> None:
        super().__init__(detail, **options)
        self.faults = list(faults)


class PreconditionRequired(HTTPError):
    """The request must be conditional, for instance with `If-Match` (428)."""

    status = 428


class TooManyRequests(HTTPError):
    """The client is over its rate limit (429); `retry_after` is in seconds."""

    status = 429

    def __init__(self, detail: Any = "", *, retry_after: int | None = None, **options: Any) -> None:
        super().__init__(detail, **options)
        _set_retry_after(self, retry_after)


class HeadersTooLarge(HTTPError):
    """The request headers are larger than allowed (431)."""

    status = 431
    code = "headers-too-large"


class ServerError(HTTPError):
    """Something failed here (500)."""

    status = 500
    code = "server-error"


class NotImplementedHere(HTTPError):
    """The server does not know the method or feature (501)."""

    status = 501


class BadGateway(HTTPError):
    """A server behind this one gave an invalid answer (502)."""

    status = 502


class ServiceUnavailable(HTTPError):
    """The server cannot answer now (503); `retry_after` is in seconds."""

    status = 503

    def __init__(self, detail: Any = "", *, retry_after: int | None = None, **options: Any) -> None:
        super().__init__(detail, **options)
        _set_retry_after(self, retry_after)


class GatewayTimeout(HTTPError):
    """A server behind this one, or the handler, did not finish in time (504)."""

    status = 504


HTTPError.by_status.update({error.status: error for error in HTTPError.__subclasses__()})


def _set_retry_after(error: HTTPError, seconds: int | None) -> None:
    if seconds is not None:
        error.headers.setdefault("retry-after", str(max(0, int(seconds))))


def abort(status: int, detail: "Words" = "", **options: Any) -> NoReturn:
    """Raise the error of a status, as its own class where there is one.

    Raises:
        HTTPError: Always; the class that `HTTPError.by_status` names.
        GambrelError: The status is not an error status (400-599).
    """
    if status in HTTPError.by_status:
        raise HTTPError.by_status[status](detail, **options)
    raise HTTPError(detail, status=status, **options)


def problem(error: HTTPError, instance: str = "") -> dict[str, Any]:
    """Return the RFC 9457 §3 problem document of an error as plain data for any encoder.

    Extension members never replace the standard ones. Validation faults are under `errors`.
    """
    named = ("type", "title", "status", "detail")
    document: dict[str, Any] = {name: getattr(error, name) for name in named}
    if instance:
        document["instance"] = instance
    if isinstance(error, Unprocessable):
        document["errors"] = error.faults
    return {**error.members, **document}


def bare_problem(status: int) -> bytes:
    """Return the problem document of a status alone, as JSON, for what no app has looked at."""
    return msgspec.json.encode({"type": "about:blank", "title": phrase(status), "status": status})
