"""Webhooks: messages between servers, signed so that who gets one knows who has sent it.

    hooks = Webhooks([secret])
    async with hooks.receive(request, type=Payment) as delivery:
        ...

The signature is that of Standard Webhooks (version 1 of the specification, symmetric), which many
services send: HMAC-SHA256 over the id, the time and the body.
"""

import base64
import binascii
import hmac
import secrets as chance
import time
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager, contextmanager
from typing import Any, Generic, TypeVar, overload

import msgspec
from msgspec import Struct

from gambrel.core.http.errors import BadRequest, Conflict, GambrelError
from gambrel.core.http.request import Request

__all__ = ["Delivery", "WebhookRefused", "Webhooks"]

T = TypeVar("T")
ID, TIME, SIGNATURE = "webhook-id", "webhook-timestamp", "webhook-signature"
_PREFIX = "whsec_"
_LEAST, _MOST = 24, 64
"""Bytes of a key, by the specification."""
_SEEN = 100_000
"""Ids that are remembered at most; the oldest go first."""


class WebhookRefused(BadRequest):
    """A message is not signed by whom we know, or too long ago (400)."""

    code = "webhook-refused"


class Delivery(Struct, Generic[T], frozen=True):
    """A message that was verified: its id, when it was sent (seconds since 1970), and what it says.

    `is_repeated` tells that this process has handled the id before: senders repeat what was not
    answered in time.
    """

    id: str
    sent_at: int
    event: T
    is_repeated: bool


class Webhooks:
    """Signs and verifies; the newest secret comes first and signs, all verify.

    A secret is base64 of 24 to 64 bytes, with `whsec_` before it or without. Messages older or
    newer than `tolerance` seconds are refused.

    Raises:
        GambrelError: No secret, or one that is none.
    """

    __slots__ = ("_clock", "_done", "_keys", "_under_way", "tolerance")

    def __init__(
        self,
        secrets: str | Sequence[str],
        *,
        tolerance: int = 300,
        clock: Callable[[], float] = time.time,
    ) -> None:
        given = [secrets] if isinstance(secrets, str) else list(secrets)
        self._keys = tuple(map(key_of, given))
        if not self._keys:
            raise no_secret("Webhooks needs a secret, and was given none")
        self.tolerance = tolerance
        self._clock = clock
        self._done: dict[str, float] = {}
        self._under_way: set[str] = set()

    def sign(self, body: bytes, id: str = "") -> dict[str, str]:  # noqa: A002 - the name in the specification
        """Return the header fields of a message; a new id is made where none is given.

        A message that is sent again keeps its id, and is signed anew.
        """
        name, sent = id or f"msg_{chance.token_urlsafe(18)}", str(int(self._clock()))
        if not name.isascii() or not name.isprintable() or " " in name or seems_dated(name):
            what = "visible ASCII, without blanks, and no dot and number at its end"
            raise ValueError(f"{name!r} is no id of a message: {what}")
        return {ID: name, TIME: sent, SIGNATURE: f"v1,{signature(self._keys[0], name, sent, body)}"}

    def verify(self, headers: Mapping[str, str], body: bytes) -> str:
        """Return the id of a message. Raises WebhookRefused."""
        name, sent, given = (headers.get(field, "") for field in (ID, TIME, SIGNATURE))
        is_time = sent.isascii() and sent.isdigit() and len(sent) <= 12
        if not name or not is_time or seems_dated(name):
            raise WebhookRefused("The message is not signed.")
        wanted = [signature(key, name, sent, body).encode() for key in self._keys]
        offered = [
            value.encode("utf-8", "surrogatepass")
            for version, comma, value in (one.partition(",") for one in given.split()[:20])
            if version == "v1" and comma
        ]
        # Every pair is compared, so that the time taken tells nothing about which one fits.
        genuine = [hmac.compare_digest(a, b) for a in wanted for b in offered]
        if not any(genuine):
            raise WebhookRefused("The signature does not match.")
        if abs(self._clock() - int(sent)) > self.tolerance:
            raise WebhookRefused("The message was not sent just now.")
        return name

    @overload
    def receive(self, request: Request) -> AbstractAsyncContextManager[Delivery[Any]]: ...
    @overload
    def receive(
        self, request: Request, type: type[T]
    ) -> AbstractAsyncContextManager[Delivery[T]]: ...
    @asynccontextmanager
    async def receive(
        self,
        request: Request,
        type: Any = Any,  # noqa: A002 - reads as receive(request, type=Payment)
    ) -> AsyncIterator[Delivery[Any]]:
        """Give, by `async with`, the message that a request brings, its JSON as `type`.

        Once the block has ended without an error, the message is a repeated one if it comes again.

        Raises:
            WebhookRefused: It is not genuine.
            BadRequest: It is genuine, and no JSON of this type.
            Conflict: It came before, and is being handled.
        """
        body = await request.body()
        name = self.verify(request.headers, body)
        try:
            event = msgspec.json.decode(body, type=type)
        except (msgspec.MsgspecError, UnicodeDecodeError):
            raise BadRequest("The message is genuine, and not of the type expected.") from None
        with self.handling(name) as is_repeated:
            yield Delivery(name, int(request.headers[TIME]), event, is_repeated)

    @contextmanager
    def handling(self, id: str) -> Iterator[bool]:  # noqa: A002 - the name in the specification
        """Tell, by `with`, whether this process has handled an id before.

        It has, once a block has ended without an error. Ids are kept as long as their messages
        could come again. Raises Conflict while one is being handled: its sender tries again.
        """
        self._forget()
        if id in self._under_way:
            raise Conflict("The message is being handled; send it again later.")
        if id in self._done:
            yield True
            return
        self._under_way.add(id)
        try:
            yield False
            self._done[id] = self._clock() + 2 * self.tolerance
        finally:
            self._under_way.discard(id)

    def _forget(self) -> None:
        """Let go of ids that cannot come again, and of the oldest where there are too many."""
        now = self._clock()
        while self._done:
            oldest = next(iter(self._done))
            if len(self._done) < _SEEN and self._done[oldest] > now:
                break
            del self._done[oldest]

    def __repr__(self) -> str:
        return f"<Webhooks, {len(self._keys)} secrets>"


def key_of(secret: str) -> bytes:
    """Return the key of a secret. Raises GambrelError."""
    try:
        key = base64.b64decode(secret.removeprefix(_PREFIX), validate=True)
    except (binascii.Error, ValueError):
        raise no_secret("a secret of Webhooks is not base64") from None
    if not _LEAST <= len(key) <= _MOST:
        raise no_secret(f"a secret of Webhooks has {len(key)} bytes, not {_LEAST} to {_MOST}")
    return key


def no_secret(what: str) -> GambrelError:
    """The error of a secret that is none."""
    hint = (
        'make one with: python -c "import base64, secrets; '
        "print('whsec_' + base64.b64encode(secrets.token_bytes(32)).decode())\""
    )
    return GambrelError("webhooks.secret", what, "gambrel.webhooks", hint)


def seems_dated(name: str) -> bool:
    """Whether an id ends like a time: its message could be another, cut elsewhere at the dots."""
    _, dot, last = name.rpartition(".")
    return bool(dot) and last.isdigit()


def signature(key: bytes, name: str, sent: str, body: bytes) -> str:
    """Return the signature of a message, in base64."""
    signed = f"{name}.{sent}.".encode("utf-8", "surrogatepass") + body
    return base64.b64encode(hmac.digest(key, signed, "sha256")).decode()
