"""Styles and scripts of components: `components/card.css` and `card.js`, together in one file each.

The file has all of an app, so that a part of a page that is swapped in has its styles, too. Its
name tells its content, and browsers keep it for ever.
"""

from collections.abc import Callable
from hashlib import sha256
from typing import Any

from gambrel.core.http.errors import NotFound
from gambrel.core.http.request import Request
from gambrel.core.http.response import Response
from gambrel.markup import Markup, element
from gambrel.templates.names import media_type_of

__all__ = ["FOLDER", "ROUTE", "Assets"]

FOLDER = "components/"
"""Where components are, with their styles and scripts."""
ROUTE = "template_assets"
KEPT = "public, max-age=31536000, immutable"


class Assets:
    """The styles and scripts of the components of an environment."""

    def __init__(self, environment: Any) -> None:
        self.environment = environment
        self.kept: dict[str, bytes] = {}

    def content(self, suffix: str) -> bytes:
        """Return all styles (`css`) or scripts (`js`); empty where there are none."""
        if suffix not in self.kept or self.environment.auto_reload:
            loader = self.environment.loader
            names = [n for n in loader.list_templates() if n.startswith(FOLDER)]
            texts = [
                self.part(name, loader.get_source(self.environment, name)[0], suffix)
                for name in names
                if name.endswith(f".{suffix}")
            ]
            self.kept[suffix] = "\n".join(texts).encode()
        return self.kept[suffix]

    def part(self, name: str, text: str, suffix: str) -> str:
        """Return one file as a part of all: a script in a block of its own."""
        return f"/* {name} */\n" + (f"{{\n{text}\n}}\n" if suffix == "js" else text)

    def file(self, suffix: str) -> str:
        """Return the name of the file with all."""
        return f"{sha256(self.content(suffix)).hexdigest()[:16]}.{suffix}"

    def tag(self, suffix: str) -> Callable[[Request], Callable[[], Markup]]:
        """Return what makes `component_styles()` or `component_scripts()` of a page."""

        def of(request: Request) -> Callable[[], Markup]:
            def tag() -> Markup:
                if not self.content(suffix):
                    return Markup()
                url = request.url_for(ROUTE, file=self.file(suffix))
                if suffix == "css":
                    return element("link", rel="stylesheet", href=url)
                return element("script", type="module", src=url)

            return tag

        return of

    def answer(self, file: str) -> Response:
        """Return a file; that of another deployment as what it is now. Raises NotFound."""
        suffix = file.rpartition(".")[2]
        if suffix not in {"css", "js"} or not self.content(suffix):
            raise NotFound
        caching = KEPT if file == self.file(suffix) else "no-cache"
        headers = {"cache-control": caching}
        return Response(self.content(suffix), 200, headers, f"{media_type_of(file)}; charset=utf-8")
