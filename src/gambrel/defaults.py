"""The roof's `App`: the core's, with the extensions every app wants.

The list is all there is to it: `App(defaults=())` leaves it out, `App(extensions=[...])` adds to
it or replaces one of the same name, and generated projects write it out.
"""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from gambrel.core.app.app import App as CoreApp
from gambrel.extend import Extension
from gambrel.openapi.extension import OpenAPI

__all__ = ["App", "default_extensions"]


def default_extensions() -> list[Extension]:
    """Return what an app has unless it says otherwise: its document, and the page that shows it."""
    return [OpenAPI()]


class App(CoreApp):
    """A web application, with the default extensions; see `gambrel.core.app.app.App`."""

    def __init__(
        self,
        *,
        extensions: Iterable[Extension] = (),
        defaults: Sequence[Extension] | None = None,
        root: str | Path | None = None,
        **arguments: Any,
    ) -> None:
        super().__init__(
            extensions=extensions,
            defaults=default_extensions() if defaults is None else defaults,
            root=root,
            **arguments,
        )
