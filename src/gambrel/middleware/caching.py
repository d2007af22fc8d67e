"""`Cache-Control` for a route or a group: how long its answers may be kept, and by whom.

@app.get("/prices", middleware=[cache_control(CacheControl(public=True, max_age=60))])
"""

from gambrel.core.http.request import Request
from gambrel.core.http.response import Response
from gambrel.headers.cache_control import CacheControl
from gambrel.middleware.hooks import Middleware, after_request

__all__ = ["cache_control"]


def cache_control(policy: CacheControl) -> Middleware:
    """Say `policy` with every answer below 400 that says nothing about caching itself."""
    text = str(policy)

    @after_request
    def cache_control(_request: Request, response: Response) -> None:
        if response.status < 400:
            response.headers.setdefault("cache-control", text)

    return cache_control
