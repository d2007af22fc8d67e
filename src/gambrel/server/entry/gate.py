"""`ProxyGate`: connections that begin with a header of the PROXY protocol, from proxies of ours.

The server asks it of each connection, before TLS and before the first message.
"""

import asyncio
import logging
import socket
from collections.abc import Callable
from typing import Any

from gambrel.core.http.errors import GambrelError
from gambrel.server.entry.proxy_header import MalformedHeader, receive_header
from gambrel.server.limits import limits_of

__all__ = ["ProxyGate"]

_log = logging.getLogger("gambrel.server")


class ProxyGate:
    """Lets in who is one of `proxies` and sends a header within `timeout` seconds."""

    def __init__(self, proxies: Any, timeout: float) -> None:
        self.proxies = proxies
        self.timeout = timeout
        self._told: set[str] = set()

    @classmethod
    def of_app(cls, app: Any) -> "ProxyGate":
        """Build an app and return its gate.

        Raises:
            GambrelError: No proxy is trusted, so nobody could come in.
        """
        limits = limits_of(app)
        if app.proxies is None:
            raise GambrelError(
                "server.proxy-protocol",
                "the PROXY protocol is on, and nobody is trusted to speak it",
                hint="name the balancers: GAMBREL_TRUSTED_PROXIES=10.0.0.0/8",
            )
        return cls(app.proxies, limits.header_timeout)

    async def admit(self, client: socket.socket, make: Callable[[], Any]) -> Callable[[], Any]:
        """Return what makes the protocol of a connection whose header has come.

        Raises:
            ConnectionRefusedError: It is to be closed.
        """
        peer = client.getpeername()
        host = peer[0] if isinstance(peer, tuple) else ""
        if not self.proxies.trusts(host):
            raise self.refuse(host, "it is none of the trusted proxies")
        try:
            async with asyncio.timeout(self.timeout):
                origin = await receive_header(client)
        except MalformedHeader as error:
            raise self.refuse(host, f"its PROXY header cannot be used: {error}") from None
        except TimeoutError:
            raise self.refuse(host, "its PROXY header did not come in time") from None

        def made() -> Any:
            connection = make()
            connection.client, connection.server = origin
            return connection

        return made

    def refuse(self, host: str, why: str) -> ConnectionRefusedError:
        """Return what closes a connection; the first of each reason is told."""
        if why not in self._told:
            self._told.add(why)
            _log.warning("a connection from %s is closed: %s", host or "a Unix socket", why)
        return ConnectionRefusedError(why)
