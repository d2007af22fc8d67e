import subprocess
import sys

PYPROJECT = '[project]\ndependencies = ["gambrel~=0.1.0"]\n[dependency-groups]\ndev = ["pytest"]\n'


def test_the_files_are_written_once(gambrel, folder):
    (folder / "pyproject.toml").write_text(PYPROJECT)

    first, second, check = gambrel("lock"), gambrel("lock"), gambrel("lock", "--check")

    assert first.output == "requirements.txt is written\nrequirements-dev.txt is written\n"
    assert (second.output, check.output, check.exit_code) == ("", "", 0)


def test_a_check_tells_and_writes_nothing(gambrel, folder):
    (folder / "pyproject.toml").write_text(PYPROJECT)
    (folder / "requirements.txt").write_text("gambrel==0.0\n")

    result = gambrel("lock", "--check")

    assert result.exit_code == 1
    assert "requirements.txt is not up to date" in result.output
    assert (folder / "requirements.txt").read_text() == "gambrel==0.0\n"


def test_new_versions_are_installed_by_pip_for_what_the_project_asks(gambrel, folder, monkeypatch):
    (folder / "pyproject.toml").write_text(PYPROJECT)
    ran = []

    def run(command, *, check):
        ran.append(command)
        return subprocess.CompletedProcess(command, len(ran) - 1)

    monkeypatch.setattr(subprocess, "run", run)

    assert gambrel("lock", "--upgrade").exit_code == 0
    assert gambrel("lock", "--upgrade").exit_code == 1
    assert ran[0][:4] == [sys.executable, "-m", "pip", "install"]
    assert ran[0][-2:] == ["gambrel~=0.1.0", "pytest"]


def test_where_there_is_no_project_nothing_is_written(gambrel, folder):
    assert gambrel("lock").exit_code == 2
