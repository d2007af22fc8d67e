"""`Request`: what a client asked, as lazy views on what an edge received.

Edges create one per message; middleware, handlers and binding read it. Nothing is decoded before
it is asked for. Addresses and scheme are those after the trusted proxies.
"""

import asyncio
import os
from collections.abc import AsyncIterator, Callable, Mapping
from functools import cache, cached_property
from itertools import count, repeat
from typing import Any, Protocol, TypeVar

from gambrel.conversion.errors import InvalidError, MalformedError
from gambrel.core.http.bodies.forms import FormData, FormLimits, parse_form
from gambrel.core.http.errors import BadRequest, ContentTooLarge, UnsupportedMediaType
from gambrel.core.http.headers import Headers, ResponseHeaders
from gambrel.core.http.host import Hop, parse_host
from gambrel.core.http.query import QueryParams, parse_query_dict
from gambrel.core.http.response import Response
from gambrel.core.http.url import URL, decode_path

__all__ = ["REQUEST_IDS", "BodySource", "ClientGone", "Connection", "Request", "State"]

T = TypeVar("T")


class ClientGone(ConnectionError):
    """The client left before its request was complete; nobody is there to be answered."""


class BodySource(Protocol):
    """A request body still on its way: iterate it once, piece by piece, with back-pressure."""

    def __aiter__(self) -> AsyncIterator[bytes]: ...


class Connection(Protocol):
    """One client connection as an edge presents it.

    `client` and `server` are the addresses of the socket as `(host, port)`, None where there is
    none (a Unix socket). `scheme` is `http` or `https` as seen by this process, `tls` the details
    of the peer's certificate where there is one.
    """

    app: Any
    client: tuple[str, int] | None
    server: tuple[str, int] | None
    scheme: str
    http_version: str
    tls: dict[str, Any] | None

    def deliver(self, request: "Request", response: Response) -> None:
        """Send `response` as the answer to `request`; called once, on the event loop."""

    def waiting(self, request: "Request", task: "asyncio.Task[Response]") -> None:
        """Keep the task of a request that did not finish at once, to cancel it if it must be.

        Where it ends cancelled, the connection answers: only it knows who wanted that.
        """

    async def gone(self) -> None:
        """Return when the client has gone away."""


class State:
    """What an application keeps with a request: free attributes, or one value per type.

    `request.state.started = now`, or typed: `request.state[User] = user`.
    """

    def __getitem__(self, kind: type[T]) -> T:
        value: T = self.__dict__[f"{kind.__module__}.{kind.__qualname__}"]
        return value

    def __setitem__(self, kind: type[T], value: T) -> None:
        self.__dict__[f"{kind.__module__}.{kind.__qualname__}"] = value

    def __contains__(self, kind: type) -> bool:
        return f"{kind.__module__}.{kind.__qualname__}" in self.__dict__

    def __getattr__(self, name: str) -> Any:
        raise AttributeError(f"nothing has set request.state.{name}")

    def __setattr__(self, name: str, value: Any) -> None:
        self.__dict__[name] = value  # declared, so that type checkers allow any name


class Request:
    """An HTTP request.

    `raw_path` and `query_string` are as received; `path` is percent-decoded once. `params` are
    the path parameters of the matched `route`. Iterate `stream()` or await `body()`, `json()`,
    `form()`: a body is read once and kept.
    """

    params: dict[str, Any] | None = None
    endpoint: Any = None
    seal_error: Any = None
    """What the answer to an error becomes, for which there is no draft: `seal_error(response)`."""

    def __init__(
        self,
        method: str,
        raw_path: str,
        query_string: str,
        headers: Headers,
        connection: Connection,
        body: bytes | BodySource = b"",
    ) -> None:
        self.method = method
        self.raw_path = raw_path
        self.query_string = query_string
        self.headers = headers
        self.connection = connection
        self._body = body

    @property
    def app(self) -> Any:
        """The app that serves this request."""
        return self.connection.app

    @property
    def route(self) -> Any:
        """The matched route, or None before routing and for unmatched paths."""
        return getattr(self.endpoint, "route", None)

    @cached_property
    def path(self) -> str:
        """The path, percent-decoded once. Raises BadRequest unless it is UTF-8."""
        raw = self.raw_path
        return decode_path(raw) if "%" in raw else raw

    @cached_property
    def query(self) -> QueryParams:
        """The query parameters. Raises BadRequest where they are malformed."""
        return QueryParams(self.query_string)

    @cached_property
    def query_fields(self) -> dict[str, str | list[str]]:
        """The query as one text per name, or a list where a name is repeated."""
        return parse_query_dict(self.query_string)

    @cached_property
    def cookies(self) -> dict[str, str]:
        """The cookies; the first of a name wins."""
        from gambrel.core.http.fields.cookies import parse_cookies  # noqa: PLC0415 - start-up: cookies

        return parse_cookies(self.headers.first("cookie") or "")

    @property
    def media_type(self) -> str:
        """The media type of the body, lower case and without parameters, or `""`."""
        return self.headers.media_type

    @cached_property
    def id(self) -> str:
        """An id for logs and traces: unique in this fleet, made when first asked for."""
        return next(REQUEST_IDS)

    @cached_property
    def state(self) -> State:
        """Free storage that lives as long as the request."""
        return State()

    @cached_property
    def miss(self) -> Any:
        """Why no route took this request; set by the app where that is so."""
        return None

    @cached_property
    def _hop(self) -> Hop:
        proxies: Any = getattr(self.connection.app, "proxies", None)
        connection = self.connection
        peer = connection.client[0] if connection.client else ""
        given = self.headers.first("host")
        host = str(parse_host(given)) if given else ""
        if proxies is None:
            return Hop(client=peer, scheme=connection.scheme, host=host)
        hop: Hop = proxies.resolve(peer, connection.scheme, host, self.headers)
        return hop

    @property
    def client(self) -> str:
        """The client's address after the trusted proxies; `""` on a Unix socket."""
        return self._hop.client

    @property
    def scheme(self) -> str:
        """`http` or `https`, after the trusted proxies."""
        return self._hop.scheme

    @property
    def host(self) -> str:
        """The requested host with its port, if any, after the trusted proxies."""
        return self._hop.host

    @property
    def root_path(self) -> str:
        """The part of the raw path, before `raw_path`, that leads to a mounted app, or `""`."""
        return getattr(self.connection, "root_path", "")

    def url_for(self, name: str, /, **params: Any) -> str:
        """Return the URL of a named route of this app, wherever it is mounted; raises as there."""
        url: str = self.app.url_for(name, **params)
        return self.root_path + url if url.startswith("/") and url[:2] != "//" else url

    @cached_property
    def url(self) -> URL:
        """The absolute URL of the request."""
        host, path = parse_host(self.host), self.root_path + self.raw_path
        return URL(self.scheme, host.name, host.port, path, self.query_string)

    # Body -----------------------------------------------------------------------------------

    async def stream(self) -> AsyncIterator[bytes]:
        """Yield the body piece by piece as it arrives.

        Raises ContentTooLarge past the route's limit and BadRequest where the client stopped in
        the middle. A body that was read as a whole is yielded again in one piece.
        """
        body = self._body
        if isinstance(body, bytes):
            if body:
                yield await self.body()
            return
        from gambrel.core.http.bodies.body import count_bytes  # noqa: PLC0415 - start-up: streams

        self._body = _SPENT
        async for piece in count_bytes(body, self.max_body):
            yield piece

    async def body(self, limit: int | None = None) -> bytes:
        """Return the whole body, of at most `limit` bytes (default: the route's limit).

        Raises ContentTooLarge beyond it.
        """
        body, limit = self._body, self.max_body if limit is None else limit
        if not isinstance(body, bytes):
            from gambrel.core.http.bodies.body import collect_body  # noqa: PLC0415 - start-up: streams

            self._body = body = await collect_body(body, limit)
        elif len(body) > limit:
            raise ContentTooLarge(f"The body is larger than {limit} bytes.", limit=limit)
        return body

    def recode(self, body: BodySource, headers: Headers) -> None:
        """Go on with another body and the headers that tell of it: for who removes a coding."""
        self._body, self.headers = body, headers

    def refuse_coding(self) -> None:
        """Raise UnsupportedMediaType where a `Content-Encoding` is left: nobody has removed it."""
        coding = self.headers.first("content-encoding") or "identity"
        if coding.lower() != "identity":
            raise UnsupportedMediaType(
                "Send the body in no Content-Encoding.", headers={"accept-encoding": "identity"}
            )

    @property
    def max_body(self) -> int:
        """The largest body the matched route takes, in bytes."""
        return getattr(self.endpoint, "max_body", 1 << 20)

    async def json(self) -> Any:
        """Return the body as JSON. Raises UnsupportedMediaType or BadRequest."""
        self.refuse_coding()
        try:
            return _json_decoder()(await self.body())
        except MalformedError as error:
            raise BadRequest(str(error)) from None
        except InvalidError:
            raise BadRequest("The body has a number that is out of range.") from None

    async def text(self) -> str:
        """Return the body as text. Raises BadRequest unless it is UTF-8."""
        self.refuse_coding()
        try:
            return (await self.body()).decode()
        except UnicodeDecodeError:
            raise BadRequest("The body is not valid UTF-8.") from None

    async def form(self) -> FormData:
        """Return the fields and files of an HTML form; read once and kept.

        Raises UnsupportedMediaType for anything but `application/x-www-form-urlencoded` and
        `multipart/form-data`.
        """
        if "form_data" not in self.__dict__:
            self.refuse_coding()
            if self.media_type == "multipart/form-data":
                from gambrel.core.http.bodies import multipart  # noqa: PLC0415 - start-up: uploads

                limits = FormLimits(file=self.max_body, total=self.max_body)
                kind = self.headers.first("content-type") or ""
                self.form_data = await multipart.parse_multipart(self.stream(), kind, limits)
            else:
                await self.body()
        return self.form_data

    def close(self) -> None:
        """Drop the uploads of the form, if it was read: edges call this after the answer."""
        if (form := self.__dict__.get("form_data")) is not None:
            form.close()

    @cached_property
    def form_data(self) -> FormData:
        """The form, once `form()` was awaited or the body was read."""
        return parse_form(self.buffered, self.media_type)

    @cached_property
    def form_fields(self) -> dict[str, str | list[str]]:
        """The text fields of the form, as `query_fields`."""
        found: dict[str, list[str]] = {}
        for name, value in self.form_data.pairs():
            if isinstance(value, str):
                found.setdefault(name, []).append(value)
        return {name: texts if len(texts) > 1 else texts[0] for name, texts in found.items()}

    @property
    def is_buffered(self) -> bool:
        """Whether the whole body is here, and no larger than the route takes."""
        body = self._body
        # pyright narrows by `isinstance` and `type()`, not by `__class__`, which is faster.
        return body.__class__ is bytes and len(body) <= self.max_body  # pyright: ignore[reportArgumentType]

    @property
    def buffered(self) -> bytes:
        """The body that was read before. Raises RuntimeError where it was not."""
        if isinstance(self._body, bytes):
            return self._body
        raise RuntimeError("the body was not read yet; `await request.body()` first")

    @cached_property
    def draft(self) -> Response:
        """Header fields, cookies and status to lay over whatever the handler answers."""
        return Response(status=getattr(self.endpoint, "status", 200))

    def another(
        self,
        method: str,
        target: str,
        *,
        headers: Mapping[str, str] | None = None,
        body: bytes = b"",
    ) -> "Request":
        """Return a request in the name of the same client: its cookies, credentials and id.

        `target` is a path with its query, percent-encoded. `headers` replace those of this
        request, of which what tells of its body or of a cached copy is left out.
        """
        given = {name.lower(): value for name, value in (headers or {}).items()}
        fields = [
            (name, value)
            for name, value in self.headers.pairs()
            if name not in given and not name.startswith(_OF_MESSAGE)
        ]
        path, _, query = target.partition("?")
        all_fields = Headers([*fields, *given.items()])
        request = Request(method, path, query, all_fields, self.connection, body)
        request.id = self.id
        return request

    async def hint(self, *links: str) -> None:
        """Tell the client what the response will need while that is made (103, RFC 8297).

        `links` are values of `Link`: `"</style.css>; rel=preload; as=style"`. Nothing happens
        where server or client do not take it. Raises ValueError for a link with a line break.
        """
        if hint := getattr(self.connection, "hint", None):
            await hint(self, ResponseHeaders([("link", link) for link in links]).pairs())

    async def gone(self) -> None:
        """Return when the client has gone away."""
        await self.connection.gone()

    def __repr__(self) -> str:
        return f"<Request {self.method} {self.raw_path}>"


_OF_MESSAGE = ("content-", "expect", "if-", "range", "transfer-encoding")


@cache
def _json_decoder() -> Callable[[bytes], Any]:
    from gambrel.conversion.convert import json_decoder  # noqa: PLC0415 - start-up: bodies

    return json_decoder(Any)


class _Spent:
    """The body of a request whose stream was taken."""

    async def __aiter__(self) -> AsyncIterator[bytes]:
        raise RuntimeError(
            "the body of this request was streamed before; read it once, with stream() or body()"
        )
        yield b""


_SPENT = _Spent()
_PROCESS = [os.urandom(6).hex()]
if hasattr(os, "register_at_fork"):  # a child counts on from where its parent does
    os.register_at_fork(after_in_child=lambda: _PROCESS.__setitem__(0, os.urandom(6).hex()))
REQUEST_IDS = map("{}-{:x}".format, map(_PROCESS.__getitem__, repeat(0)), count(1))
"""The ids of requests to come, another series in each process."""
