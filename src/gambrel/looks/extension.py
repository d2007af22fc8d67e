"""`Looks`: the extension that serves a stylesheet and a script of ours for pages of yours."""

import hashlib
from collections.abc import Awaitable, Callable
from functools import lru_cache
from pathlib import Path

from gambrel.core.http.request import Request
from gambrel.core.http.response import Response
from gambrel.extend import TEMPLATE_GLOBALS, Setup
from gambrel.markup import Markup, element, join

__all__ = ["Looks"]

TYPES = {"css": "text/css", "js": "text/javascript", "svg": "image/svg+xml"}
HERE = Path(__file__).with_name("static")
_FOREVER = {"cache-control": "public, max-age=31536000, immutable"}


class Looks:
    """Let pages look finished: `{{ looks }}` in the head of a template is all of it.

    A stylesheet for plain HTML, forms, tables and messages, light and dark; and a small script for
    fields that are checked while a visitor types, parts of a page that are exchanged, questions
    before something is done. Pages work without it. Both are below `prefix`, with a small `icon`
    for the tab of the browser: leave that out where you have one.
    """

    name = "looks"
    requires = ()
    settings = None

    def __init__(self, *, prefix: str = "/_looks", icon: bool = True) -> None:
        self.prefix = prefix
        kinds = ("css", "js", "svg") if icon else ("css", "js")
        self.files = {kind: (HERE / f"looks.{kind}").read_bytes() for kind in kinds}
        self.paths = {kind: f"{prefix}/{name_of(kind, text)}" for kind, text in self.files.items()}

    def install(self, setup: Setup) -> None:
        """Declare a route for each file, and what templates write."""
        for kind, path in self.paths.items():
            setup.route(path, sender(self.files[kind], TYPES[kind]), hidden=True)
        tags = lru_cache(16)(self.tags_below)
        setup.add(TEMPLATE_GLOBALS, ("looks", lambda request: tags(request.root_path)))

    @property
    def tags(self) -> Markup:
        """The elements for the head of a page."""
        return self.tags_below("")

    def tags_below(self, root: str) -> Markup:
        """Return the same for an app that is mounted at `root`."""
        tags = [
            element("link", rel="stylesheet", href=root + self.paths["css"]),
            element("script", src=root + self.paths["js"], defer=True),
        ]
        if "svg" in self.paths:
            icon = root + self.paths["svg"]
            tags.append(element("link", rel="icon", type=TYPES["svg"], href=icon))
        return join(tags)


def name_of(kind: str, content: bytes) -> str:
    """Return a name that changes with the content: it may be kept for good."""
    return f"looks.{hashlib.sha256(content).hexdigest()[:12]}.{kind}"


def sender(content: bytes, media_type: str) -> Callable[[Request], Awaitable[Response]]:
    """Return a handler for one file."""

    async def send(_request: Request) -> Response:
        return Response(content, 200, _FOREVER, media_type)

    send.__name__ = f"looks_{media_type.rpartition('/')[2].partition('+')[0]}"
    return send
