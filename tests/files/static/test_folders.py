import os
from pathlib import Path

import pytest

from gambrel.core.http.errors import GambrelError
from gambrel.files.static.folders import Folders, StaticFolder, files_below


@pytest.fixture
def folders(tmp_path: Path) -> Folders:
    for name in ("app/site.css", "theme/site.css", "theme/logo.svg", "blog/post.css"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(name)
    return Folders(
        [
            StaticFolder(tmp_path / "app"),
            StaticFolder(tmp_path / "theme"),
            StaticFolder(tmp_path / "blog", under="blog"),
        ]
    )


def read(folders: Folders, name: str) -> str:
    descriptor, _ = folders.open(name)
    with os.fdopen(descriptor) as file:
        return file.read()


def test_the_first_folder_that_has_a_name_wins(folders):
    assert read(folders, "site.css") == "app/site.css"
    assert read(folders, "logo.svg") == "theme/logo.svg"


def test_a_folder_appears_under_its_name_and_nowhere_else(folders):
    assert read(folders, "blog/post.css") == "blog/post.css"
    for name in ("post.css", "blogpost.css", "blog", "blog/"):
        with pytest.raises(FileNotFoundError):
            folders.open(name)


def test_every_folder_that_has_a_name_is_told_the_winner_first(folders, tmp_path):
    assert [f.path for f in folders.holders("site.css")] == [tmp_path / "app", tmp_path / "theme"]
    assert folders.holders("blog/other.css") == []


def test_all_names_are_walked_once(folders):
    assert [name for name, _ in folders.walk()] == ["blog/post.css", "logo.svg", "site.css"]


def test_hidden_files_links_and_folders_are_left_out(tmp_path):
    (tmp_path / ".env").touch()
    (tmp_path / ".git").mkdir()
    (tmp_path / ".git" / "config").touch()
    (tmp_path / "a.css").touch()
    (tmp_path / "b.css").symlink_to(tmp_path / "a.css")
    (tmp_path / ".well-known").mkdir()
    (tmp_path / ".well-known" / "security.txt").touch()

    assert list(files_below(tmp_path)) == ["a.css"]
    assert sorted(files_below(tmp_path, well_known=True)) == [".well-known/security.txt", "a.css"]


def test_a_folder_that_is_not_there_is_named(tmp_path):
    with pytest.raises(GambrelError, match="nowhere") as caught:
        Folders([StaticFolder(tmp_path / "nowhere")]).check()

    assert caught.value.code == "files.no-folder"


def test_folders_over_each_other_are_listed_as_one(folders, tmp_path):
    (tmp_path / "blog" / "deep").mkdir()

    assert sorted(one.name for one in folders.entries("")) == ["logo.svg", "site.css"]
    assert [(one.name, one.is_folder) for one in sorted(folders.entries("blog"))] == [
        ("deep", True),
        ("post.css", False),
    ]
    for name in ("nowhere", "site.css", "..", ".git"):
        with pytest.raises(FileNotFoundError):
            folders.entries(name)
