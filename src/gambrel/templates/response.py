"""`Template`: what a handler returns to answer with a page.

It knows the name and the values; the renderer of the app that serves the request does the rest.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from gambrel.core.http.errors import GambrelError
from gambrel.core.http.headers import ResponseHeaders
from gambrel.core.http.response import Response
from gambrel.templates.renderer import Renderer

__all__ = ["Template"]


class Template(Response):
    """A page made from a template, when its request is known.

    `context` has its values: a mapping, or a typed value (Struct, dataclass, …) whose fields they
    are. `block` renders that block alone, for a page that swaps a part of itself. `media_type` is
    that of the name (`feed.xml`) unless it is given. With `stream` the page is sent while it is
    made. With `waits` the template awaits what it uses, and is made after the handler.

    Raises ValueError for a status outside 200-599 and for malformed header fields.
    """

    media_type = "text/html"

    def __init__(
        self,
        name: str,
        context: Any = None,
        status: int = 200,
        headers: Mapping[str, str] | Iterable[tuple[str, str]] | None = None,
        *,
        block: str = "",
        media_type: str = "",
        stream: bool = False,
        waits: bool = False,
    ) -> None:
        self.name = name
        self.context = context
        self.block = block
        self.kind = media_type
        self.stream = stream
        self.waits = waits
        self.body = b""
        self.status = status
        if headers is not None:
            self._headers = ResponseHeaders(headers)

    def answer_to(self, request: Any) -> Response:
        """Return the page for a request. Raises GambrelError where there is no such template."""
        renderer = request.app.resources.find(Renderer)
        if renderer is None:
            raise not_installed(self.name)
        answer: Response = renderer.answer(self, request)
        return answer

    def __repr__(self) -> str:
        return f"<Template {self.name!r} {self.status}>"


def not_installed(name: str) -> GambrelError:
    """The error of a template in an app that has none."""
    what = f"Template({name!r}) needs Templates, an extension that this app does not have"
    hint = "App(extensions=[Templates()]), after `from gambrel.templates import Templates`"
    return GambrelError("app.no-extension", what, hint=hint)
