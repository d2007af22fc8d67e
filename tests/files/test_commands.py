from pathlib import Path

import pytest

from gambrel.core.http.errors import GambrelError
from gambrel.files.commands import static_command
from gambrel.files.static.folders import Folders, StaticFolder


@pytest.fixture
def command(tmp_path: Path):
    (tmp_path / "static").mkdir()
    (tmp_path / "theme").mkdir()
    (tmp_path / "static" / "site.css").write_text("a { background: url(gone.png) }")
    (tmp_path / "theme" / "site.css").write_text("b {}")
    folders = [StaticFolder(tmp_path / "static"), StaticFolder(tmp_path / "theme")]
    return static_command(Folders(folders), "/static")


def test_collecting_tells_how_many_and_what_leads_nowhere(command, tmp_path, capsys):
    command("collect", str(tmp_path / "build"))

    assert capsys.readouterr().out.splitlines() == [
        "site.css: gone.png leads to no file, and stays as it is",
        f"1 files are collected in {tmp_path / 'build'}",
    ]
    assert (tmp_path / "build" / ".manifest.json").is_file()


def test_finding_names_every_folder_the_winner_first(command, tmp_path, capsys):
    command("find", "site.css")

    assert capsys.readouterr().out.splitlines() == [
        str(tmp_path / "static" / "site.css"),
        str(tmp_path / "theme" / "site.css"),
    ]


def test_finding_nothing_is_a_failure(command, capsys):
    with pytest.raises(SystemExit) as caught:
        command("find", "other.css")

    assert caught.value.code == 1
    assert "theme" in capsys.readouterr().out


def test_a_missing_folder_is_told(tmp_path):
    with pytest.raises(GambrelError):
        static_command(Folders([StaticFolder(tmp_path / "nowhere")]), "/static")("find", "a")
