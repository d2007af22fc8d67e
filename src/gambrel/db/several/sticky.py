"""Who has written reads from the primary for a while: a replica may not have it yet.

What remembers it is a cookie of the visitor: it holds for all workers and machines, and says no
more than when it was. It is signed, so that nobody keeps away from replicas for good.
`extension.py` asks for each request that may be answered by a replica.
"""

import math
from collections.abc import Iterable, Sequence
from functools import cached_property
from typing import Any

from gambrel.core.http.errors import BadRequest
from gambrel.core.http.fields.cookies import SetCookie
from gambrel.signing import BadSignature, Signer

__all__ = ["Sticky", "remember_all"]


class Sticky:
    """Remembers for `seconds` that a visitor has written to the database of a `section`."""

    def __init__(self, section: str, seconds: float, keys: Sequence[str | bytes]) -> None:
        self.purpose = f"db.wrote.{section}"
        self.cookie = f"gambrel_wrote_{section}"
        self.seconds = math.ceil(seconds)
        self.keys = keys

    @cached_property
    def signer(self) -> Signer:
        """What signs the cookie."""
        return Signer(self.keys, self.purpose)

    def has_written(self, request: Any) -> bool:
        """Whether who asks has written a moment ago; nobody who sends no cookie has."""
        if request is None or "cookie" not in request.headers:
            return False
        try:
            signed = request.cookies.get(self.cookie)
            if signed is None:
                return False
            self.signer.unsign(signed, self.seconds)
        except (BadRequest, BadSignature):  # of somebody else, or too old
            return False
        return True

    def remember(self, request: Any) -> None:
        """Have the answer to a request say that its visitor has written."""
        line = SetCookie(
            self.cookie, self.signer.sign(b"1"), max_age=self.seconds, secure=is_secure(request)
        )
        request.draft.headers.add("set-cookie", str(line))


def remember_all(stickies: Iterable[Sticky], request: Any) -> None:
    """Have the answer to a request say where its visitor has written; None is no request."""
    if request is not None:
        for sticky in stickies:
            sticky.remember(request)


def is_secure(request: Any) -> bool:
    """Whether a request has come by HTTPS, by what its proxies say."""
    try:
        return bool(request.scheme == "https")
    except BadRequest:
        return False
