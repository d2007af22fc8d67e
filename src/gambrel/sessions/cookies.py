"""Cookies that only we can have made: signed, or encrypted, for one name."""

import hmac
import os
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Sequence
from functools import lru_cache
from typing import Any, Protocol

from gambrel.core.http.errors import GambrelError
from gambrel.core.http.fields.cookies import SetCookie
from gambrel.core.http.host import parse_host
from gambrel.core.http.request import Request
from gambrel.core.http.response import Response
from gambrel.signing import BadSignature, Signer

__all__ = [
    "SIZE",
    "Drafting",
    "Encrypting",
    "Sealing",
    "Signing",
    "cookie_name",
    "keep_private",
    "vary_by_cookie",
    "write_cookie",
]

SIZE = 4_000
"""Characters that a value may have: browsers take 4,096 with the name."""


class Sealing(Protocol):
    """How a cookie is kept from being made by anybody else."""

    def seal(self, name: str, value: bytes) -> str:
        """Return what the cookie of a name holds."""
        ...

    def open(self, name: str, text: str) -> bytes | None:
        """Return what was sealed for that name, None for anything else."""
        ...


class Signing:
    """Everybody may read it, nobody can change it."""

    def __init__(self, keys: Sequence[str], purpose: str) -> None:
        self.keys = list(keys)
        self.purpose = purpose
        self.signers: dict[str, Signer] = {}

    def signer(self, name: str) -> Signer:
        """Return what signs the cookie of a name."""
        if name not in self.signers:
            self.signers[name] = Signer(self.keys, f"{self.purpose}:{name}")
        return self.signers[name]

    def seal(self, name: str, value: bytes) -> str:
        """Return the value with its signature."""
        return self.signer(name).sign(value)

    def open(self, name: str, text: str) -> bytes | None:
        """Return what was signed."""
        try:
            return self.signer(name).unsign(text)
        except BadSignature:
            return None


class Encrypting:
    """Nobody else can read it: AES in Galois/Counter mode.

    Raises:
        GambrelError: cryptography is not installed.
    """

    def __init__(self, keys: Sequence[str], purpose: str) -> None:
        Signer(keys, purpose)  # which has the same rules for keys
        try:
            from cryptography.hazmat.primitives.ciphers.aead import (  # noqa: PLC0415 - start-up: encryption
                AESGCM,
            )
        except ModuleNotFoundError as error:
            raise GambrelError(
                "sessions.not-installed",
                "encrypted cookies need cryptography, which is not installed",
                "Sessions(encrypt=True)",
                "pip install 'gambrel[encryption]'",
            ) from error
        label = b"gambrel.sessions.v1\x00" + purpose.encode()
        digests = [hmac.digest(key.encode(), label, "sha256") for key in keys]
        self.ciphers: list[Any] = [AESGCM(digest) for digest in digests]

    def seal(self, name: str, value: bytes) -> str:
        """Return the value encrypted, with the name it is for."""
        nonce = os.urandom(12)
        sealed = nonce + self.ciphers[0].encrypt(nonce, value, name.encode())
        return urlsafe_b64encode(sealed).rstrip(b"=").decode()

    def open(self, name: str, text: str) -> bytes | None:
        """Return what was encrypted."""
        try:
            sealed = urlsafe_b64decode(text + "=" * (-len(text) % 4))
        except ValueError:
            return None
        for cipher in self.ciphers:
            try:
                found: bytes = cipher.decrypt(sealed[:12], sealed[12:], name.encode())
            except Exception:  # noqa: S112 - of another key, changed, or cut off
                continue
            return found
        return None


class Drafting:
    """What says something in the head of the answer to a request, as long as that can be said."""

    def __init__(self, request: Request) -> None:
        self._request = request
        self._left: Any = None

    def close(self) -> None:
        """Take no more: the handler has ended. A page made after it has a draft of its own."""
        self._left = self._request.draft

    def _open(self) -> None:
        """Raise GambrelError where nothing can be said any more."""
        if self._left is not None and self._request.draft is self._left:
            name = type(self).__name__
            what = f"{name} was used when its handler had ended, and its answer was made"
            hint = "use it in the handler, before the stream is returned: `list(flash)`"
            raise GambrelError("sessions.too-late", what, name, hint)


def cookie_name(request: Request, name: str) -> str:
    """Return the name of a cookie: with the promise of `__Host-`, but on this machine by HTTP.

    There are no certificates there, and some browsers then take no secure cookie.
    """
    if getattr(request.app, "proxies", None) is not None:
        return name_at(name, request.scheme, request.host)
    return name_at(name, request.connection.scheme, request.headers.first("host") or "")


@lru_cache(256)
def name_at(name: str, scheme: str, host: str) -> str:
    """Return the name of a cookie at a scheme and host. Raises BadRequest for no host."""
    is_here = scheme == "http" and bool(host) and parse_host(host).is_loopback()
    return name if is_here else f"__Host-{name}"


def write_cookie(draft: Any, name: str, value: str, max_age: int) -> None:
    """Put a cookie into the draft of an answer, in place of what it has of that name."""
    take_back(draft, name)
    secure = name.startswith("__Host-")
    draft.headers.add("set-cookie", str(SetCookie(name, value, max_age=max_age, secure=secure)))


def take_back(draft: Any, name: str) -> None:
    """Take what a draft has of a cookie out of it again."""
    lines = draft.headers.get_all("set-cookie")
    others = [line for line in lines if not line.startswith(f"{name}=")]
    if len(others) < len(lines):
        del draft.headers["set-cookie"]
        for line in others:
            draft.headers.add("set-cookie", line)


def keep_private(request: Request) -> None:
    """Let no cache keep an answer that was made for one visitor, that to an error included."""
    mark_private(request.draft)
    request.seal_error = sealed


def mark_private(response: Response) -> None:
    """Say in the head of a response that it is for one visitor (RFC 9111 §5.2.2)."""
    if response.headers.pairs():
        response.headers["cache-control"] = "private, no-store"
        vary_by_cookie(response)
    else:
        response.headers.pairs().extend(_PRIVATE)  # of most drafts, which need no look


def vary_by_cookie(response: Response) -> None:
    """Say that the next visitor may get another answer."""
    if "cookie" not in ", ".join(response.headers.get_all("vary")).lower():
        response.headers.add("vary", "cookie")


def sealed(response: Response) -> Response:
    """Return the answer to an error, private; a copy, for its handler may answer with it again."""
    response = response.copy()
    mark_private(response)
    return response


_PRIVATE = (("cache-control", "private, no-store"), ("vary", "cookie"))
