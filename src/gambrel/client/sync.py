"""`SyncHTTPClient` and `SafeSyncHTTPClient`: what plain `def` handlers ask others with.

Both send by the transport of an async client, and so by its connections, limits, retries and
circuits. What stands around that, redirects and authentication, runs in the thread of the handler.
"""

from http.cookiejar import CookieJar, DefaultCookiePolicy
from time import monotonic
from typing import Any, TypeVar

import httpx2

from gambrel.client.bridge import Bridge, no_loop
from gambrel.client.clients import HTTPClient, SafeHTTPClient
from gambrel.client.content import value_of
from gambrel.client.crossing import UNTIL, WHOLE, Crossing
from gambrel.client.urls import parse_url, reading_location

__all__ = ["SafeSyncHTTPClient", "SyncHTTPClient"]

T = TypeVar("T")


class SyncHTTPClient(httpx2.Client):
    """An `httpx2.Client` for plain `def` code in threads, over the connections of an `HTTPClient`.

    It is made on the event loop, and used in threads. Its requests end with the task that made it:
    at the deadline of the request that it was injected for, or when the client of that leaves
    (`CallAbandoned`). It has the options of the `HTTPClient` but event hooks; closing it closes
    nothing.

    Raises GambrelError where no loop runs, on the loop itself, and when the app has stopped.
    """

    def __init__(self, client: HTTPClient) -> None:
        self.client = client
        self.total = client.total
        super().__init__(
            transport=Crossing(client.transport, Bridge(client.calls)),
            auth=client.auth,
            params=client.params,
            headers=client.headers,
            cookies=CookieJar(DefaultCookiePolicy(allowed_domains=[])),
            timeout=client.timeout,
            follow_redirects=client.follow_redirects,
            max_redirects=client.max_redirects,
            base_url=client.base_url,
            trust_env=False,
        )

    def send(
        self, request: httpx2.Request, *, stream: bool = False, **options: Any
    ) -> httpx2.Response:
        """Send a request; the time holds for all of it, for a stream until its content begins."""
        if self.client.is_closed:
            raise no_loop("a SyncHTTPClient was used when its app had stopped")
        request.extensions[UNTIL] = monotonic() + self.total
        request.extensions[WHOLE] = not stream
        try:
            return super().send(request, stream=stream, **options)
        except TimeoutError as error:
            what = f"no answer within {self.total:g} s"
            raise httpx2.ReadTimeout(what, request=request) from error

    def load(
        self, into: type[T], url: httpx2.URL | str, *, method: str = "GET", **options: Any
    ) -> T:
        """Return the JSON of an answer as a value of a type that msgspec knows.

        Raises:
            httpx2.HTTPError: There is no answer, or one of status 400 and up.
            httpx2.DecodingError: It is not of that type.
        """
        return value_of(self.request(method, url, **options), into)

    def _build_redirect_request(
        self, request: httpx2.Request, response: httpx2.Response
    ) -> httpx2.Request:
        with reading_location():  # a test tells if it moves
            return super()._build_redirect_request(request, response)


class SafeSyncHTTPClient(SyncHTTPClient):
    """A `SyncHTTPClient` for addresses that strangers give: see `SafeHTTPClient`."""

    def __init__(self, client: SafeHTTPClient) -> None:
        super().__init__(client)

    def build_request(self, method: str, url: httpx2.URL | str, **options: Any) -> httpx2.Request:
        """Build a request. Raises UnsafeAddress for what is no URL, too."""
        return super().build_request(method, parse_url(url), **options)
