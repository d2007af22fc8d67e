"""What is told of a request, in the words of the semantic conventions for HTTP (stable, 1.23 on).

Never a body, a cookie or a credential: of the header fields only the client's name of itself.
"""

import os
import traceback
from collections.abc import Callable
from typing import Any
from urllib.parse import quote, unquote, unquote_plus, urlsplit

from gambrel.core.http.errors import BadRequest
from gambrel.core.http.request import Request
from gambrel.observability.access import client_of
from gambrel.observability.records import shorten
from gambrel.observability.scrub import HIDDEN, is_secret_name

__all__ = [
    "describe",
    "describe_error",
    "describe_url",
    "known_methods",
    "name_of",
    "scrub_query",
    "type_of",
]

Scrub = Callable[[str], str]

METHODS = "CONNECT,DELETE,GET,HEAD,OPTIONS,PATCH,POST,PUT,TRACE"
# Names that the conventions ask to hide, beside those that are hidden in logs.
SIGNED = frozenset({"awsaccesskeyid", "sig", "x-amz-credential", "x-goog-credential"})
PORTS = {"http": 80, "https": 443, "ws": 80, "wss": 443}
TRACE_LIMIT = 16_384
PLAIN = "/[]:@!$&'()*+,;=-._~"
"""What stands in a path as it is (RFC 3986, §3.3), and the brackets of what is hidden."""


def known_methods() -> frozenset[str]:
    """Return the methods that are told as they are; others are told as `_OTHER`."""
    given = os.environ.get("OTEL_INSTRUMENTATION_HTTP_KNOWN_METHODS") or METHODS
    return frozenset(name.strip() for name in given.split(","))


def name_of(request: Request, method: str) -> tuple[str, str]:
    """Return the name of a request's span, and its route: `GET /users/{id}`, `/users/{id}`."""
    verb = "HTTP" if method == "_OTHER" else method
    if request.route is None:
        return verb, ""
    route = f"{request.root_path}{request.route.pattern}"
    return f"{verb} {route}", route


def describe(request: Request, method: str, route: str, scrub: Scrub) -> dict[str, Any]:
    """Return the attributes of a request."""
    connection, peer = request.connection, request.connection.client
    told: dict[str, Any] = {
        "http.request.method": method,
        "url.path": shorten(path_of(request, scrub)),
        "network.protocol.version": connection.http_version,
    }
    if method == "_OTHER":
        told["http.request.method_original"] = shorten(request.method, 32)
    if route:
        told["http.route"] = route
    if request.query_string:
        told["url.query"] = scrub_query(shorten(request.query_string), scrub)
    try:
        told["url.scheme"], host = request.scheme, request.host
    except BadRequest:
        told["url.scheme"], host = connection.scheme, request.headers.first("host") or ""
    told["server.address"], port = split_host(host)
    if port is not None:
        told["server.port"] = port
    if client := client_of(request):
        told["client.address"] = client
    if peer:
        told["network.peer.address"], told["network.peer.port"] = peer
    if agent := request.headers.first("user-agent"):
        told["user_agent.original"] = shorten(agent, 256)
    return told


def path_of(request: Request, scrub: Scrub) -> str:
    """Return the path, without the value of a parameter that is named like a secret.

    Where that does not stand there as it was read, the pattern of the route is told instead.
    """
    path = request.root_path + request.raw_path
    for name, value in (request.params or {}).items():
        if is_secret_name(name) and (text := str(value)):
            parts = unquote(path).split(text)
            if len(parts) == 1:
                return name_of(request, "")[1]
            path = HIDDEN.join(quote(part, PLAIN) for part in parts)
    return scrub(path) if "%" not in path else scrub_path(path, scrub)


def scrub_path(path: str, scrub: Scrub) -> str:
    """Return a path without secrets: as in logs, and where one of its parts is escaped, too."""
    parts = [(part, unquote(part)) for part in scrub(path).split("/")]
    return "/".join(HIDDEN if scrub(plain) != plain else part for part, plain in parts)


def describe_url(url: str, scrub: Scrub) -> dict[str, Any]:
    """Return the attributes of a URL that is asked: without credentials, secrets and fragment."""
    parts = urlsplit(url)
    user, _, host = parts.netloc.rpartition("@")
    shown = f"{HIDDEN}:{HIDDEN}@{host}" if user else host
    full = f"{parts.scheme}://{shown}{shorten(scrub_path(parts.path, scrub))}"
    if parts.query:
        full += f"?{scrub_query(shorten(parts.query), scrub)}"
    port = PORTS.get(parts.scheme) if parts.port is None else parts.port
    told: dict[str, Any] = {"url.full": full, "server.address": parts.hostname or ""}
    return told if port is None else {**told, "server.port": port}


def split_host(host: str) -> tuple[str, int | None]:
    """Return the name and the port of a `Host`."""
    name, colon, port = host.rpartition(":")
    if colon and port.isascii() and port.isdigit():
        return name.strip("[]"), int(port)
    return host.strip("[]"), None


def scrub_query(query: str, scrub: Scrub) -> str:
    """Return a query without secrets: as in logs, and where a name or a value is escaped, too."""
    return "&".join([scrub_parameter(part, scrub) for part in scrub(query).split("&")])


def scrub_parameter(text: str, scrub: Scrub) -> str:
    """Return one parameter, with its value hidden where that is a secret or holds one."""
    name, equals, value = text.partition("=")
    called = unquote_plus(name)
    plain = unquote_plus(value)
    if is_secret_name(called) or called.lower() in SIGNED or scrub(plain) != plain:
        return f"{name}{equals}{HIDDEN}"
    return text


def type_of(error: BaseException) -> str:
    """Return the name of an error's type, with its module."""
    kind = type(error)
    return f"{kind.__module__}.{kind.__qualname__}".removeprefix("builtins.")


def describe_error(error: BaseException, scrub: Scrub) -> dict[str, str]:
    """Return the attributes of the event `exception`; of a long trace the end."""
    lines = "".join(traceback.format_exception(error))
    if len(lines) > TRACE_LIMIT:
        lines = "...\n" + lines[-TRACE_LIMIT:].partition("\n")[2]
    return {
        "exception.type": type_of(error),
        "exception.message": shorten(scrub(str(error)[: 8 * 1024])),
        "exception.stacktrace": scrub(lines),
    }
