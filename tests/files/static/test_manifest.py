import pytest

from gambrel.core.http.errors import GambrelError
from gambrel.files.static.manifest import (
    Collected,
    Manifest,
    load_manifest,
    save_manifest,
    write_whole,
)

MANIFEST = Manifest({"a.css": Collected("a.01234567.css", "sha384-x")})


def test_a_manifest_is_read_as_it_was_written(tmp_path):
    save_manifest(tmp_path, MANIFEST)

    assert load_manifest(tmp_path) == MANIFEST
    assert load_manifest(tmp_path).names == {"a.01234567.css"}


@pytest.mark.parametrize("content", [None, b"", b"[]", b'{"files": {}, "version": 2}'])
def test_without_a_manifest_that_can_be_read_there_is_an_error(tmp_path, content):
    if content is not None:
        (tmp_path / ".manifest.json").write_bytes(content)

    with pytest.raises(GambrelError) as caught:
        load_manifest(tmp_path)

    assert caught.value.code == "files.no-manifest"


def test_a_file_is_written_whole_or_not_at_all(tmp_path):
    path = tmp_path / "below" / "a"
    write_whole(path, b"one", 1.0)
    path.parent.chmod(0o700)
    (tmp_path / "folder").mkdir()

    assert (path.read_bytes(), path.stat().st_mtime) == (b"one", 1.0)
    with pytest.raises(OSError, match="folder"):
        write_whole(tmp_path / "folder", b"two")
    assert sorted(p.name for p in tmp_path.iterdir()) == ["below", "folder"]
