"""`HTTPClient` and `SafeHTTPClient`: clients of httpx2 with bounds, and with manners."""

import asyncio
import ssl
from collections.abc import Iterable
from http.cookiejar import CookieJar, DefaultCookiePolicy
from typing import Any, TypeVar

import httpcore2
import httpx2

from gambrel.client.addresses import PublicNetwork
from gambrel.client.content import CODINGS, value_of
from gambrel.client.outgoing import LIMIT
from gambrel.client.transport import Manners, PoliteTransport, WebOnly
from gambrel.client.urls import parse_url, reading_location
from gambrel.core.http.errors import GambrelError

__all__ = ["HTTPClient", "SafeHTTPClient"]

T = TypeVar("T")

OPTIONS = frozenset(
    {
        "auth", "base_url", "default_encoding", "event_hooks", "follow_redirects", "max_redirects",
        "params",
    }
)  # fmt: skip
"""Options of httpx2 that change nothing about who is asked, and how much is taken."""
WIRE = frozenset({"cert", "proxy", "verify"})
"""Those of the connections that an `HTTPClient` makes; others have a transport of their own."""
CONNECT, TOTAL = 3.0, 10.0
"""Seconds to connect, and for the whole of an exchange."""
POOL = httpx2.Limits(max_connections=100, max_keepalive_connections=20, keepalive_expiry=30.0)


class HTTPClient(httpx2.AsyncClient):
    """An `httpx2.AsyncClient` whose answers come within `total` seconds and have `max_body` bytes.

    Redirects are not followed unless asked for, no cookie is kept, no proxy taken from the
    environment. What may be repeated is tried again where the other side is busy or cannot be
    reached. `options` are those of `httpx2.AsyncClient`: `auth`, `base_url`, `default_encoding`,
    `event_hooks`, `follow_redirects`, `max_redirects`, `params`, and without a `transport` also
    `cert`, `proxy`, `verify`. Raises GambrelError for others.
    """

    def __init__(
        self,
        *,
        manners: Manners | None = None,
        connect: float = CONNECT,
        total: float = TOTAL,
        transport: httpx2.AsyncBaseTransport | None = None,
        headers: Any = None,
        **options: Any,
    ) -> None:
        self.total = total
        self.calls: set[asyncio.Task[Any]] = set()
        wire = {name: options.pop(name) for name in sorted(WIRE & options.keys())}
        refuse([*(options.keys() - OPTIONS), *(wire if transport else ())], type(self).__name__)
        inner = transport or httpx2.AsyncHTTPTransport(limits=POOL, trust_env=False, **wire)
        self.transport = PoliteTransport(inner, manners or Manners())
        super().__init__(
            transport=self.transport,
            timeout=httpx2.Timeout(total, connect=connect),
            # It serves everybody: a cookie that it kept would be of one visitor, sent for another.
            cookies=CookieJar(DefaultCookiePolicy(allowed_domains=[])),
            headers={"accept-encoding": CODINGS, "user-agent": "gambrel", **dict(headers or {})},
            trust_env=False,
            **options,
        )

    async def send(
        self, request: httpx2.Request, *, stream: bool = False, **options: Any
    ) -> httpx2.Response:
        """Send a request; the time holds for all of it, for a stream until its content begins."""
        try:
            async with asyncio.timeout(self.total) as limit:
                request.extensions[LIMIT] = limit
                return await super().send(request, stream=stream, **options)
        except TimeoutError as error:
            what = f"no answer within {self.total:g} s"
            raise httpx2.ReadTimeout(what, request=request) from error

    async def load(
        self, into: type[T], url: httpx2.URL | str, *, method: str = "GET", **options: Any
    ) -> T:
        """Return the JSON of an answer as a value of a type that msgspec knows.

        Raises:
            httpx2.HTTPError: There is no answer, or one of status 400 and up.
            httpx2.DecodingError: It is not of that type.
        """
        return value_of(await self.request(method, url, **options), into)

    async def aclose(self) -> None:
        """Close the connections, and end what threads still wait for."""
        for call in tuple(self.calls):
            call.cancel()
        await super().aclose()

    def _build_redirect_request(
        self, request: httpx2.Request, response: httpx2.Response
    ) -> httpx2.Request:
        with reading_location():  # a test tells if it moves
            return super()._build_redirect_request(request, response)


class SafeHTTPClient(HTTPClient):
    """A client for addresses that strangers give: public ones, of the web, without credentials.

    `ports` may be asked. The address that a name has is checked where the connection is made, for
    every redirect anew. `verify` has the certificates that are trusted. `options` are those of
    `HTTPClient` but `cert` and `proxy`. Raises UnsafeAddress, and GambrelError for other options.
    """

    def __init__(
        self,
        *,
        ports: Iterable[int] = (80, 443),
        network: httpcore2.AsyncNetworkBackend | None = None,
        transport: httpx2.AsyncBaseTransport | None = None,
        verify: ssl.SSLContext | bool = True,
        **options: Any,
    ) -> None:
        if transport is None:
            transport = httpx2.AsyncHTTPTransport(trust_env=False)
            # What httpx2 gives no option for; a test tells if it moves.
            transport._pool = httpcore2.AsyncConnectionPool(  # noqa: SLF001
                ssl_context=httpx2.create_ssl_context(verify, trust_env=False),
                max_connections=POOL.max_connections,
                max_keepalive_connections=0,
                network_backend=network or PublicNetwork(ports),
            )
        super().__init__(transport=WebOnly(transport), **options)

    def build_request(self, method: str, url: httpx2.URL | str, **options: Any) -> httpx2.Request:
        """Build a request. Raises UnsafeAddress for what is no URL, too."""
        return super().build_request(method, parse_url(url), **options)


def refuse(names: Iterable[str], client: str) -> None:
    """Raise GambrelError for options that are not taken, if there are any."""
    if given := sorted(names):
        raise GambrelError(
            "client.option",
            f"{client} was given {', '.join(given)}, which it does not take",
            "gambrel.client",
            f"leave it out; of the options of httpx2 there are {', '.join(sorted(OPTIONS))}",
        )
