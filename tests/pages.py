"""Pages of an example in a real browser, which note what goes wrong in them."""

import importlib
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from gambrel import App
from gambrel.testing import LiveServer

EXAMPLES = Path(__file__).parents[1] / "examples"
TROUBLE = """
window.trouble = [];
addEventListener("securitypolicyviolation", (event) => trouble.push(event.violatedDirective));
addEventListener("error", (event) => trouble.push(event.message));
addEventListener("unhandledrejection", (event) => trouble.push(String(event.reason)));
"""


def example(name: str, **options: Any) -> App:
    """Return the app that the `make_app` of an example makes."""
    sys.path.insert(0, str(EXAMPLES))
    try:
        app: App = importlib.import_module(f"{name}.app").make_app(**options)
    finally:
        sys.path.remove(str(EXAMPLES))
    return app


@contextmanager
def pages(browser: Any, app: App) -> Iterator[Callable[..., Any]]:
    """Serve an app, and yield what opens its first page; `trouble` is what went wrong in it."""
    contexts = []
    with LiveServer(app) as server:

        def open_page(**options: Any) -> Any:
            context = browser.new_context(**{"reduced_motion": "reduce", **options})
            contexts.append(context)
            page = context.new_page()
            page.set_default_timeout(10_000)
            page.add_init_script(TROUBLE)
            page.goto(server.url)
            return page

        yield open_page
        for context in contexts:
            context.close()
