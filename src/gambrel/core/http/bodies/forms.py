"""Forms as values: `FormData`, the uploads in it, and the URL-encoded format.

`Request.form()` and binding call these; `multipart.py` builds on them. A limit that is passed is
answered with 413, bytes that make no sense with 400.
"""

import os
import re
from collections.abc import AsyncIterator, Container, Iterable, Iterator, Mapping
from functools import partial
from io import BytesIO
from typing import IO

from msgspec import Raw, Struct, json

from gambrel.core.http.errors import BadRequest, ContentTooLarge, UnsupportedMediaType
from gambrel.core.http.threads import in_thread

__all__ = ["FormData", "FormLimits", "Upload", "parse_form"]

_CHUNK = 262_144
_MiB = 1 << 20


class FormLimits(Struct, frozen=True):
    """How much of a form is taken; sizes in bytes. Beyond any of these is 413.

    `fields` counts URL-encoded pairs, `parts` those of multipart; `field` is one text value,
    `file` one upload, `total` the whole body. Uploads over `spool` move to a temporary file.
    """

    fields: int = 1_000
    parts: int = 100
    part_headers: int = 8_192
    field: int = 65_536
    file: int = 20 * _MiB
    total: int = 20 * _MiB
    spool: int = 1 * _MiB


_SIGNATURES = {
    "image/png": (b"\x89PNG\r\n\x1a\n",),
    "image/jpeg": (b"\xff\xd8\xff",),
    "image/gif": (b"GIF87a", b"GIF89a"),
    "image/webp": (b"RIFFWEBP",),  # with the length of the file in between
    "application/pdf": (b"%PDF-",),
    "application/zip": (b"PK\x03\x04", b"PK\x05\x06"),
}


class Upload:
    """A file from a form: kept in memory while small, else in a temporary file without a name.

    `filename` is what the client called it, without folders and control characters: show it,
    never build a path or trust a type from it. `content_type` is the client's claim as well;
    `is_as_claimed` looks at how the content begins, `start` (12 bytes).
    """

    __slots__ = ("_file", "_pending", "_spool", "content_type", "filename", "name", "size", "start")

    def __init__(
        self, name: str, filename: str, content_type: str = "", spool: int = 1 * _MiB
    ) -> None:
        self.name = name
        self.filename = clean_filename(filename)
        self.content_type = content_type
        self.size = 0
        self.start = b""
        self._spool = spool
        self._pending = bytearray()
        self._file: IO[bytes] = BytesIO()

    @property
    def in_memory(self) -> bool:
        """Whether no temporary file was needed."""
        return isinstance(self._file, BytesIO)

    @property
    def buffered(self) -> bytes:
        """All of its content, read at once. Raises ContentTooLarge where a file was needed."""
        if isinstance(self._file, BytesIO):
            return self._file.getvalue()
        raise ContentTooLarge(f"A part of the form is larger than {self._spool} bytes.")

    @property
    def is_as_claimed(self) -> bool:
        """Whether it begins as PNG, JPEG, GIF, WebP, PDF or ZIP do; other types go unseen."""
        start = self.start
        if start.startswith(b"RIFF"):
            start = start[:4] + start[8:]
        return start.startswith(_SIGNATURES.get(self.content_type, b""))

    async def write(self, data: bytes) -> None:
        """Append bytes. Disk is written in a thread, in large pieces."""
        if self.size < 12:
            self.start += data[: 12 - self.size]
        self.size += len(data)
        if self.in_memory and self.size <= self._spool:
            self._file.write(data)
            return
        self._pending += data
        if len(self._pending) >= _CHUNK:
            await self._flush()

    async def finish(self) -> None:
        """Write what is pending and go back to the start."""
        if self._pending:
            await self._flush()
        self._file.seek(0)

    async def _flush(self) -> None:
        pending, self._pending = bytes(self._pending), bytearray()
        await in_thread(self._spill, pending)

    def _spill(self, data: bytes) -> None:
        import tempfile  # noqa: PLC0415 - start-up: large uploads

        if isinstance(self._file, BytesIO):
            memory = self._file
            # Unlinked from the start where the system can, mode 0600 everywhere.
            self._file = tempfile.TemporaryFile()  # noqa: SIM115 - close() ends it
            self._file.write(memory.getbuffer())
        self._file.write(data)

    async def read(self, size: int = -1) -> bytes:
        """Return the next `size` bytes, or all that is left."""
        if self.in_memory:
            return self._file.read(size)
        return await in_thread(self._file.read, size)

    async def seek(self, position: int) -> None:
        """Go to a byte position, counted from the start."""
        self._file.seek(position)

    async def __aiter__(self) -> AsyncIterator[bytes]:
        await self.seek(0)
        while chunk := await self.read(_CHUNK):
            yield chunk

    async def save(
        self, path: str | os.PathLike[str], *, replace: bool = False, mode: int = 0o640
    ) -> None:
        """Write the content to `path`, whole or not at all, with the permissions `mode`.

        Choose the name yourself; a client's file name belongs in a database column.

        Raises FileExistsError where there is a file already, unless `replace`.
        """
        await in_thread(partial(self._save, path, replace=replace, mode=mode))

    def _save(self, given: str | os.PathLike[str], *, replace: bool, mode: int) -> None:
        from pathlib import Path  # noqa: PLC0415 - start-up: uploads

        path = Path(given)
        target = path.with_name(f".{os.urandom(8).hex()}.part") if replace else path
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_NOFOLLOW", 0)
        descriptor = os.open(target, flags, 0o600)
        try:
            with os.fdopen(descriptor, "wb") as file:
                self._file.seek(0)
                while chunk := self._file.read(_CHUNK):
                    file.write(chunk)
            target.chmod(mode)
            if replace:
                target.replace(path)
        except BaseException:
            target.unlink(missing_ok=True)
            raise

    def close(self) -> None:
        """Drop the content; a temporary file is gone with it."""
        self._file.close()

    def __repr__(self) -> str:
        return f"<Upload {self.filename!r} {self.size} bytes>"


def clean_filename(filename: str) -> str:
    """Return the last component of a client's file name, without controls and over-length."""
    last = re.split(r"[/\\]", filename)[-1]
    last = "".join(char for char in last if char.isprintable()).strip()
    return "" if last in {".", ".."} else last[:255]


class FormData(Mapping[str, str | Upload]):
    """The fields and uploads of a form in order; `form["x"]` is the first of that name."""

    __slots__ = ("_named", "_pairs")

    def __init__(self, pairs: Iterable[tuple[str, str | Upload]] = ()) -> None:
        self._pairs = list(pairs)
        self._named: dict[str, list[str | Upload]] = {}
        for name, value in self._pairs:
            self._named.setdefault(name, []).append(value)

    def pairs(self) -> list[tuple[str, str | Upload]]:
        """Return every field and upload with its name, in order."""
        return self._pairs

    def get_all(self, name: str) -> list[str | Upload]:
        """Return every value of one name, in order."""
        return list(self._named.get(name, ()))

    @property
    def uploads(self) -> list[Upload]:
        """The uploads alone, in order."""
        return [value for _, value in self._pairs if isinstance(value, Upload)]

    def to_json(self, names: Container[str]) -> bytes:
        """Return parts that hold JSON as the members of one object; the text is not looked at.

        A browser sends a `Blob` in the way of a file. Raises ContentTooLarge for one on the disk.
        """
        found = {name: part for name, part in self.items() if name in names}
        texts = {n: p if isinstance(p, str) else p.buffered for n, p in found.items()}
        return json.encode({name: Raw(text) for name, text in texts.items()})

    def close(self) -> None:
        """Drop the uploads and their temporary files."""
        for upload in self.uploads:
            upload.close()

    def __getitem__(self, name: str) -> str | Upload:
        return self._named[name][0]

    def __iter__(self) -> Iterator[str]:
        return iter(self._named)

    def __len__(self) -> int:
        return len(self._named)

    def __repr__(self) -> str:
        return f"FormData({list(self._named)!r})"


def parse_form(
    body: bytes,
    media_type: str = "application/x-www-form-urlencoded",
    limits: FormLimits | None = None,
) -> FormData:
    """Parse an `application/x-www-form-urlencoded` body (WHATWG URL §5.1) in UTF-8.

    Only `&` separates. No body of no type is an empty form. Raises UnsupportedMediaType for
    another media type, ContentTooLarge for too many or too large fields, BadRequest for bytes that
    are not UTF-8.
    """
    if media_type != "application/x-www-form-urlencoded" and (media_type or body):
        raise UnsupportedMediaType(
            "Send a form as application/x-www-form-urlencoded or multipart/form-data.",
            headers={"accept-post": "application/x-www-form-urlencoded, multipart/form-data"},
        )
    limits = limits or FormLimits()
    if body.count(b"&") >= limits.fields:
        raise ContentTooLarge(f"The form has more than {limits.fields} fields.")
    return FormData(
        (_unquote(name, limits.field), _unquote(value, limits.field))
        for name, _, value in (pair.partition(b"=") for pair in body.split(b"&") if pair)
    )


def _unquote(quoted: bytes, limit: int) -> str:
    raw = quoted.replace(b"+", b" ")
    if b"%" in raw:
        from urllib.parse import unquote_to_bytes  # noqa: PLC0415 - start-up: escapes

        raw = unquote_to_bytes(raw)
    if len(raw) > limit:
        raise ContentTooLarge(f"A form field is larger than {limit} bytes.")
    try:
        return raw.decode()
    except UnicodeDecodeError:
        raise BadRequest("The form is not valid UTF-8.") from None
