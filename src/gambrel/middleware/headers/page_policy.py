"""`PagePolicy`: another Content-Security-Policy for the pages of one route, or of a group."""

from collections.abc import Awaitable, Callable, Iterator, Mapping

from msgspec import Struct

from gambrel.core.http.request import Request
from gambrel.core.http.response import Response
from gambrel.middleware.security_headers import CSP, HeaderPolicy, loose, policy_of, written

__all__ = ["PagePolicy"]


class PagePolicy(Struct, frozen=True, kw_only=True):
    """A middleware: `Router(middleware=[PagePolicy(add={"img-src": ["https://maps.example"]})])`.

    `policy` takes the place of the app's own, `add` names further sources for its directives.
    Pages that ask for a nonce have it in this policy.
    """

    policy: str = ""
    add: Mapping[str, list[str]] = {}

    def loosens(self) -> Iterator[str]:
        """Yield what it lets strangers do in a page."""
        yield from loose(self.policy)
        yield from loose(written({name: " ".join(more) for name, more in self.add.items()}))

    async def __call__(
        self, request: Request, call_next: Callable[[Request], Awaitable[Response]]
    ) -> Response:
        """Give the policy to a page that has none of its own."""
        request.state.page_policy = self
        response = await call_next(request)
        if response.headers.get("content-type", "").startswith("text/html"):
            known = getattr(request.app.settings, "security_headers", None) or HeaderPolicy()
            response.headers.setdefault(CSP, policy_of(request, known))
        return response
