"""Requests from this machine and from elsewhere, for the tests of the error pages."""

from gambrel.core.http.headers import Headers
from gambrel.core.http.request import Request


class Connection:
    """A connection as an edge presents it, as far as error pages look at one."""

    server = ("127.0.0.1", 8000)
    scheme = "http"
    http_version = "1.1"
    tls = None

    def __init__(self, app=None, client="127.0.0.1"):
        self.app = app
        self.client = (client, 50_000) if client else None


def request(
    path="/", *, method="GET", query="", accept="text/html", app=None, client="127.0.0.1", **headers
):
    """Return a request; `headers` use underscores for dashes."""
    fields = {"host": "localhost:8000", "accept": accept}
    fields |= {name.replace("_", "-"): value for name, value in headers.items()}
    return Request(method, path, query, Headers(fields.items()), Connection(app, client))
