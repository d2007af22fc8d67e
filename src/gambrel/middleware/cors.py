"""CORS: which pages of other origins may read answers (WHATWG Fetch §3.2).

`CORSPolicy` is what is allowed, for an app, a group or a route; `CrossOrigin` applies it to
preflights and answers, errors included. It asks a function for the policy and knows no app.
"""

from collections.abc import Awaitable, Callable, Sequence
from functools import cached_property

from msgspec import Struct

from gambrel.core.http.errors import GambrelError
from gambrel.core.http.request import Request
from gambrel.core.http.response import Response
from gambrel.headers.vary import add_vary
from gambrel.origins import OriginRules, has_ambient_credentials

__all__ = ["CORSPolicy", "CrossOrigin"]

# WHATWG Fetch, "CORS-safelisted request-header": never need to be allowed.
SAFE_HEADERS = frozenset({"accept", "accept-language", "content-language", "range"})
PREFLIGHT_VARY = ("origin", "access-control-request-method", "access-control-request-headers")


class CORSPolicy(Struct, frozen=True, kw_only=True, dict=True):
    """What pages of other origins may do.

    `origins` are exact, `https://*.example.com` or `*`; none by default. `credentials` lets them
    send cookies. `methods` and `headers` are what they may ask with, `expose` the header fields of
    answers they may read.
    `max_age`, in seconds, is how long a browser remembers a preflight. Pages of public sites never
    reach private networks through it.

    Raises:
        GambrelError: An origin is malformed, or `*` stands beside credentials.
    """

    origins: Sequence[str] = ()
    credentials: bool = False
    methods: Sequence[str] = ("DELETE", "GET", "HEAD", "PATCH", "POST", "PUT")
    headers: Sequence[str] = ("authorization", "content-type", "if-match", "if-none-match")
    expose: Sequence[str] = ()
    max_age: int = 600

    def __post_init__(self) -> None:
        any_of = [n for n in ("origins", "headers", "expose") if "*" in getattr(self, n)]
        if self.credentials and any_of:
            raise GambrelError(
                "middleware.cors-credentials",
                f"CORS with credentials and {any_of[0]}=['*'] would open the app to every site",
                hint=f"name the {any_of[0]}, or leave credentials out",
            )
        self.rules  # noqa: B018 - refuses malformed origins at start-up

    @cached_property
    def rules(self) -> OriginRules:
        """The origins, ready to be asked."""
        return OriginRules(self.origins)

    @cached_property
    def asked_with(self) -> frozenset[str]:
        """The request headers allowed, in lower case."""
        return SAFE_HEADERS | {name.lower() for name in self.headers}

    def allow(self, origin: str, response: Response) -> None:
        """Let a page of `origin`, which is allowed, read a response."""
        allowed = "*" if self.rules.is_any else origin
        response.headers.setdefault("access-control-allow-origin", allowed)
        if self.credentials:
            response.headers.setdefault("access-control-allow-credentials", "true")

    def answer(self, origin: str, method: str, asked: str) -> Response:
        """Answer a preflight; without the headers that allow it where anything is not allowed."""
        response = Response(b"", 204)
        add_vary(response.headers, *PREFLIGHT_VARY)
        names = [name.strip(" \t").lower() for name in asked.split(",") if name.strip(" \t")]
        are_allowed = "*" in self.headers or self.asked_with.issuperset(names)
        if method not in self.methods or not are_allowed or not self.rules.allows(origin):
            return response
        self.allow(origin, response)
        response.headers["access-control-allow-methods"] = ", ".join(self.methods)
        response.headers["access-control-allow-headers"] = ", ".join(self.headers)
        response.headers["access-control-max-age"] = str(self.max_age)
        return response

    def admits(self, request: Request) -> bool:
        """Whether a page of another origin may make a request; with cookies only if it may.

        Without `credentials` a browser hides the answer, but has sent the cookies.
        """
        origin = request.headers.first("origin")
        if origin is None or request.method not in self.methods or not self.rules.allows(origin):
            return False
        return self.credentials or not has_ambient_credentials(request)

    def share(self, origin: str | None, response: Response) -> None:
        """Let the page that asked read a response, if it may; tell caches what it depends on."""
        if not self.rules.is_any:
            add_vary(response.headers, "origin")
        if origin is None or not self.rules.allows(origin):
            return
        self.allow(origin, response)
        if self.expose:
            response.headers.setdefault("access-control-expose-headers", ", ".join(self.expose))


class CrossOrigin:
    """The middleware: `policy_of(request, method)` names the policy, None for none.

    For a preflight `method` is the one it asks for, otherwise None.
    """

    def __init__(self, policy_of: Callable[[Request, str | None], CORSPolicy | None]) -> None:
        self.policy_of = policy_of

    async def __call__(
        self, request: Request, call_next: Callable[[Request], Awaitable[Response]]
    ) -> Response:
        """Answer a preflight, or share the answer."""
        headers = request.headers
        origin = headers.first("origin")
        if request.method == "OPTIONS" and origin is not None:
            method = headers.first("access-control-request-method")
            policy = self.policy_of(request, method) if method else None
            if policy is not None and method:
                asked = headers.first("access-control-request-headers") or ""
                return policy.answer(origin, method, asked)
        response = await call_next(request)
        policy = self.policy_of(request, None)
        if policy is not None:
            policy.share(origin, response)
        return response
