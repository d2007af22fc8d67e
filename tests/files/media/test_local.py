import asyncio
import errno
import os
import stat
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from gambrel.core.http.bodies.forms import Upload
from gambrel.core.http.bodies.multipart import stream_parts
from gambrel.core.http.errors import ContentTooLarge, GambrelError
from gambrel.files.media import local
from gambrel.files.media.local import LocalStorage
from gambrel.files.media.memory import MemoryStorage
from gambrel.files.media.storage import StorageFull, Stored, is_key

PNG = b"\x89PNG\r\n\x1a\n" + bytes(100)


@pytest.fixture(params=[LocalStorage, MemoryStorage])
def storage(request, tmp_path) -> Any:
    return request.param(tmp_path / "media") if request.param is LocalStorage else MemoryStorage()


async def read(storage: Any, key: str) -> bytes:
    return b"".join([piece async for piece in storage.read(key)])


async def listed(storage: Any) -> list[str]:
    return [key async for key in storage.walk()]


def files_in(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


@pytest.mark.parametrize("size", [0, 1, 262_144, 700_000])
def test_what_was_saved_is_read_again(storage, size):
    content = os.urandom(size)

    async def pieces() -> AsyncIterator[bytes]:
        for start in range(0, size, 100_000):
            yield content[start : start + 100_000]

    async def run() -> None:
        for given in (content, pieces()):
            stored = await storage.save(given)

            assert (stored.size, is_key(stored.key)) == (size, True)
            assert await read(storage, stored.key) == content

    asyncio.run(run())


def test_an_upload_brings_its_name_and_its_type_is_looked_at(storage):
    async def run() -> Stored:
        upload = Upload("picture", "../../evil.html", "text/html")
        await upload.write(PNG)
        await upload.finish()
        stored: Stored = await storage.save(upload)
        upload.close()
        return stored

    stored = asyncio.run(run())

    assert (stored.filename, stored.content_type) == ("evil.html", "image/png")
    assert "evil" not in stored.key


def test_a_part_of_a_form_is_kept_while_it_arrives(storage):
    body = (
        b'--x\r\nContent-Disposition: form-data; name="f"; filename="a.png"\r\n\r\n' + PNG
    ) + b'\r\n--x\r\nContent-Disposition: form-data; name="g"\r\n\r\ntext\r\n--x--\r\n'

    async def arriving() -> AsyncIterator[bytes]:
        for start in range(0, len(body), 50):
            yield body[start : start + 50]

    async def run() -> list[Stored]:
        parts = stream_parts(arriving(), "multipart/form-data; boundary=x")
        return [await storage.save(part) async for part in parts]

    first, second = asyncio.run(run())

    assert (first.filename, first.size, first.content_type) == ("a.png", len(PNG), "image/png")
    assert (second.filename, second.size) == ("", 4)


def test_a_file_is_there_until_it_is_dropped(storage):
    async def run() -> None:
        stored = await storage.save(PNG)

        assert await storage.exists(stored.key)
        assert await listed(storage) == [stored.key]
        for _ in range(2):
            await storage.delete(stored.key)
        assert not await storage.exists(stored.key)
        assert await listed(storage) == []
        with pytest.raises(FileNotFoundError):
            await read(storage, stored.key)

    asyncio.run(run())


def test_too_large_a_file_leaves_nothing_behind(storage, tmp_path):
    async def run() -> None:
        with pytest.raises(ContentTooLarge):
            await storage.save(bytes(1_000_000), max_size=999_999)
        assert await listed(storage) == []

    asyncio.run(run())

    assert files_in(tmp_path) == []


@pytest.mark.parametrize("key", ["../secret", "/etc/passwd", "secret", "", ".", "ab/../../secret"])
def test_a_key_that_is_none_leads_nowhere(storage, tmp_path, key):
    (tmp_path / "secret").write_text("x")
    (tmp_path / "media").mkdir()

    async def run() -> None:
        assert not await storage.exists(key)
        await storage.delete(key)
        with pytest.raises(FileNotFoundError):
            await read(storage, key)

    asyncio.run(run())

    assert (tmp_path / "secret").exists()


@pytest.mark.parametrize("umask", [0o000, 0o022, 0o077])
def test_files_are_for_the_app_and_its_group_whatever_the_umask(tmp_path, umask):
    """T-C31-1: folders above, and what many threads make at a time, too."""
    storage = LocalStorage(tmp_path / "kept" / "media")

    async def save_many() -> None:
        storage.check()
        await asyncio.gather(*[storage.save(PNG) for _ in range(60)])

    before = os.umask(umask)
    try:
        asyncio.run(save_many())
    finally:
        os.umask(before)

    made = [tmp_path / "kept", *(tmp_path / "kept").rglob("*")]
    assert {stat.S_IMODE(p.stat().st_mode) for p in made if p.is_dir()} == {0o750}
    assert {stat.S_IMODE(p.stat().st_mode) for p in made if p.is_file()} == {0o640}


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT])
def test_a_full_disk_is_told_and_nothing_is_left_behind(tmp_path, monkeypatch, number):
    class Full(local._Part):
        def finish(self) -> None:
            self.flush()
            raise OSError(number, "full")

    monkeypatch.setattr(local, "_Part", Full)
    with pytest.raises(StorageFull) as caught:
        asyncio.run(LocalStorage(tmp_path).save(PNG))

    assert caught.value.status == 507
    assert files_in(tmp_path) == []


def test_no_room_for_a_name_is_told_as_well(tmp_path, monkeypatch):
    class Full(local._Part):
        def __init__(self, path: Path) -> None:
            raise OSError(errno.ENOSPC, "full")

    monkeypatch.setattr(local, "_Part", Full)
    with pytest.raises(StorageFull):
        asyncio.run(LocalStorage(tmp_path).save(PNG))


@pytest.mark.parametrize("failure", [ValueError("broken upload"), asyncio.CancelledError()])
def test_an_upload_that_breaks_off_leaves_nothing_behind(tmp_path, failure):
    async def broken() -> AsyncIterator[bytes]:
        yield bytes(500_000)
        raise failure

    with pytest.raises(type(failure)):
        asyncio.run(LocalStorage(tmp_path).save(broken()))

    assert files_in(tmp_path) == []


def test_a_folder_that_is_a_file_is_told_at_the_start(tmp_path):
    (tmp_path / "media").touch()

    with pytest.raises(GambrelError) as caught:
        LocalStorage(tmp_path / "media").check()

    assert caught.value.code == "files.storage"


def test_what_is_no_key_is_not_listed(tmp_path):
    (tmp_path / "ab").mkdir()
    (tmp_path / "ab" / ".part").touch()
    (tmp_path / "other").touch()

    assert asyncio.run(listed(LocalStorage(tmp_path))) == []
