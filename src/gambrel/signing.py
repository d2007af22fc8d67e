"""Signed text: values a client may hold but not change.

    Signer(keys, "newsletter").sign("ada@example.com")

Sessions, CSRF tokens, password-reset links and signed URLs use it. Keys are derived per purpose, so
that a value signed for one is worthless for another. Signed is not secret: anyone can read it.
"""

import hmac
import time
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Any, TypeVar, overload

import msgspec

from gambrel.core.http.errors import BadRequest, GambrelError

__all__ = ["BadSignature", "SignatureExpired", "Signer"]

KEY_BYTES = 32

T = TypeVar("T")


class BadSignature(BadRequest):
    """Signed text was changed, or was signed with another key or for another purpose (400)."""

    code = "bad-signature"


class SignatureExpired(BadSignature):
    """Signed text is genuine and older than its reader allows (400)."""

    code = "signature-expired"


class Signer:
    """Sign and verify text for one purpose; the newest key comes first and signs, all verify.

    Signed text is URL-safe: `payload.time.signature`. To change a key, put the new one in front
    and take the old one out when what it signed has expired.

    Raises:
        GambrelError: No key, a key shorter than 32 bytes, or no purpose.
    """

    __slots__ = ("_clock", "_keys", "purpose")

    def __init__(
        self,
        keys: str | bytes | Sequence[str | bytes],
        purpose: str,
        clock: Callable[[], float] = time.time,
    ) -> None:
        given = [keys] if isinstance(keys, str | bytes) else list(keys)
        raw = [key.encode() if isinstance(key, str) else key for key in given]
        if not raw or not purpose or min(map(len, raw)) < KEY_BYTES:
            raise GambrelError(
                "signing.short-key",
                f"Signer needs a purpose and keys of at least {KEY_BYTES} bytes",
                where=f"purpose {purpose!r}, key lengths {[len(key) for key in raw]}",
                hint="the key of the app is the variable GAMBREL_SECRET_KEY; make one with: "
                'python -c "import secrets; print(secrets.token_urlsafe(48))"',
            )
        self.purpose = purpose
        self._clock = clock
        label = b"gambrel.signing.v1\x00" + purpose.encode()
        self._keys = tuple(hmac.digest(key, label, "sha256") for key in raw)

    def sign(self, value: str | bytes) -> str:
        """Return `value` with the time and a signature, as URL-safe text."""
        payload = _to_text(value.encode() if isinstance(value, str) else value)
        signed = f"{payload}.{int(self._clock())}"
        return f"{signed}.{_signature(self._keys[0], signed)}"

    def unsign(self, text: str, max_age: int | timedelta | None = None) -> bytes:
        """Return what was signed; `max_age` is in seconds.

        Raises:
            BadSignature: The text is not exactly what one of the keys has signed.
            SignatureExpired: It was signed more than `max_age` ago.
        """
        signed, _, signature = text.rpartition(".")
        payload, dot, moment = signed.rpartition(".")
        # Every key is tried, so that the time taken tells nothing about which one fits.
        genuine = [
            hmac.compare_digest(_signature(key, signed).encode(), _encode(signature))
            for key in self._keys
        ]
        if not dot or not any(genuine):
            raise BadSignature("the signature does not match")
        seconds = max_age.total_seconds() if isinstance(max_age, timedelta) else max_age
        if seconds is not None and self._clock() - int(moment) > seconds:
            raise SignatureExpired("the signature has expired")
        return urlsafe_b64decode(payload + "=" * (-len(payload) % 4))

    def dumps(self, value: Any) -> str:
        """Return a value signed, as JSON inside. Raises TypeError for what JSON cannot express."""
        return self.sign(msgspec.json.encode(value))

    @overload
    def loads(self, text: str, max_age: int | timedelta | None = None) -> Any: ...
    @overload
    def loads(self, text: str, max_age: int | timedelta | None = None, *, type: type[T]) -> T: ...
    def loads(
        self,
        text: str,
        max_age: int | timedelta | None = None,
        *,
        type: Any = Any,  # noqa: A002 - reads as loads(text, type=Claims)
    ) -> Any:
        """Return what `dumps` has signed, as `type`.

        Raises:
            BadSignature: As `unsign`; or the value is not of this type (an older release wrote it).
        """
        payload = self.unsign(text, max_age)
        try:
            return msgspec.json.decode(payload, type=type)
        except msgspec.DecodeError:
            raise BadSignature("the signed value has another shape") from None

    def __repr__(self) -> str:
        return f"<Signer for {self.purpose!r}, {len(self._keys)} keys>"


def _encode(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")


def _signature(key: bytes, text: str) -> str:
    return _to_text(hmac.digest(key, _encode(text), "sha256"))


def _to_text(raw: bytes) -> str:
    return urlsafe_b64encode(raw).rstrip(b"=").decode()
