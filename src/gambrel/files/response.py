"""`FileResponse`: a file with its type, validators, conditions and ranges.

Handlers return one; static files and storages build on it. What it needs of the request it is
given by the pipeline through `for_request`. Disk is touched in threads only.
"""

import mimetypes
import os
from collections.abc import AsyncGenerator, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import IO, ClassVar
from urllib.parse import quote

from msgspec import Struct

from gambrel.core.http.bodies.forms import clean_filename
from gambrel.core.http.errors import GambrelError, NotFound
from gambrel.core.http.fields.header_values import content_disposition
from gambrel.core.http.response import Response
from gambrel.core.http.threads import in_thread
from gambrel.files.parts import Piece, complete
from gambrel.files.paths import open_beneath, open_regular
from gambrel.files.ranges import ByteRange
from gambrel.headers.conditional import ETag

__all__ = ["FileResponse", "Offload", "guess_media_type"]

_CHUNK = 262_144
_SMALL = 65_536
_SETTLED = timedelta(seconds=2)

# The table of Python alone: the same type for the same name on every machine.
_TYPES = mimetypes.MimeTypes(filenames=())
for _suffix, _type in (
    (".avif", "image/avif"),
    (".webp", "image/webp"),
    (".woff2", "font/woff2"),
    (".woff", "font/woff"),
    (".wasm", "application/wasm"),
    (".webmanifest", "application/manifest+json"),
    (".js", "text/javascript"),
    (".mjs", "text/javascript"),
    (".md", "text/markdown"),
):
    _TYPES.add_type(_type, _suffix)


def guess_media_type(name: str) -> str:
    """Return the media type of a file name, `application/octet-stream` where it tells nothing."""
    media_type, encoding = _TYPES.guess_type(name)
    if encoding is not None:
        return {"gzip": "application/gzip"}.get(encoding, "application/octet-stream")
    return media_type or "application/octet-stream"


class Offload(Struct, frozen=True):
    """Let the proxy in front send the file: name its header, and its prefix for the root.

    `Offload("X-Accel-Redirect", "/protected/")` for nginx needs a response with a `root`;
    `Offload("X-Sendfile")` gives the absolute path (Apache, lighttpd).
    """

    header: str
    prefix: str = ""


class FileResponse(Response):
    """Send a file: with ETag, `Last-Modified`, conditional requests and ranges.

    With `root`, `path` is a relative name that may come from a client: it is opened beneath that
    folder without following links, hidden files are not there, and any refusal is a plain 404.
    Without it the path is the application's own. `etag` is computed from time and size (weak
    while the file is only just written), may be given as text, or switched off.
    """

    media_type = "*/*"
    becomes: ClassVar[dict[int, str]] = {
        206: "The part of the file that `Range` asks for.",
        304: "The client has the file already.",
        416: "The file has no such part.",
    }

    def __init__(
        self,
        path: str | os.PathLike[str],
        *,
        filename: str | None = None,
        media_type: str | None = None,
        attachment: bool = False,
        etag: bool | str = True,
        root: str | os.PathLike[str] | None = None,
        offload: Offload | None = None,
    ) -> None:
        if offload is not None and offload.prefix and root is None:
            raise GambrelError(
                "files.offload-root",
                f"a file goes to the proxy under {offload.prefix!r}, but relative to no folder",
                f"FileResponse({os.fspath(path)!r})",
                "give root=, the folder that the prefix stands for",
            )
        name = Path(path).name
        super().__init__(b"", media_type=media_type or guess_media_type(name))
        self.path = os.fspath(path)
        self.root = root
        self.etag = etag
        self.offload = offload
        self.headers["x-content-type-options"] = "nosniff"
        if attachment:
            # Opened from the disk of the site it may still run: sandboxed, it cannot.
            self.headers["content-security-policy"] = "default-src 'none'; sandbox"
        if attachment or filename:
            self.headers["content-disposition"] = content_disposition(
                "attachment" if attachment else "inline", clean_filename(filename or name)
            )

    @property
    def sendable(self) -> str | None:
        """The absolute path, for a server that sends whole files itself.

        None where it was opened beneath a folder: the path could lead elsewhere by now.
        """
        return str(Path(self.path).absolute()) if self.root is None else None

    async def for_request(self, method: str, headers: Mapping[str, str]) -> Response:
        """Return the answer to one request: the file, parts of it, or a 304.

        Raises:
            NotFound: There is no such file, or the name is refused.
            PreconditionFailed: `If-Match` or `If-Unmodified-Since` does not hold.
            RangeNotSatisfiable: No range lies within the file.
        """
        try:
            file = await in_thread(self._open, dispose=_File.close)
        except (FileNotFoundError, NotADirectoryError):
            raise NotFound from None
        answer = Response(b"", self.status, self.headers.pairs())
        for callback in self.callbacks:
            answer.on_close(callback)
        try:
            pieces = self._answer(answer, file, method, headers)
        except BaseException:
            file.close()
            raise
        if file.content is not None or not pieces:
            file.close()
            answer.body = b"".join(file.read(piece) for piece in pieces)
        else:
            answer.on_close(file.close)
            answer.body = _stream(file, pieces)
        return answer

    def _open(self) -> "_File":
        if self.root is None:
            return _File(open_regular(self.path))
        return _File(open_beneath(self.root, self.path))

    def _answer(
        self, answer: Response, file: "_File", method: str, headers: Mapping[str, str]
    ) -> list["Piece"]:
        """Complete the head of an answer and return what its body is made of."""
        etag = self._etag(file)
        found = complete(
            answer,
            method,
            headers,
            etag=etag,
            modified=file.modified,
            size=file.size,
            sends=self.offload is None,
        )
        if self.offload is not None and answer.status != 304:
            answer.headers[self.offload.header] = self._target(self.offload)
        return found

    def _etag(self, file: "_File") -> ETag | None:
        if isinstance(self.etag, str):
            return ETag(self.etag)
        # RFC 9110 §8.8.1: what changes twice within one tick of the clock would keep its tag.
        settled = datetime.now(UTC) - file.modified > _SETTLED
        return ETag(file.tag, weak=not settled) if self.etag else None

    def _target(self, offload: Offload) -> str:
        if offload.prefix:
            return quote(f"{offload.prefix.rstrip('/')}/{self.path}")
        return quote(str(Path(self.root or "", self.path).absolute()))


class _File:
    """An open file: what its validators are made of, and a small one's content at once."""

    def __init__(self, descriptor: int) -> None:
        self._reader: IO[bytes] = os.fdopen(descriptor, "rb", buffering=0)
        facts = os.fstat(descriptor)
        self.modified = datetime.fromtimestamp(facts.st_mtime, UTC)
        self.tag = f"{facts.st_mtime_ns:x}-{facts.st_size:x}"
        self.content = self._reader.read() if facts.st_size <= _SMALL else None
        self.size = facts.st_size if self.content is None else len(self.content)

    def read(self, piece: "Piece") -> bytes:
        """Return framing as it is, a range from the file. Blocks, unless the file is small."""
        if not isinstance(piece, ByteRange):
            return piece
        if self.content is not None:
            return self.content[piece.start : piece.stop]
        self._reader.seek(piece.start)
        return self._reader.read(piece.length)

    def close(self) -> None:
        self._reader.close()


async def _stream(file: _File, pieces: list[Piece]) -> AsyncGenerator[bytes, None]:
    for piece in pieces:
        if not isinstance(piece, ByteRange):
            yield piece
            continue
        start = piece.start
        while start < piece.stop:
            chunk = await in_thread(file.read, ByteRange(start, min(start + _CHUNK, piece.stop)))
            if not chunk:
                # The promised length cannot be kept: the connection has to break off.
                raise OSError("the file became shorter while it was sent")
            start += len(chunk)
            yield chunk
