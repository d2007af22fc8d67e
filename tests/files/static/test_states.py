import gzip
import os
from pathlib import Path

import pytest

from gambrel.files.static.folders import Folders, StaticFolder
from gambrel.files.static.hashed import digest_of
from gambrel.files.static.states import HASHED, LARGE, read_state

CSS = b"a { color: red } " * 100


@pytest.fixture
def folders(tmp_path: Path) -> Folders:
    (tmp_path / "site.css").write_bytes(CSS)
    return Folders([StaticFolder(tmp_path)])


def test_a_small_file_is_in_memory_with_its_digest(folders):
    state = read_state(folders, "site.css")

    assert (state.content, state.size, state.digest) == (CSS, len(CSS), digest_of(CSS))
    assert state.media_type == "text/css"


def test_a_large_file_stays_on_the_disk(folders, tmp_path):
    (tmp_path / "film.mp4").write_bytes(bytes(LARGE + 1))

    state = read_state(folders, "film.mp4")

    assert (state.content, state.size, state.weight) == (None, LARGE + 1, 0)
    assert state.digest == digest_of(bytes(LARGE + 1))


def test_a_very_large_file_has_no_digest(folders, tmp_path):
    with (tmp_path / "film.mp4").open("wb") as file:
        file.truncate(HASHED + 1)

    assert read_state(folders, "film.mp4").digest == ""


def test_a_text_is_packed_once(folders):
    state = read_state(folders, "site.css")

    assert gzip.decompress(state.packed["gzip"] or b"") == CSS
    assert state.weight == len(CSS) + len(state.packed["gzip"] or b"")
    assert read_state(folders, "site.css", packs=False).packed == {}


def test_an_unchanged_file_is_not_read_again(folders, tmp_path):
    state = read_state(folders, "site.css")

    assert read_state(folders, "site.css", state) is state
    (tmp_path / "site.css").write_bytes(b"b {}")
    assert read_state(folders, "site.css", state).content == b"b {}"


def test_forms_beside_a_file_are_taken_the_smallest_first(folders, tmp_path):
    (tmp_path / "site.css.br").write_bytes(b"12")
    (tmp_path / "site.css.gz").write_bytes(b"123")

    assert read_state(folders, "site.css").packed == {"br": b"12", "gzip": b"123"}


def test_a_form_older_than_its_file_is_a_leftover(folders, tmp_path):
    (tmp_path / "site.css.br").write_bytes(b"12")
    os.utime(tmp_path / "site.css.br", (1, 1))

    assert "br" not in read_state(folders, "site.css").packed


def test_a_form_in_another_folder_is_of_another_file(folders, tmp_path):
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "site.css.br").write_bytes(b"12")
    folders.folders.append(StaticFolder(tmp_path / "other"))

    assert "br" not in read_state(folders, "site.css").packed


def test_forms_of_a_large_file_stay_on_the_disk_too(folders, tmp_path):
    (tmp_path / "data.json").write_bytes(bytes(LARGE + 1))
    (tmp_path / "data.json.gz").write_bytes(b"123")

    assert read_state(folders, "data.json").packed == {"gzip": None}


def test_no_file_is_an_error(folders):
    with pytest.raises(FileNotFoundError):
        read_state(folders, "other.css")
