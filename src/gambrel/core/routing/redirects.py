"""Redirect routes: `router.redirect("/old/{id}", "/new/{id}")`, with parameters and query kept."""

from collections.abc import Callable
from dataclasses import dataclass

from gambrel.core.http.errors import GambrelError, NotFound
from gambrel.core.http.request import Request
from gambrel.core.http.response import Redirect
from gambrel.core.routing.converters import Converters
from gambrel.core.routing.pattern import Pattern
from gambrel.core.routing.reverse import fill

STATUSES = (301, 302, 303, 307, 308)


@dataclass(frozen=True)
class RedirectTo:
    """A target, `/new/{id}` or `https://example.com/{id}`, and the status to send."""

    target: str
    status: int

    def build(
        self, source: Pattern, converters: Converters, where: str
    ) -> Callable[[Request], Redirect]:
        """Return the handler for the route `source`.

        Raises:
            GambrelError: a status that is no redirect, a parameter `source` does not have, or one
                in the host of the target.
        """
        if self.status not in STATUSES:
            hint = "use 301, 302, 303, 307 or 308"
            raise GambrelError("routing.redirect", f"{self.status} is no redirect", where, hint)
        origin = ""
        path = self.target
        if not path.startswith("/"):
            scheme, authority, path = split_url(self.target, where)
            origin = f"{scheme}://{authority}"
        pattern = Pattern(path, converters, where=where)
        unknown = pattern.names - source.names
        # A value in the host would choose where the visitor goes (CWE-601).
        if unknown or "{" in origin:
            what = f"{self.target!r} needs what {source.text!r} does not give"
            hint = "use parameters of the path, in the path of the target"
            raise GambrelError("routing.redirect", what, where, hint)

        def redirect(request: Request) -> Redirect:
            try:
                url = origin + fill(pattern, request.params or {}, self.target)
            except GambrelError:
                raise NotFound from None
            query = request.query_string
            return Redirect(f"{url}?{query}" if query else url, status=self.status)

        return redirect


def split_url(url: str, where: str) -> tuple[str, str, str]:
    """Return scheme, authority and path pattern. Raises GambrelError for no absolute URL."""
    scheme, separator, rest = url.partition("://")
    authority, _, path = rest.partition("/")
    if not separator or not scheme.isalpha() or not authority:
        hint = 'write "https://example.com/{id}"'
        raise GambrelError("routing.url", f"{url!r} is no absolute URL", where, hint)
    return scheme, authority, f"/{path}"
