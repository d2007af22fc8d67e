"""HTTPS redirect: send clients that came by HTTP to the same address over HTTPS.

The scheme is that behind the trusted proxies, so it works where a proxy terminates TLS.
"""

from collections.abc import Awaitable, Callable, Sequence
from functools import cached_property

from msgspec import Struct

from gambrel.core.http.errors import BadRequest
from gambrel.core.http.host import HostRules, parse_host
from gambrel.core.http.request import Request
from gambrel.core.http.response import Redirect, Response

__all__ = ["HTTPSRedirector"]


class HTTPSRedirector(Struct, frozen=True, kw_only=True, dict=True):
    """Answer HTTP by 308 to HTTPS.

    `port` is that of HTTPS. `exempt` are path prefixes served over HTTP as well, such as the
    health check of a load balancer. `hosts` are host patterns; without them the host counts that
    the edge has let in, which behind a proxy may be another than the one it forwards.
    """

    port: int = 443
    exempt: Sequence[str] = ()
    hosts: Sequence[str] = ()

    async def __call__(
        self, request: Request, call_next: Callable[[Request], Awaitable[Response]]
    ) -> Response:
        """Redirect, or go on. Raises BadRequest for a host that is not ours."""
        if request.scheme == "https" or self.is_exempt(request.raw_path):
            return await call_next(request)
        if self.rules is not None and not self.rules.allows(request.host):
            raise BadRequest("The forwarded host is not one of this server's.")
        return Redirect(self.target(request), 308)

    @cached_property
    def rules(self) -> HostRules | None:
        """The hosts to redirect to."""
        return HostRules(self.hosts) if self.hosts else None

    def is_exempt(self, path: str) -> bool:
        """Say whether a path is, or is below, one that stays on HTTP."""
        return any(
            path == prefix or path.startswith(prefix.rstrip("/") + "/") for prefix in self.exempt
        )

    def target(self, request: Request) -> str:
        """Return the same address over HTTPS. Raises BadRequest for a malformed host."""
        name = parse_host(request.host).name
        port = "" if self.port == 443 else f":{self.port}"
        query = f"?{request.query_string}" if request.query_string else ""
        return f"https://{name}{port}{request.raw_path}{query}"
