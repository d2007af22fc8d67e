"""`MediaFiles`: the extension that keeps files of visitors and gives them out."""

import asyncio
import os
from collections.abc import AsyncIterator

from gambrel.core.http.response import Response
from gambrel.core.http.threads import in_thread
from gambrel.extend import Setup
from gambrel.files.media.local import LocalStorage
from gambrel.files.media.storage import Storage
from gambrel.files.media.urls import AT_ONCE, Media
from gambrel.signing import Signer

__all__ = ["MediaFiles"]


class MediaFiles:
    """Keep files of visitors in a storage, and serve them below `prefix` by signed URLs.

    Without a storage they lie in the folder `media` of the instance. Handlers ask for `Media`, and
    whoever holds the extension has it as `media` once the app is built.
    """

    name = "media"
    requires = ()
    settings = None

    def __init__(self, storage: Storage | None = None, prefix: str = "/media") -> None:
        self.storage = storage
        self.prefix = prefix
        self.media: Media | None = None

    def install(self, setup: Setup) -> None:
        """Declare the route, and what handlers ask for."""
        core = setup.settings.core
        storage = self.storage or LocalStorage(core.instance / "media")
        # Without keys, which only a developer is allowed, URLs end with the process.
        keys = [key.reveal() for key in core.secret_keys] or [os.urandom(32).hex()]
        media = self.media = Media(storage, Signer(keys, "gambrel.files.media"), self.prefix)

        async def open_media() -> AsyncIterator[Media]:
            if isinstance(storage, LocalStorage):
                await in_thread(storage.check)
            media.drawing = asyncio.Semaphore(AT_ONCE)  # of the loop that serves now
            yield media

        async def media_file(token: str) -> Response:
            return media.respond(token)

        setup.lifespan(open_media)
        setup.route(f"{media.prefix}/{{token}}", media_file, name="media", hidden=True)
