"""Method override: an HTML form, or a client behind a strict proxy, asks for PUT, PATCH or DELETE.

Only a POST can become another method, and only an unsafe one: nothing that a cache or a check of
the origin treats as safe gets changed.
"""

import re
from collections.abc import Awaitable, Callable, Sequence

from msgspec import Struct

from gambrel.core.http.errors import BadRequest, GambrelError
from gambrel.core.http.request import Request
from gambrel.core.http.response import Response
from gambrel.origins import SAFE

__all__ = ["MethodOverrider"]

FORM = "application/x-www-form-urlencoded"
_NEVER = SAFE | {"CONNECT"}
_METHOD = re.compile("[A-Z][A-Z-]*")


class MethodOverrider(Struct, frozen=True, kw_only=True):
    """Serve a POST as the method in its header or its form field.

    `methods` are those that may be asked for. An empty `header` or `field` is not looked at; the
    field is read from url-encoded forms. The request starts over with the new method.

    Raises:
        GambrelError: One of the methods is safe, or is not written as methods are.
    """

    header: str = "x-http-method-override"
    field: str = "_method"
    methods: Sequence[str] = ("PUT", "PATCH", "DELETE")

    def __post_init__(self) -> None:
        listed = [self.methods] if isinstance(self.methods, str) else self.methods
        unfit = [one for one in listed if one in _NEVER or not _METHOD.fullmatch(one)]
        if unfit or listed is not self.methods:
            raise GambrelError(
                "middleware.override-method",
                f"{(unfit or listed)[0]!r} is nothing that a POST may become",
                hint='name methods that change something: methods=["PUT", "PATCH", "DELETE"]',
            )

    async def __call__(
        self, request: Request, call_next: Callable[[Request], Awaitable[Response]]
    ) -> Response:
        """Start over with the method asked for, or go on. Raises BadRequest for another."""
        if request.method != "POST":
            return await call_next(request)
        wanted = await self.wanted(request)
        if wanted in {"", "POST"}:
            return await call_next(request)
        if wanted not in self.methods:
            raise BadRequest(f"A POST can ask for {', '.join(self.methods)}.")
        request.method = wanted
        request.__dict__.pop("miss", None)  # POST may have missed; the new method is looked up anew
        response: Response = await request.app.respond(request)
        return response

    async def wanted(self, request: Request) -> str:
        """Return the method that is asked for, or an empty text."""
        asked = request.headers.first(self.header.lower()) if self.header else None
        if asked is None and self.field and request.media_type == FORM:
            value = (await request.form()).get(self.field)
            asked = value if isinstance(value, str) else None
        return (asked or "").strip().upper()
