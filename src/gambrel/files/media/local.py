"""`LocalStorage`: files of visitors in a folder of this machine.

The disk is touched in threads. A file appears under its key when all of it is there.
"""

import errno
import os
from collections.abc import AsyncIterator
from contextlib import suppress
from pathlib import Path

from gambrel.core.http.bodies.forms import clean_filename
from gambrel.core.http.errors import ContentTooLarge, GambrelError
from gambrel.core.http.threads import in_thread
from gambrel.files.media.storage import Content, StorageFull, Stored, is_key, new_key, sniff
from gambrel.files.paths import open_beneath
from gambrel.files.response import FileResponse

__all__ = ["LocalStorage"]

_CHUNK = 256 * 1024
_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}


class LocalStorage:
    """Keep files below `folder`: it and those inside have mode 0750, files 0640."""

    def __init__(self, folder: str | os.PathLike[str]) -> None:
        self.folder = Path(folder).absolute()

    def check(self) -> None:
        """Make the folder. Blocks. Raises GambrelError where files cannot be kept in it."""
        try:
            make_folder(self.folder)
            if not os.access(self.folder, os.W_OK | os.X_OK):
                raise PermissionError(errno.EACCES, "it cannot be written")
        except OSError as error:
            raise GambrelError(
                "files.storage",
                f"no files can be kept in {str(self.folder)!r}: {error.strerror}",
                "LocalStorage(folder)",
                "name a folder that the app may write, or correct its owner and mode",
            ) from error

    async def save(
        self, content: Content, *, filename: str = "", max_size: int | None = None
    ) -> Stored:
        """Keep a content under a new key, whole or not at all.

        `filename` is that of an `Upload` by default. Raises ContentTooLarge beyond `max_size`
        bytes, and StorageFull.
        """
        key = new_key()
        part = await in_thread(self._begin, key, dispose=_Part.drop)
        try:
            async for piece in pieces_of(content):
                part.pending += piece
                size = part.size + len(part.pending)
                if max_size is not None and size > max_size:
                    raise ContentTooLarge(f"The file is larger than {max_size} bytes.")
                if len(part.pending) >= _CHUNK:
                    await in_thread(part.flush)
            await in_thread(part.finish)
        except OSError as error:
            if error.errno in _FULL:
                raise StorageFull("There is no room to store the file.") from error
            raise
        finally:
            await in_thread(part.drop)
        name = filename or getattr(content, "filename", None) or ""
        return Stored(key, part.size, sniff(part.start), clean_filename(name))

    def _begin(self, key: str) -> "_Part":
        try:
            return _Part(self.folder / key)
        except OSError as error:
            if error.errno in _FULL:
                raise StorageFull("There is no room to store the file.") from error
            raise

    async def read(self, key: str) -> AsyncIterator[bytes]:
        """Yield a file piece by piece. Raises FileNotFoundError."""
        with os.fdopen(await in_thread(self._open, key, dispose=os.close), "rb") as file:
            while piece := await in_thread(file.read, _CHUNK):
                yield piece

    def _open(self, key: str) -> int:
        if not is_key(key):
            raise FileNotFoundError("no such file")
        return open_beneath(self.folder, key)

    async def exists(self, key: str) -> bool:
        """Tell whether there is a file."""
        try:
            os.close(await in_thread(self._open, key, dispose=os.close))
        except FileNotFoundError:
            return False
        return True

    async def delete(self, key: str) -> None:
        """Drop a file, if there is one."""
        if is_key(key):
            with suppress(FileNotFoundError, NotADirectoryError):
                await in_thread((self.folder / key).unlink)

    async def walk(self) -> AsyncIterator[str]:
        """Yield the keys of all files, sorted."""
        for folder in await in_thread(names_in, self.folder):
            for name in await in_thread(names_in, self.folder / folder):
                if is_key(f"{folder}/{name}"):
                    yield f"{folder}/{name}"

    def respond(self, stored: Stored, *, attachment: bool) -> FileResponse:
        """Return the answer that sends a file, with ranges; what is no key is a 404."""
        key = stored.key if is_key(stored.key) else ""
        return FileResponse(
            key,
            root=self.folder,
            filename=stored.filename or "file",
            media_type=stored.content_type,
            attachment=attachment,
            etag=key.replace("/", "") or False,
        )


class _Part:
    """A file that is being written, under a hidden name beside its own."""

    def __init__(self, path: Path) -> None:
        make_folder(path.parent)
        self.path = path
        self.hidden = path.with_name(f".{path.name}.part")
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_NOFOLLOW", 0)
        descriptor = os.open(self.hidden, flags, 0o600)
        if hasattr(os, "fchmod"):  # whatever the umask says, which belongs to the whole process
            os.fchmod(descriptor, 0o640)
        self.file = os.fdopen(descriptor, "wb", buffering=0)
        self.pending = bytearray()
        self.start = b""
        self.size = 0

    def flush(self) -> None:
        """Write what is pending: all of it, which one call need not do."""
        data = memoryview(bytes(self.pending))
        self.start = self.start or bytes(data[:16])
        self.pending.clear()
        while data:
            written = self.file.write(data) or 0
            self.size += written
            data = data[written:]

    def finish(self) -> None:
        """Write the rest, to the disk itself, and give the file its name."""
        self.flush()
        os.fsync(self.file.fileno())
        self.file.close()
        self.hidden.replace(self.path)

    def drop(self) -> None:
        """Leave nothing behind of a file that was not finished."""
        with suppress(OSError):  # that the disk is full shows once more
            self.file.close()
        self.hidden.unlink(missing_ok=True)


def make_folder(path: Path) -> None:
    """Make a folder and what is missing above it, of mode 0750 whatever the umask is. Blocks."""
    if path.is_dir():
        return
    make_folder(path.parent)
    with suppress(FileExistsError):  # by another thread
        path.mkdir(0o700)
        path.chmod(0o750)


async def pieces_of(content: Content) -> AsyncIterator[bytes]:
    """Yield a content piece by piece."""
    if isinstance(content, bytes | bytearray | memoryview):
        yield bytes(content)
        return
    async for piece in content:
        yield piece


def names_in(folder: Path) -> list[str]:
    """Return the names in a folder, sorted; none where it is no folder. Blocks."""
    try:
        return sorted(entry.name for entry in folder.iterdir())
    except (FileNotFoundError, NotADirectoryError):
        return []
