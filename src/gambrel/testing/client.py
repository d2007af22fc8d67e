"""`Client` and `AsyncClient`: the clients of httpx2, talking to an app in the same process.

Tests use them; everything that httpx2's clients can do they can. What is particular to an app in
the same process (its life, its errors) is in the transports.
"""

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, suppress
from http.cookiejar import Cookie, CookieJar
from typing import Any, Self

import httpx2

from gambrel import App
from gambrel.core.http.types import ASGIApp
from gambrel.testing.conversation import Options
from gambrel.testing.exchange import watch_failures
from gambrel.testing.sockets import AsyncSocket, Line, Socket
from gambrel.testing.transport import AsyncTransport, Transport

__all__ = ["AsyncClient", "Client"]

LOCAL = "http://localhost"
TIMEOUT = 60.0


class Client(httpx2.Client):
    """A client of `app` for plain tests: `with Client(app) as client: client.get("/")`.

    Entering it builds the app and runs its lifespan, on an event loop in a thread; leaving it
    closes the app. An app that runs already is shared: two clients are two visitors. `app` may
    be wrapped in ASGI middleware. Further options are those of `httpx2.Client`; of its time-outs
    (seconds) only `read` counts.

    With `raise_server_errors` an exception that the app did not expect, and would answer with a
    5xx, is raised in the test. `peer` is the address the app sees, `root_path` where it is
    mounted. Without `base_url` the host is `localhost`, or a host of the app's own setting.

    Raises:
        GambrelError: The app cannot be built or started, or the client is used before `with`.
    """

    def __init__(
        self,
        app: App | ASGIApp,
        *,
        base_url: httpx2.URL | str = "",
        raise_server_errors: bool = True,
        peer: tuple[str, int] = ("127.0.0.1", 50_000),
        root_path: str = "",
        **options: Any,
    ) -> None:
        self._app: Any = app
        told = Options(app, raise_server_errors=raise_server_errors, peer=peer, root_path=root_path)
        self._transport_of_app = Transport(told)
        transport = self._transport_of_app
        super().__init__(transport=transport, base_url=base_url, **defaults(options))

    @property
    def app(self) -> App:
        """The app this client talks to."""
        app: App = self._app
        return app

    def __enter__(self) -> Self:
        super().__enter__()
        watch_failures(self._app)
        if not self.base_url.host:
            self.base_url = local_url(self._app)
        return self

    def override(self, key: Any, factory: Callable[..., Any]) -> AbstractContextManager[None]:
        """Use `factory` instead of a dependency or the provider of a type, while entered."""
        return self.app.override(key, factory)

    def websocket(  # type: ignore[override]  # that of httpx2 speaks frames over a network
        self,
        url: str,
        *,
        subprotocols: Sequence[str] = (),
        timeout: float | None = None,
        **options: Any,
    ) -> Socket:
        """Open a WebSocket with `with`; `options` are `params`, `headers` and `cookies`.

        `timeout` is in seconds, that of the client if none is given.

        Raises WebSocketRefused, on entering, where the app answers with a response.
        """
        request = self.build_request("GET", url, **handshake(subprotocols, options))
        transport = self._transport_of_app
        seconds = self.timeout.read if timeout is None else timeout
        line = Line(transport.options, request, subprotocols, seconds)
        return Socket(line, transport.open_loop)


class AsyncClient(httpx2.AsyncClient):
    """A client of `app` for async tests: `async with AsyncClient(app) as client: ...`.

    Runs the app on the loop of the test; everything else is as with `Client`.
    """

    def __init__(
        self,
        app: App | ASGIApp,
        *,
        base_url: httpx2.URL | str = "",
        raise_server_errors: bool = True,
        peer: tuple[str, int] = ("127.0.0.1", 50_000),
        root_path: str = "",
        **options: Any,
    ) -> None:
        self._app: Any = app
        told = Options(app, raise_server_errors=raise_server_errors, peer=peer, root_path=root_path)
        self._options_of_app = told
        super().__init__(transport=AsyncTransport(told), base_url=base_url, **defaults(options))

    @property
    def app(self) -> App:
        """The app this client talks to."""
        app: App = self._app
        return app

    async def __aenter__(self) -> Self:
        await super().__aenter__()
        watch_failures(self._app)
        if not self.base_url.host:
            self.base_url = local_url(self._app)
        return self

    def override(self, key: Any, factory: Callable[..., Any]) -> AbstractContextManager[None]:
        """Use `factory` instead of a dependency or the provider of a type, while entered."""
        return self.app.override(key, factory)

    def websocket(  # type: ignore[override]  # that of httpx2 speaks frames over a network
        self,
        url: str,
        *,
        subprotocols: Sequence[str] = (),
        timeout: float | None = None,
        **options: Any,
    ) -> AsyncSocket:
        """Open a WebSocket with `async with`; `options` are `params`, `headers` and `cookies`.

        `timeout` is in seconds, that of the client if none is given.

        Raises WebSocketRefused, on entering, where the app answers with a response.
        """
        request = self.build_request("GET", url, **handshake(subprotocols, options))
        seconds = self.timeout.read if timeout is None else timeout
        return AsyncSocket(Line(self._options_of_app, request, subprotocols, seconds))


class LocalCookies(CookieJar):
    """Keeps cookies as browsers do: on this machine `Secure` ones are sent without TLS, too.

    A cookie that the test has set, for no domain, gives way to that of the app.
    """

    def set_cookie(self, cookie: Cookie) -> None:
        """Keep a cookie."""
        if cookie.domain:
            with suppress(KeyError):
                self.clear("", "/", cookie.name)
        if cookie.domain in {"localhost.local", "127.0.0.1", "[::1]"}:
            cookie.secure = False
        super().set_cookie(cookie)


def defaults(options: dict[str, Any]) -> dict[str, Any]:
    """Return the options of a client with our defaults, and its cookies in our jar."""
    given = options.pop("cookies", None)
    jar = httpx2.Cookies(LocalCookies())
    jar.update(given)
    return {"timeout": TIMEOUT, "trust_env": False, **options, "cookies": jar.jar}


def handshake(subprotocols: Sequence[str], options: dict[str, Any]) -> dict[str, Any]:
    """Return the options of a request with the header fields of a handshake."""
    headers = httpx2.Headers(options.pop("headers", None))
    headers |= {"connection": "upgrade", "upgrade": "websocket", "sec-websocket-version": "13"}
    headers["sec-websocket-key"] = "AAAAAAAAAAAAAAAAAAAAAA=="
    if subprotocols:
        headers["sec-websocket-protocol"] = ", ".join(subprotocols)
    return {"headers": headers, **options}


def local_url(app: Any) -> str:
    """Return where to send requests: this machine, unless the app answers for other hosts only."""
    settings = getattr(app, "settings", None)
    hosts: list[str] = settings.core.hosts if settings is not None else []
    if not hosts or app.build().allowed_hosts.allows("localhost"):
        return LOCAL
    return "http://" + hosts[0].replace("*.", "www.")
