"""Gambrel: one web framework from five lines to a platform.

    from gambrel import App

    app = App()

    @app.get("/")
    async def hello() -> str:
        return "Hello, World!"
"""

from gambrel.core.app.app import App
from gambrel.core.routing.router import Router

__all__ = ["App", "Router"]
