import signal
from pathlib import Path

import pytest

PROGRAM = """
import subprocess, sys, time
print("{}", *sys.argv[1:], flush=True)
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
time.sleep(600)
"""


@pytest.fixture
def program(folder: Path) -> Path:
    path = folder / "worker.py"
    path.write_text(PROGRAM.format("one"))
    return path


def test_a_program_runs_anew_when_a_file_is_saved_and_ends_with_all_it_has_started(program, start):
    run = start("watch", "worker.py", "--queue", "orders")
    run.line("^one --queue orders$")
    program.write_text(PROGRAM.format("two"))
    run.line("^worker.py changed: starting again$")
    run.line("^two --queue orders$")

    assert run.end() == 0
    assert run.is_silent


def test_one_that_has_ended_is_told_once_and_tried_again_after_a_change(program, start):
    program.write_text("raise SystemExit(3)\n")
    run = start("watch", "worker.py")
    run.line("^worker.py ended with exit code 3; waiting for a change$")
    program.write_text(PROGRAM.format("repaired"))
    run.line("^repaired$")

    assert run.end(signal.SIGINT) == 0
    assert run.output.count("waiting for a change") == 1


def test_another_folder_is_watched_where_one_is_named(program, start, tmp_path_factory):
    other = tmp_path_factory.mktemp("templates")
    run = start("watch", "--folder", str(other), "worker.py")
    run.line("^one$")
    (program.parent / "noise.py").write_text("")
    (other / "settings.toml").write_text("")
    run.line("^settings.toml changed: starting again$")

    assert run.end() == 0


def test_a_program_that_is_none_is_told(gambrel, folder):
    result = gambrel("watch", "no-such-program")

    assert result.exit_code == 1
    assert "no-such-program cannot be run: No such file or directory" in result.output
