"""`Debug`: the extension that shows a developer what failed, and only to the developer.

It does nothing unless the app's `debug` is on, and answers nobody but this machine.
"""

import platform
from collections.abc import AsyncIterator, Iterator
from importlib.metadata import PackageNotFoundError, version
from ipaddress import ip_address
from typing import Any

from msgspec import json

from gambrel.core.http.errors import BadRequest, HTTPError, ServerError, problem
from gambrel.core.http.fields.negotiation import best_match
from gambrel.core.http.host import parse_host
from gambrel.core.http.request import Request
from gambrel.core.http.response import Response
from gambrel.debug.checks import doubts
from gambrel.debug.document import describe
from gambrel.debug.markdown import render_markdown
from gambrel.debug.not_found import Candidate, markdown_not_found, render_not_found
from gambrel.debug.page import render_page, respond_with
from gambrel.debug.report import Report, build_report, short_path
from gambrel.debug.watchdog import run_watchdog
from gambrel.extend import DEBUG_RENDERER, Level, Problem, Setup

__all__ = ["Debug"]

_PRIVATE = {"cache-control": "no-store", "vary": "accept"}
_OFFERS = ("application/problem+json", "application/json", "text/html", "text/markdown")


class Debug:
    """Error pages for development and a watchdog over the event loop.

    A browser gets HTML, a client that asks for `text/markdown` gets that, one that takes JSON the
    problem document of production with a member `debug` more. `docs` is the address of the pages
    on error codes, `editor` a link with `{path}` and `{line}` (`vscode://file/{path}:{line}`),
    `stall` how long one handler may keep the loop busy, in seconds; 0 leaves the watchdog out.
    """

    name = "debug"
    requires = ()
    settings = None

    def __init__(self, *, docs: str = "", editor: str = "", stall: float = 0.1) -> None:
        self.docs = docs
        self.editor = editor
        self.stall = stall

    def install(self, setup: Setup) -> None:
        """Contribute the renderer and the watchdog, if the app is in debug."""
        setup.check(check_routes, start=setup.settings.core.debug)
        if not setup.settings.core.debug:
            return
        setup.add(DEBUG_RENDERER, self.render)
        if self.stall > 0:
            setup.lifespan(self.watch)

    async def watch(self) -> AsyncIterator[None]:
        """Watch the loop of this worker while the app runs."""
        async for _ in run_watchdog(self.stall):
            yield

    def render(self, request: Request, error: Exception, incident: str) -> Response | None:
        """Answer an error with a page, or decline.

        Declined are strangers, clients that take none of our types, and every HTTP error but a 404
        for a path that no route has.
        """
        kind = _wanted(request) if is_local(request) else None
        if kind is None:
            return None
        is_text = kind in {"text/html", "text/markdown"}
        if isinstance(error, HTTPError):
            return self._not_found(request, kind) if is_text and _is_miss(request, error) else None
        report = build_report(error, request, incident, _versions())
        if kind == "text/html":
            return respond_with(render_page(report, self.docs, self.editor), 500)
        return _markdown(render_markdown(report), 500) if is_text else _document(report, incident)

    def _not_found(self, request: Request, kind: str) -> Response:
        method, path = request.method, request.raw_path
        candidates = _candidates(request)
        if kind == "text/html":
            return respond_with(render_not_found(method, path, candidates), 404)
        return _markdown(markdown_not_found(method, path, candidates), 404)


def check_routes(app: Any) -> Iterator[Problem]:
    """Warn of parameters that are probably not where they are meant to be."""
    for doubt in doubts(app.routes):
        yield Problem(*doubt, level=Level.WARNING)


def is_local(request: Request) -> bool:
    """Tell whether a request comes from this machine, addressed to it, and by no proxy.

    The name is checked as well as the address: a foreign page can make a browser here ask for
    its own name at this address (DNS rebinding).
    """
    headers = request.headers
    if "forwarded" in headers or "x-forwarded-for" in headers:
        return False
    peer = request.connection.client
    try:
        return (peer is None or ip_address(peer[0]).is_loopback) and parse_host(
            headers.get("host", "")
        ).is_loopback()
    except (BadRequest, ValueError):
        return False


def _wanted(request: Request) -> str | None:
    try:
        return best_match(request.headers.get("accept", ""), _OFFERS)
    except BadRequest:
        return None


def _is_miss(request: Request, error: HTTPError) -> bool:
    return error.status == 404 and request.miss is not None


def _candidates(request: Request) -> list[Candidate]:
    steps = request.app.build().table.explain(request.method, request.raw_path, request.host)
    return [
        Candidate(
            methods=" ".join(step.route.methods),
            path=str(step.route.pattern),
            why=step.why or "it matches, but its conditions do not hold",
            handler=getattr(step.route.handler, "__qualname__", ""),
            where=short_path(step.route.where),
        )
        for step in steps
    ]


def _markdown(text: str, status: int) -> Response:
    return Response(text, status, _PRIVATE, "text/markdown")


def _document(report: Report, incident: str) -> Response:
    document = {**problem(ServerError()), "incident": incident, "debug": describe(report)}
    return Response(json.encode(document), 500, _PRIVATE, "application/problem+json")


def _versions() -> tuple[tuple[str, str], ...]:
    try:
        own = version("gambrel")
    except PackageNotFoundError:
        own = "(not installed)"
    return ("Python", platform.python_version()), ("Gambrel", own)
