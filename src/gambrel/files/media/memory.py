"""`MemoryStorage`: files in memory, for tests; they end with the process."""

from collections.abc import AsyncIterator

from gambrel.core.http.bodies.forms import clean_filename
from gambrel.core.http.errors import ContentTooLarge, NotFound
from gambrel.core.http.fields.header_values import content_disposition
from gambrel.core.http.response import Response
from gambrel.files.media.local import pieces_of
from gambrel.files.media.storage import Content, StorageFull, Stored, new_key, sniff

__all__ = ["MemoryStorage"]


class MemoryStorage:
    """Keep files in memory, `room` bytes of them at most."""

    def __init__(self, room: int = 64 << 20) -> None:
        self.room = room
        self.files: dict[str, bytes] = {}

    async def save(
        self, content: Content, *, filename: str = "", max_size: int | None = None
    ) -> Stored:
        """Keep a content under a new key. Raises ContentTooLarge and StorageFull."""
        kept = bytearray()
        used = sum(map(len, self.files.values()))
        async for piece in pieces_of(content):
            kept += piece
            if max_size is not None and len(kept) > max_size:
                raise ContentTooLarge(f"The file is larger than {max_size} bytes.")
            if used + len(kept) > self.room:
                raise StorageFull("There is no room to store the file.")
        key = new_key()
        self.files[key] = bytes(kept)
        name = filename or getattr(content, "filename", None) or ""
        return Stored(key, len(kept), sniff(bytes(kept[:16])), clean_filename(name))

    async def read(self, key: str) -> AsyncIterator[bytes]:
        """Yield a file. Raises FileNotFoundError."""
        if key not in self.files:
            raise FileNotFoundError("no such file")
        yield self.files[key]

    async def exists(self, key: str) -> bool:
        """Tell whether there is a file."""
        return key in self.files

    async def delete(self, key: str) -> None:
        """Drop a file, if there is one."""
        self.files.pop(key, None)

    async def walk(self) -> AsyncIterator[str]:
        """Yield the keys of all files, sorted."""
        for key in sorted(self.files):
            yield key

    def respond(self, stored: Stored, *, attachment: bool) -> Response:
        """Return the answer that sends a file. Raises NotFound."""
        if stored.key not in self.files:
            raise NotFound
        shown = content_disposition(
            "attachment" if attachment else "inline", stored.filename or "file"
        )
        headers = {
            "content-disposition": shown,
            "x-content-type-options": "nosniff",
        }
        if attachment:
            headers["content-security-policy"] = "default-src 'none'; sandbox"
        return Response(self.files[stored.key], 200, headers, stored.content_type)
