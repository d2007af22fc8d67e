"""`HTTP`: the extension that opens the clients with the app, and answers for their failures."""

from collections.abc import AsyncIterator, Sequence
from contextvars import ContextVar
from typing import Annotated, Any, Self

import httpx2
from msgspec import Meta, Struct, field

from gambrel.client.clients import CONNECT, TOTAL, HTTPClient, SafeHTTPClient
from gambrel.client.outgoing import Begin
from gambrel.client.sync import SafeSyncHTTPClient, SyncHTTPClient
from gambrel.client.transport import Manners
from gambrel.core.http.errors import BadGateway, GatewayTimeout
from gambrel.core.http.request import Request
from gambrel.extend import ENTRANCES, OUTGOING, Secret, Setup

__all__ = ["HTTP"]

PASSED_ON = ("traceparent", "tracestate")

_REQUEST: ContextVar[Request | None] = ContextVar("gambrel.client.request", default=None)


class HTTP(Struct, frozen=True, kw_only=True):
    """Provide `HTTPClient` and `SafeHTTPClient`, each also as `Sync…`; what fails is a 502, or 504.

    `connect` and `total` are in seconds, `max_body` in bytes. `retries` is for what may be
    repeated. After `circuit` failures in a row a host is left alone for five seconds; 0 for never.
    `rate` is the most requests to one host in a second, of one process; `hedge` the seconds after
    which a GET that is not answered is made a second time beside the first; 0 for neither.
    Requests to `own_hosts` carry the id and the trace of the request they are made for. `ca_file`
    is trusted by both clients; `proxy` and `certfile` are not for addresses of strangers.
    """

    base_url: str = ""
    connect: Annotated[float, Meta(gt=0)] = CONNECT
    total: Annotated[float, Meta(gt=0)] = TOTAL
    max_body: Annotated[int, Meta(ge=1)] = 10 * 1024 * 1024
    retries: Annotated[int, Meta(ge=0, le=10)] = 2
    circuit: Annotated[int, Meta(ge=0)] = 0
    rate: Annotated[int, Meta(ge=0)] = 0
    hedge: Annotated[float, Meta(ge=0)] = 0.0
    own_hosts: list[str] = []
    proxy: Secret = field(default_factory=lambda: Secret(""))
    ca_file: str = ""
    certfile: str = ""
    keyfile: str = ""

    name = "http"
    requires = ()

    @property
    def settings(self) -> Self:
        """Itself: every field is a setting."""
        return self

    def install(self, setup: Setup) -> None:
        """Declare the providers, and who answers for what fails."""
        given: HTTP = setup.settings.http

        async def http_client() -> AsyncIterator[HTTPClient]:
            options = given.options(setup.declarations.values(OUTGOING))
            async with HTTPClient(**options, **given.wires()) as client:
                yield client

        async def safe_http_client() -> AsyncIterator[SafeHTTPClient]:
            options = given.options(setup.declarations.values(OUTGOING))
            async with SafeHTTPClient(**{**options, "base_url": ""}, **given.trust()) as client:
                yield client

        setup.provide(HTTPClient, http_client, scope="app")
        setup.provide(SafeHTTPClient, safe_http_client, scope="app")
        setup.provide(SyncHTTPClient, sync_client)
        setup.provide(SafeSyncHTTPClient, safe_sync_client)
        setup.on_error(httpx2.HTTPError, failed)
        setup.on_error(httpx2.InvalidURL, failed)
        if given.own_hosts:
            setup.add(ENTRANCES, remember)

    def options(self, hearers: Sequence[Begin] = ()) -> dict[str, Any]:
        """Return what both clients are made with; `hearers` hear of their requests."""
        own = frozenset(self.own_hosts)

        def passed_on(host: str) -> dict[str, str] | None:
            if host not in own:
                return None
            request = _REQUEST.get()
            return {} if request is None else headers_of(request)

        manners = Manners(
            max_body=self.max_body,
            retries=self.retries,
            circuit=self.circuit,
            rate=self.rate,
            hedge=self.hedge,
            passed_on=passed_on,
            hearers=hearers,
        )
        return {
            "manners": manners,
            "connect": self.connect,
            "total": self.total,
            "base_url": self.base_url,
        }

    def trust(self) -> dict[str, Any]:
        """Return the option that says whose certificates are trusted, if that is set."""
        if not self.ca_file:
            return {}
        context = httpx2.create_ssl_context(trust_env=False)
        context.load_verify_locations(self.ca_file)
        return {"verify": context}

    def wires(self) -> dict[str, Any]:
        """Return the options of the connection that are set, for hosts that may know us."""
        wires = self.trust()
        if proxy := self.proxy.reveal():
            wires["proxy"] = proxy
        if self.certfile:
            context = wires.get("verify") or httpx2.create_ssl_context(trust_env=False)
            context.load_cert_chain(self.certfile, self.keyfile or None)
            wires["verify"] = context
        return wires


async def sync_client(client: HTTPClient) -> SyncHTTPClient:
    """Return the client of one request that is handled in a thread."""
    return SyncHTTPClient(client)


async def safe_sync_client(client: SafeHTTPClient) -> SafeSyncHTTPClient:
    """Return the same, for addresses of strangers."""
    return SafeSyncHTTPClient(client)


def headers_of(request: Request) -> dict[str, str]:
    """Return what a request of ours takes from the one it is made for.

    Its trace is passed on as it came; who has a span of ours there puts that in its place.
    """
    found = {name: request.headers.first(name) for name in PASSED_ON}
    return {"x-request-id": request.id, **{name: text for name, text in found.items() if text}}


def remember(request: Request) -> None:
    """Let requests that are made meanwhile know which one they are made for."""
    _REQUEST.set(request)


def failed(_request: Request, error: Exception) -> None:
    """Answer what has failed between us and others; whom we asked is for the log alone."""
    what = f"{type(error).__name__}: {error}"
    if isinstance(error, httpx2.HTTPStatusError):  # whose text has the whole URL
        what = f"{error.request.url.host} answered {error.response.status_code}"
    if isinstance(error, httpx2.TimeoutException):
        raise GatewayTimeout(what) from error
    raise BadGateway(what) from error
