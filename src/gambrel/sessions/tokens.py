"""Tokens against pages of other sites, for those who must not rely on what browsers say.

A secret is in the session; a page has it masked, another text each time, so that nobody can tell it
from the size of compressed pages. It comes back in a field of the form, or in a header.
"""

import hmac
import os
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import MutableMapping
from typing import Any

from gambrel.core.http.errors import Forbidden, GambrelError
from gambrel.core.http.request import Request
from gambrel.markup import Markup, element
from gambrel.origins import SAFE, has_ambient_credentials, is_open
from gambrel.sessions.session import CSRF

__all__ = ["FIELD", "HEADER", "OPENS", "CSRFToken", "check_token", "token_in_page"]

FIELD, HEADER = "_csrf", "x-csrf-token"
OPENS = "opens_session"
"""An attribute of the provider of sessions, by which a handler with one is known."""
SIZE = 16
_FORMS = frozenset({"application/x-www-form-urlencoded", "multipart/form-data"})
_PLAIN = _FORMS | {"text/plain", ""}
"""What a page of another site can send without asking first."""
_MISSING = (
    "The token of this page is missing, or belongs to a session that has ended. "
    "Load the page again, and send it once more."
)


class CSRFToken:
    """The token of a visitor's session: `token: CSRFToken`, and `{{ csrf_token }}` in templates.

    As text it is what the header `X-CSRF-Token` or the field `_csrf` sends back, masked: another
    text each time. It is made when it is first shown, and another once the session rotates.
    """

    def __init__(self, session: MutableMapping[str, Any], *, is_over: bool = False) -> None:
        self._session = session
        self._is_over = is_over

    @property
    def field(self) -> Markup:
        """A hidden input for forms made by hand; those of `HTMLForm` have it."""
        text = str(self)
        return element("input", type="hidden", name=FIELD, value=text) if text else Markup()

    @property
    def meta(self) -> Markup:
        """An element for the head of a page, where scripts find it: `csrf-token`."""
        text = str(self)
        return element("meta", name="csrf-token", content=text) if text else Markup()

    def end(self) -> None:
        """Make no other: the page of an error has that of its session, or an empty text."""
        kept = self._session.get(CSRF)
        self._session, self._is_over = {CSRF: kept}, True

    def __str__(self) -> str:
        kept = self._session.get(CSRF)
        if not isinstance(kept, str):
            if self._is_over:
                return ""
            kept = self._session[CSRF] = text_of(os.urandom(SIZE))
        mask = os.urandom(SIZE)
        return text_of(mask + xor(mask, bytes_of(kept)))

    def fits(self, text: str) -> bool:
        """Whether a text is this token, however it is masked."""
        kept, sent = self._session.get(CSRF), bytes_of(text)
        if not isinstance(kept, str) or len(sent) != 2 * SIZE:
            return False
        return hmac.compare_digest(xor(sent[:SIZE], sent[SIZE:]), bytes_of(kept))

    def __repr__(self) -> str:
        return "<CSRFToken>"


async def check_token(request: Request, token: CSRFToken) -> None:
    """Raise Forbidden for a request that changes something and has not the token of its visitor.

    Programs that bring no cookies, and send what no form can, need none.
    """
    if request.method in SAFE or is_open(request):
        return
    if request.media_type not in _PLAIN and not has_ambient_credentials(request):
        return
    sent: Any = request.headers.first(HEADER)
    if sent is None and request.media_type in _FORMS:
        sent = (await request.form()).get(FIELD)
    if not isinstance(sent, str) or not token.fits(sent):
        raise Forbidden(_MISSING)


def token_in_page(request: Request) -> CSRFToken:
    """Return `csrf_token` of templates. Raises GambrelError where no session was asked for.

    The page of an error may be made before a session was opened: its token is empty.
    """
    if CSRFToken in request.state:
        found: CSRFToken = request.state[CSRFToken]
        return found
    if request.miss is not None or has_session(request):
        return CSRFToken({}, is_over=True)
    raise GambrelError(
        "sessions.no-token",
        "a page shows `csrf_token`, and its handler has no session",
        str(getattr(request.route, "where", "")),
        "let the handler ask for it: `token: CSRFToken`, and Sessions(tokens=True)",
    )


def has_session(request: Request) -> bool:
    """Whether the handler of a request asks for the session."""
    plan = getattr(request.endpoint, "plan", None)
    nodes = () if plan is None else plan.graph.nodes
    return any(hasattr(node.signature.call, OPENS) for node in nodes)


def xor(one: bytes, other: bytes) -> bytes:
    """Return one text masked by another of the same length."""
    return bytes(a ^ b for a, b in zip(one, other, strict=True))


def text_of(raw: bytes) -> str:
    """Return bytes as URL-safe text."""
    return urlsafe_b64encode(raw).rstrip(b"=").decode()


def bytes_of(text: str) -> bytes:
    """Return the bytes of such a text, none where it is none."""
    try:
        return urlsafe_b64decode(text + "=" * (-len(text) % 4)) if len(text) < 100 else b""
    except ValueError:
        return b""
