"""`gambrel request`: send one request to an app, without a server, and write its answer.

The app is started for it and closed afterwards. It is asked as any ASGI server would ask it.
"""

import asyncio
import sys
from collections.abc import Iterable
from typing import Any
from urllib.parse import unquote, urlsplit

import click

from gambrel import App
from gambrel.cli.serving.safety import build_safely
from gambrel.cli.target import load_app

__all__ = ["command", "scope_of"]

_ASGI = {"version": "3.0", "spec_version": "2.4"}


@click.command("request")
@click.argument("url")
@click.argument("target", default="app.py")
@click.option("-X", "--method", default="", help="The method; else GET, or POST with a body.")
@click.option("-H", "--header", "headers", multiple=True, metavar="NAME:VALUE", help="A header.")
@click.option("-d", "--data", metavar="BODY", help="The body, or - for the standard input.")
@click.option("--json", "is_json", is_flag=True, help="The body is JSON.")
@click.option("-i", "--include", is_flag=True, help="Write status and headers, too.")
def command(
    url: str,
    target: str,
    method: str,
    headers: tuple[str, ...],
    data: str | None,
    is_json: bool,
    include: bool,
) -> None:
    """Send a request for URL to the app of TARGET (app.py), without a server.

    URL is a path, or begins with a scheme and a host. The app runs for this one request. Exit code
    0 where the status is below 400, 1 for any other.
    """
    app = load_app(target)
    build_safely(app, None)
    body = sys.stdin.buffer.read() if data == "-" else (data or "").encode()
    given = [split_header(line) for line in headers]
    if is_json:
        given.append(("content-type", "application/json"))
    scope = scope_of(url, method or ("GET" if data is None else "POST"), given, len(body))
    status = asyncio.run(ask(app, scope, body, include=include))
    sys.exit(0 if status < 400 else 1)


def split_header(line: str) -> tuple[str, str]:
    """Return name and value of a header. Raises click.BadParameter."""
    name, colon, value = line.partition(":")
    if not colon or not name.strip():
        raise click.BadParameter("write it as NAME:VALUE", param_hint="--header")
    return name.strip().lower(), value.strip()


def scope_of(
    url: str, method: str, headers: Iterable[tuple[str, str]], length: int
) -> dict[str, Any]:
    """Return a request as a server would tell of it."""
    parts = urlsplit(url)
    host = parts.netloc or "localhost"
    fields = dict([("host", host), *headers])
    if length:
        fields.setdefault("content-length", str(length))
    path = parts.path or "/"
    return {
        "type": "http",
        "asgi": _ASGI,
        "http_version": "1.1",
        "method": method.upper(),
        "scheme": parts.scheme or "http",
        "path": unquote(path),
        "raw_path": path.encode(),
        "query_string": parts.query.encode(),
        "root_path": "",
        "headers": [(name.encode(), value.encode()) for name, value in fields.items()],
        "client": ("127.0.0.1", 0),
        "server": ("127.0.0.1", 80),
    }


async def ask(app: App, scope: dict[str, Any], body: bytes, *, include: bool) -> int:
    """Ask the app, write its answer as it comes, and return the status."""
    status = 500
    pieces = [body]

    async def receive() -> dict[str, Any]:
        if not pieces:
            await asyncio.Event().wait()  # nobody leaves
        return {"type": "http.request", "body": pieces.pop(), "more_body": False}

    async def send(message: Any) -> None:
        nonlocal status
        if message["type"] == "http.response.start":
            status = message["status"]
            if include:
                lines = [
                    f"{n.decode('latin-1')}: {v.decode('latin-1')}" for n, v in message["headers"]
                ]
                click.echo("\n".join([str(status), *lines, ""]))
        elif message["type"] == "http.response.body":
            click.echo(bytes(message.get("body", b"")), nl=False)

    async with app.running():
        await app(scope, receive, send)
    if sys.stdout.isatty():
        click.echo()
    return status
