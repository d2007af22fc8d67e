"""The smallest app around templates."""

from collections.abc import Mapping
from typing import Any

from gambrel import App
from gambrel.templates import Template, Templates


def site(texts: Mapping[str, str], values: Any = None, *, page: Any = None, **options: Any) -> App:
    """Return an app that answers at / with `index.html`, or with what `page()` returns."""
    app = App(extensions=[Templates(texts, **options)])

    @app.get("/", name="home")
    async def home() -> Template:
        made: Template = page() if page is not None else Template("index.html", values)
        return made

    return app
