"""The extensions of this battery that hand a middleware to the app.

Give one to `App(extensions=[...])` for all routes, or, where it is a middleware, to
`Router(middleware=[...])` for a group.
"""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, Self

from gambrel.core.http.request import Request
from gambrel.extend import GUARDS, TRUSTED_ORIGINS, Band, Setup
from gambrel.middleware.asgi import ASGIAdapter
from gambrel.middleware.compression import Compressor
from gambrel.middleware.conditional_get import Revalidator
from gambrel.middleware.cors import CORSPolicy, CrossOrigin
from gambrel.middleware.cross_origin import CrossOriginGuard, guard_handler
from gambrel.middleware.decompression import Decompressor
from gambrel.middleware.formats import Representer
from gambrel.middleware.https_redirect import HTTPSRedirector
from gambrel.middleware.method_override import MethodOverrider
from gambrel.middleware.request_id import Identifier
from gambrel.origins import check_open

__all__ = [
    "CORS",
    "ASGIMiddleware",
    "Compression",
    "ConditionalGet",
    "CrossOriginProtection",
    "Decompression",
    "Formats",
    "HTTPSRedirect",
    "MethodOverride",
    "RequestID",
]


class CORS(CORSPolicy, frozen=True, kw_only=True, dict=True):
    """Let pages of other origins read answers; see `CORSPolicy`.

    A group or a route has its own by `extra={"cors": CORSPolicy(...)}`, or none by
    `extra={"cors": None}`.
    """

    name = "cors"
    requires = ()

    @property
    def settings(self) -> Self:
        """Itself: every field is a setting."""
        return self

    def install(self, setup: Setup) -> None:
        """Declare the middleware."""
        policy: CORSPolicy = setup.settings.cors
        default = policy if policy.rules else None
        setup.middleware(CrossOrigin(partial(cors_policy, default)), Band.TRANSPORT)


def cors_policy(
    default: CORSPolicy | None, request: Request, method: str | None
) -> CORSPolicy | None:
    """Return the policy of a route: the one found, or the one that `method` would find."""
    route = request.route if method is None else route_for(request, method)
    extra: Mapping[str, Any] = {} if route is None else route.options.extra
    policy: CORSPolicy | None = extra.get("cors", default)
    return policy


def route_for(request: Request, method: str) -> Any:
    """Return the route that another method of this path leads to, or None."""
    outcome, _ = request.app.build().match(method, request.raw_path, request.host)
    found = getattr(outcome, "routes", None) or [outcome]
    return found[0] if hasattr(found[0], "options") else None


class CrossOriginProtection(CrossOriginGuard, frozen=True, kw_only=True, dict=True):
    """Refuse unsafe requests made by pages of other sites; see `OriginGuard`.

    One is a default extension, with `allow_unknown`; this replaces it. A route or a group that is
    for pages of all sites says `extra={"any_origin": True}`. It costs a request no task.
    """

    name = "cross_origin"
    requires = ()

    @property
    def settings(self) -> Self:
        """Itself: every field is a setting."""
        return self

    def install(self, setup: Setup) -> None:
        """Guard every handler that may change something."""
        guard: Any = partial(guard_handler, setup, TRUSTED_ORIGINS)
        setup.add(GUARDS, guard)
        setup.check(check_open, deploy=True)


class HTTPSRedirect(HTTPSRedirector, frozen=True, kw_only=True, dict=True):
    """Send clients from HTTP to HTTPS; see `HTTPSRedirector`."""

    name = "https_redirect"
    requires = ()

    @property
    def settings(self) -> Self:
        """Itself: every field is a setting."""
        return self

    def install(self, setup: Setup) -> None:
        """Declare the middleware; the hosts are those of the app, unless given."""
        given: HTTPSRedirector = setup.settings.https_redirect
        hosts = given.hosts or setup.settings.core.hosts
        redirect = HTTPSRedirector(port=given.port, exempt=given.exempt, hosts=hosts)
        setup.middleware(redirect, Band.EDGE)


class Compression(Compressor, frozen=True, kw_only=True, dict=True):
    """Compress answers; see `Compressor`."""

    name = "compression"
    requires = ()

    @property
    def settings(self) -> Self:
        """Itself: every field is a setting."""
        return self

    def install(self, setup: Setup) -> None:
        """Declare the middleware."""
        setup.middleware(setup.settings.compression, Band.TRANSPORT)


class Decompression(Decompressor, frozen=True, kw_only=True):
    """Read bodies that were sent with gzip; see `Decompressor`."""

    name = "decompression"
    requires = ()

    @property
    def settings(self) -> Self:
        """Itself: every field is a setting."""
        return self

    def install(self, setup: Setup) -> None:
        """Declare the middleware."""
        setup.middleware(setup.settings.decompression, Band.TRANSPORT)


class ConditionalGet(Revalidator, frozen=True, kw_only=True):
    """Answer 304 to clients that have the answer already; see `Revalidator`.

    Beside `Compression`, give it after that: tags are made of what is not compressed yet.
    """

    name = "conditional_get"
    requires = ()

    @property
    def settings(self) -> Self:
        """Itself: every field is a setting."""
        return self

    def install(self, setup: Setup) -> None:
        """Declare the middleware."""
        setup.middleware(setup.settings.conditional_get, Band.TRANSPORT)


class MethodOverride(MethodOverrider, frozen=True, kw_only=True):
    """Serve a POST as PUT, PATCH or DELETE where it asks for that; see `MethodOverrider`.

    Give it before other extensions of the edge: the request starts over, so what stands around
    this one sees it twice.
    """

    name = "method_override"
    requires = ()

    @property
    def settings(self) -> Self:
        """Itself: every field is a setting."""
        return self

    def install(self, setup: Setup) -> None:
        """Declare the middleware."""
        setup.middleware(setup.settings.method_override, Band.EDGE)


class RequestID(Identifier, frozen=True, kw_only=True):
    """Name requests by an id from a trusted proxy, and answers by the same; see `Identifier`."""

    name = "request_id"
    requires = ()

    @property
    def settings(self) -> Self:
        """Itself: every field is a setting."""
        return self

    def install(self, setup: Setup) -> None:
        """Declare the middleware."""
        setup.middleware(setup.settings.request_id, Band.EDGE)


class Formats(Representer):
    """Answer in the format that the client asks for; see `Representer`."""

    name = "formats"
    requires = ()
    settings = None

    def install(self, setup: Setup) -> None:
        """Declare the middleware: what finds the route stands outermost, what renders innermost."""
        if self.suffixes:
            setup.middleware(self.by_suffix, Band.EDGE)
        setup.middleware(self.represent, Band.APP)


class ASGIMiddleware(ASGIAdapter):
    """Run an ASGI middleware, `factory(app, *arguments, **options)`; see `ASGIAdapter`.

    `band` is where it stands in an app; in `Router(middleware=[...])` it has no meaning.
    """

    requires = ()
    settings = None

    def __init__(
        self,
        factory: Callable[..., Any],
        *arguments: Any,
        band: Band = Band.EDGE,
        **options: Any,
    ) -> None:
        super().__init__(factory, *arguments, **options)
        self.band = band

    @property
    def name(self) -> str:
        """The name of what is wrapped."""
        return f"asgi:{getattr(self.factory, '__qualname__', type(self.factory).__qualname__)}"

    def install(self, setup: Setup) -> None:
        """Declare the middleware."""
        setup.middleware(self, self.band)
