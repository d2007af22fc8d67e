"""`Storage`: where files of visitors are kept, whatever keeps them.

Keys are random and made by the storage: nothing that a client sent is part of one. The app keeps
the `Stored` that `save` returns, in its database say.
"""

import re
import secrets
from collections.abc import AsyncIterable, AsyncIterator
from typing import Protocol, runtime_checkable

from msgspec import Struct

from gambrel.core.http.errors import HTTPError
from gambrel.core.http.response import Response

__all__ = [
    "SHOWN",
    "Content",
    "Storage",
    "StorageFull",
    "Stored",
    "StoredImage",
    "is_key",
    "new_key",
    "sniff",
]

Content = bytes | AsyncIterable[bytes]
"""What is saved: bytes, an `Upload`, a part of a form, the `stream()` of a request."""

SHOWN = frozenset({"image/avif", "image/gif", "image/jpeg", "image/png", "image/webp"})
"""Types that a browser may show in place: pictures without scripts."""

_SIGNATURES = (
    (b"\x89PNG\r\n\x1a\n", 0, "image/png"),
    (b"\xff\xd8\xff", 0, "image/jpeg"),
    (b"GIF87a", 0, "image/gif"),
    (b"GIF89a", 0, "image/gif"),
    (b"WEBP", 8, "image/webp"),
    (b"ftypavif", 4, "image/avif"),
    (b"%PDF-", 0, "application/pdf"),
    (b"PK\x03\x04", 0, "application/zip"),
)


class StorageFull(HTTPError):
    """There is no room to store a file (507, RFC 4918 §11.5); nothing of it is left behind."""

    status = 507
    code = "insufficient-storage"


class Stored(Struct, frozen=True):
    """A stored file. `content_type` is what its beginning tells, `filename` what a client said."""

    key: str
    size: int
    content_type: str = "application/octet-stream"
    filename: str = ""


class StoredImage(Stored, frozen=True):
    """A stored picture; `width` and `height` are in pixels."""

    width: int = 0
    height: int = 0


@runtime_checkable
class Storage(Protocol):
    """Keeps files. Reading what is not there raises FileNotFoundError."""

    async def save(
        self, content: Content, *, filename: str = "", max_size: int | None = None
    ) -> Stored:
        """Keep a content under a new key, whole or not at all.

        Raises ContentTooLarge beyond `max_size` bytes, and StorageFull.
        """
        ...

    def read(self, key: str) -> AsyncIterator[bytes]:
        """Yield a file piece by piece."""
        ...

    async def exists(self, key: str) -> bool:
        """Tell whether there is a file."""
        ...

    async def delete(self, key: str) -> None:
        """Drop a file, if there is one."""
        ...

    def walk(self) -> AsyncIterator[str]:
        """Yield the keys of all files."""
        ...

    def respond(self, stored: Stored, *, attachment: bool) -> Response:
        """Return the answer that sends a file."""
        ...


def new_key() -> str:
    """Return a random key: two digits for a folder, 128 bits in all."""
    digits = secrets.token_hex(16)
    return f"{digits[:2]}/{digits[2:]}"


def is_key(text: str) -> bool:
    """Tell whether a text is a key and nothing else."""
    return re.fullmatch(r"[0-9a-f]{2}/[0-9a-f]{30}", text) is not None


def sniff(start: bytes) -> str:
    """Return the media type that a content begins as; octets where that is not known."""
    for signature, place, media_type in _SIGNATURES:
        if start.startswith(signature, place) and (place != 8 or start.startswith(b"RIFF")):
            return media_type
    return "application/octet-stream"
