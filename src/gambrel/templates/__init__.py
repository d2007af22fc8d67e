"""Pages from templates, by Jinja: folders of the app and its extensions, fragments, components.

    app = App(extensions=[Templates()])

    @app.get("/")
    async def index() -> Template:
        return Template("index.html", {"title": "Home"})

What is in a page is escaped, a name that nobody gives is an error, and nothing per page is global.
Needs `pip install 'gambrel[templates]'` once an app has the extension.
"""

from gambrel.templates.extension import (
    TEMPLATE_CONTEXT,
    TEMPLATE_FILTERS,
    TEMPLATE_FOLDERS,
    TEMPLATE_TESTS,
    Templates,
    page_values,
)
from gambrel.templates.renderer import Renderer
from gambrel.templates.response import Template

__all__ = [
    "TEMPLATE_CONTEXT",
    "TEMPLATE_FILTERS",
    "TEMPLATE_FOLDERS",
    "TEMPLATE_TESTS",
    "Renderer",
    "Template",
    "Templates",
    "page_values",
]
