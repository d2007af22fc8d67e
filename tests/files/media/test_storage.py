import pytest

from gambrel.files.media.local import LocalStorage
from gambrel.files.media.memory import MemoryStorage
from gambrel.files.media.storage import Storage, is_key, new_key, sniff


def test_a_key_is_random_and_tells_nothing():
    keys = {new_key() for _ in range(100)}

    assert len(keys) == 100
    assert all(map(is_key, keys))


@pytest.mark.parametrize(
    "text",
    [
        "",
        ".",
        "..",
        "../x",
        "/abs",
        "C:\\x",
        "a/../../x",
        "a\0b",
        "a" * 5_000,
        "con.txt",
        "x\u202egpj.exe",
        "ab/" + "0" * 29,
        "ab/" + "0" * 30 + "\n",
        "AB/" + "0" * 30,
        "ab/" + "\u0660" * 30,
    ],
)
def test_nothing_else_is_a_key(text):
    assert not is_key(text)


@pytest.mark.parametrize(
    ("start", "media_type"),
    [
        (b"\x89PNG\r\n\x1a\n....", "image/png"),
        (b"\xff\xd8\xff\xe0", "image/jpeg"),
        (b"GIF89a", "image/gif"),
        (b"RIFF....WEBPVP8 ", "image/webp"),
        (b"....ftypavif", "image/avif"),
        (b"%PDF-1.7", "application/pdf"),
        (b"PK\x03\x04", "application/zip"),
        (b"XXXX....WEBP", "application/octet-stream"),
        (b"<html><script>", "application/octet-stream"),
        (b"<svg onload=x>", "application/octet-stream"),
        (b"", "application/octet-stream"),
    ],
)
def test_the_type_is_what_the_content_begins_as(start, media_type):
    assert sniff(start) == media_type


def test_both_storages_are_one(tmp_path):
    assert isinstance(LocalStorage(tmp_path), Storage)
    assert isinstance(MemoryStorage(), Storage)
