"""Answer requests that no route takes: 404, 405, automatic OPTIONS, slash redirects."""

from gambrel.core.http.request import Request
from gambrel.core.http.response import Response

__all__ = ["answer_miss"]


def answer_miss(request: Request) -> Response:
    """Return the answer to a miss, or raise its error for the boundary."""
    miss = request.miss
    if miss.status == 204:
        return Response(b"", 204, {"allow": ", ".join(miss.allow)})
    if miss.status == 308:
        query = f"?{request.query_string}" if request.query_string else ""
        return Response(b"", 308, {"location": request.root_path + miss.location + query})
    raise miss.error()
