import stat

import pytest

from gambrel.cli.projects.shapes import SHAPES
from tests.architecture.source import ROOT


def test_a_project_is_begun_and_what_to_type_next_is_said(gambrel, folder):
    result = gambrel("new", "my-shed", "--shape", "api", "--owner", "@acme/web")

    assert result.exit_code == 0
    assert "  cd my-shed\n  make dev" in result.output
    assert (folder / "my-shed" / "my_shed" / "app.py").is_file()
    assert "* @acme/web\n" in (folder / "my-shed" / ".github" / "CODEOWNERS").read_text()


def test_each_project_has_a_secret_of_its_own_that_nobody_else_reads_or_commits(gambrel, folder):
    gambrel("new", "one")
    gambrel("new", "two")

    files = [folder / name / ".env" for name in ("one", "two")]
    keys = [file.read_text().partition("GAMBREL_SECRET_KEY=")[2].strip() for file in files]
    assert len(set(keys)) == 2
    assert all(len(key) == 64 for key in keys)
    assert {stat.S_IMODE(file.stat().st_mode) for file in files} == {0o600}
    for name in (".gitignore", ".dockerignore"):
        assert ".env\n" in (folder / "one" / name).read_text()


def test_batteries_come_with_it(gambrel, folder):
    gambrel("new", "shed", "--with", "db", "--with", "metrics")

    text = (folder / "shed" / "app.py").read_text()
    assert "Database(" in text
    assert "Metrics()" in text
    assert "gambrel[db]" in (folder / "shed" / "pyproject.toml").read_text()


def test_nothing_is_overwritten(gambrel, folder):
    (folder / "shed").mkdir()
    (folder / "shed" / "app.py").write_text("mine")

    result = gambrel("new", "shed")

    assert result.exit_code == 1
    assert "[projects.folder]" in result.stderr
    assert [path.name for path in (folder / "shed").iterdir()] == ["app.py"]


def test_an_empty_folder_is_as_good_as_none(gambrel, folder):
    (folder / "shed").mkdir()

    assert gambrel("new", "shed").exit_code == 0


@pytest.mark.parametrize("name", ["Shed", "9lives", "a b", "email", "class", "gambrel", "a" * 41])
def test_a_name_that_cannot_be_one_is_refused(gambrel, folder, name):
    assert gambrel("new", name).exit_code == 2
    assert not any(folder.iterdir())


@pytest.mark.parametrize("args", [["--shape", "barn"], ["--with", "roof"]])
def test_what_there_is_not_is_refused(gambrel, folder, args):
    result = gambrel("new", "shed", *args)

    assert result.exit_code == 2
    assert not any(folder.iterdir())


def test_the_guide_shows_what_is_said_and_has_every_shape(gambrel, folder):
    guide = (ROOT / "docs" / "guides" / "projects.md").read_text("utf-8")

    said = gambrel("new", "shed", "--shape", "api").output

    assert said.partition("\n\nREADME")[0] in guide
    assert [name for name in SHAPES if f"| `{name}` |" not in guide] == []
