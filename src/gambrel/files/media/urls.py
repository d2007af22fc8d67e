"""`Media`: files of visitors, with URLs that hold for a while and for whoever has them.

A URL says by itself which file it is for and until when, and is signed: no database is asked for a
download, and nobody can make one.
"""

import asyncio
import time
from collections.abc import Callable
from datetime import timedelta

from msgspec import Struct

from gambrel.core.http.bodies.forms import Upload
from gambrel.core.http.errors import Gone, NotFound
from gambrel.core.http.response import Response
from gambrel.files.media.images import ImageRules, gathered, render_image
from gambrel.files.media.storage import SHOWN, Content, Storage, Stored, StoredImage
from gambrel.signing import BadSignature, Signer

__all__ = ["Media"]

AT_ONCE = 2
"""Pictures that are made anew at a time: each may take some hundred megabytes meanwhile."""


class Claim(Struct, frozen=True, array_like=True):
    """What a URL says: the file, until when in seconds, and whether it is shown in place."""

    stored: Stored
    until: int
    shown: bool


class Media:
    """The files of a storage below a prefix. Ask for it as a parameter."""

    def __init__(
        self,
        storage: Storage,
        signer: Signer,
        prefix: str = "/media",
        clock: Callable[[], float] = time.time,
    ) -> None:
        self.storage = storage
        self.signer = signer
        self.prefix = prefix.rstrip("/")
        self.clock = clock
        self.drawing = asyncio.Semaphore(AT_ONCE)

    async def save(
        self, content: Content, *, filename: str = "", max_size: int | None = None
    ) -> Stored:
        """Keep an upload; see `Storage.save`. Raises ContentTooLarge and StorageFull."""
        return await self.storage.save(content, filename=filename, max_size=max_size)

    async def save_image(
        self, content: Content, rules: ImageRules | None = None, *, filename: str = ""
    ) -> StoredImage:
        """Keep a picture made anew; see `render_image`, and `Storage.save`.

        Raises ContentTooLarge, NotAnImage, StorageFull, and GambrelError where Pillow is missing.
        """
        rules, name = rules or ImageRules(), getattr(content, "filename", None)
        if not isinstance(content, Upload):  # whoever sends it slowly keeps nobody from drawing
            content = await gathered(content, rules.max_size)
        async with self.drawing:
            image = await render_image(content, rules)
        stem = (filename or name or "picture").rpartition(".")
        suffix = image.content_type.removeprefix("image/").replace("jpeg", "jpg")
        name = f"{stem[0] or stem[2]}.{suffix}"
        stored = await self.storage.save(image.content, filename=name)
        return StoredImage(
            stored.key,
            stored.size,
            stored.content_type,
            stored.filename,
            image.width,
            image.height,
        )

    async def delete(self, stored: Stored) -> None:
        """Drop a file, if there is one."""
        await self.storage.delete(stored.key)

    def url(
        self, stored: Stored, *, expires: int | timedelta = 300, attachment: bool = True
    ) -> str:
        """Return a URL for a file; it `expires` after so many seconds.

        Who may have it is for the handler to decide. Without `attachment` a picture is shown in
        place; everything else is a download, whatever is asked.
        """
        seconds = expires.total_seconds() if isinstance(expires, timedelta) else expires
        shown = not attachment and stored.content_type in SHOWN
        claim = Claim(stored, int(self.clock() + seconds), shown)
        return f"{self.prefix}/{self.signer.dumps(claim)}"

    def respond(self, token: str) -> Response:
        """Return the answer for what follows the prefix in a URL.

        Raises NotFound for a URL that was not made here, Gone for one that has expired.
        """
        try:
            claim: Claim = self.signer.loads(token, type=Claim)
        except BadSignature:
            raise NotFound from None
        left = claim.until - self.clock()
        if left <= 0:
            raise Gone("This link has expired.")
        response = self.storage.respond(claim.stored, attachment=not claim.shown)
        response.headers["cache-control"] = f"private, max-age={int(min(left, 300))}"
        return response
