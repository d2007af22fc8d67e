"""Each shape as it is begun: style, types, tests, and an answer, also from where it is deployed."""

import json
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from gambrel.cli.projects.batteries import BATTERIES
from gambrel.cli.projects.changes import apply, differences
from gambrel.cli.projects.new import make
from gambrel.cli.projects.shapes import SHAPES, Start, render
from tests.architecture.source import ROOT
from tests.cli.processes import get
from tests.cli.projects.host import commit

BIN = Path(sys.executable).parent
LONGEST = "a-name-of-forty-letters-is-the-longest-1"
STYLE = ("ruff", "mypy")


def begin(folder: Path, shape: str, name: str = "", batteries: tuple[str, ...] = ()) -> Path:
    """Write a project as `gambrel new` does."""
    project = folder / (name or f"a_{shape}")
    apply(project, differences({}, make(Start(shape, name or f"a_{shape}"), batteries)))
    return project


def tasks(project: Path) -> list[list[str]]:
    """Return the commands that `make check` of a project runs."""
    said = subprocess.run(
        ["make", "--no-print-directory", "-n", "-o", ".venv/.ready", "check", f"BIN={BIN}/"],
        cwd=project,
        check=True,
        capture_output=True,
        text=True,
    )
    return [shlex.split(line) for line in said.stdout.splitlines()]


def run(project: Path, command: list[str], **environ: str) -> None:
    """Run a command in a project, and show what it says where it fails."""
    done = subprocess.run(
        command,
        cwd=project,
        env={**os.environ, "MYPYPATH": str(ROOT / "src"), **environ},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("shape", SHAPES)
def test_its_own_tests_and_checks_pass(tmp_path, shape):
    project = begin(tmp_path, shape)
    commands = [command for command in tasks(project) if Path(command[0]).name not in STYLE]

    assert [command[1:3] for command in commands] == [
        ["-m", "pytest"],
        ["check", "app.py" if shape == "service" else f"a_{shape}"],
    ]
    for command in commands:
        run(project, command)


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_style_and_types_of_all_shapes_pass(tmp_path):
    projects = [begin(tmp_path, shape) for shape in SHAPES]
    for project in projects:
        *style, types = [one for one in tasks(project) if Path(one[0]).name in STYLE]
        assert [Path(one[0]).name for one in style] == ["ruff", "ruff"]
        assert types == [str(BIN / "mypy")]
        for command in style:
            run(project, command)

    # Once for all, by the settings of one: what mypy finds out of the framework is the same.
    run(
        tmp_path,
        [*types, "--config-file", str(projects[0] / "pyproject.toml"), *map(str, projects)],
        MYPYPATH=":".join(map(str, [ROOT / "src", *projects])),
        MYPY_CACHE_DIR=str(tmp_path / "mypy"),
    )


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.service("pyright")
def test_the_types_of_all_shapes_pass_as_editors_look_at_them(tmp_path):
    roots = [begin(tmp_path, shape).name for shape in SHAPES]
    places = [{"root": root, "extraPaths": [str(ROOT / "src")]} for root in roots]
    config = {"typeCheckingMode": "strict", "executionEnvironments": places}
    (tmp_path / "pyrightconfig.json").write_text(json.dumps(config))

    command = [str(BIN / "pyright"), "--pythonpath", sys.executable, "--outputjson"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)

    found = json.loads(done.stdout)
    assert found["generalDiagnostics"] == []
    assert found["summary"]["filesAnalyzed"] == len(list(tmp_path.rglob("*.py")))


@pytest.mark.parametrize("shape", SHAPES)
def test_the_longest_name_and_every_battery_break_no_line(tmp_path, shape):
    project = begin(tmp_path, shape, LONGEST, tuple(BATTERIES))

    run(project, [str(BIN / "ruff"), "check"])
    run(project, [str(BIN / "ruff"), "format", "--check"])


@pytest.mark.parametrize("shape", SHAPES)
def test_it_answers_under_gambrel_run(tmp_path, start, monkeypatch, shape):
    monkeypatch.chdir(begin(tmp_path, shape))
    served = start("run", "app.py" if shape == "service" else f"a_{shape}", "--port", "0")

    assert get(served.port(), "/health/ready")[0] == 200


@pytest.mark.slow
@pytest.mark.service("curl", "git")
@pytest.mark.parametrize("shape", SHAPES)
def test_it_is_deployed_by_its_own_script(tmp_path, host, shape):
    project = begin(tmp_path, shape)
    name, release = f"a_{shape}", commit(project)
    host.prepare(name, "0123456789abcdef" * 4)

    done = host.deploy(project)

    assert done.returncode == 0, done.stdout + done.stderr + (host.root / "journal").read_text()
    assert done.stdout.endswith(f"{release} is deployed on me@host\n")
    assert "pip install --quiet -r requirements.txt" in host.log()
    assert host.log().endswith(f"daemon-reload\nrestart {name}\n")
    assert not (host.root / f"srv/{name}/current/.env").exists()
    assert " 200 " in host.get(name, "/health/ready").splitlines()[0]
    assert host.get(name, "/").splitlines()[0].split()[1] in {"200", "303", "307", "404"}


@pytest.mark.slow
@pytest.mark.service("curl", "git")
def test_a_release_that_is_not_well_is_taken_back(tmp_path, host):
    project = begin(tmp_path, "service")
    host.prepare("a_service", "0123456789abcdef" * 4)
    first = commit(project)
    host.deploy(project)
    broken = "\n\n@app.lifespan\nasync def broken():\n    raise OSError('no shed')\n    yield\n"
    (project / "app.py").write_text((project / "app.py").read_text() + broken)
    second = commit(project)

    done = host.deploy(project)

    assert done.returncode == 1
    assert (
        f"{second} is not well: back to {host.root}/srv/a_service/releases/{first}" in done.stderr
    )
    assert " 200 " in host.get("a_service", "/").splitlines()[0]


def test_nothing_is_left_to_fill_in_but_the_owner():
    for shape in SHAPES:
        for path, text in render(Start(shape, "shed")).items():
            assert not re.search(r"@\w+@", path + text), path
    assert "* @your-team\n" in render(Start("api", "shed"))[".github/CODEOWNERS"]


def test_what_the_container_runs_is_there():
    for shape in SHAPES:
        text = render(Start(shape, "shed"))["Dockerfile"]
        command = json.loads(re.findall(r"^CMD (.*)$", text, re.MULTILINE)[0])

        assert command[:2] == ["gambrel", "run"]
        assert command[2] == ("app.py" if shape == "service" else "shed")
        assert "/health/live" in text
        assert text.index("USER app") < text.index("CMD")
