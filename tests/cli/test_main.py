import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from click.shell_completion import ShellComplete
from click.testing import CliRunner

from gambrel.cli.main import COMMANDS, CONTROL, main, take_option

REFERENCE = Path(__file__).parents[2] / "docs" / "reference" / "cli.md"

COMMANDED = """
from gambrel import App

app = App()


@app.command
def seed_users(count: int, *, loud: bool = False) -> None:
    '''Fill the database.'''
    print("seeded", count, loud)
"""


def test_help_lists_every_command_and_imports_none_of_them(gambrel):
    result = gambrel("--help")

    assert result.exit_code == 0
    assert all(name in result.output for name in COMMANDS)


def test_help_loads_no_command_no_server_and_no_app():
    script = (
        "import sys; from gambrel.cli.main import main; main(['--help'], standalone_mode=False); "
        "print(sorted(n for n in sys.modules if n.startswith(('gambrel.', 'asyncio', 'msgspec'))))"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )

    assert done.stdout.splitlines()[-1] == "['gambrel.cli', 'gambrel.cli.main']"


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_explains_itself(gambrel, name):
    result = gambrel(name, "--help")

    assert result.exit_code == 0
    subjects = {"choose": "NAME", "new": "NAME", "lock": "pyproject.toml"}
    subjects |= {"watch": "PROGRAM", "files": "FOLDER"}
    subject = subjects.get(name, "TARGET")
    assert ("--control" if name in CONTROL else subject) in result.output


def with_help(page: str) -> str:
    """Return the reference with what each command says of itself."""

    def block(match: re.Match[str]) -> str:
        result = CliRunner().invoke(
            main, [match[1], "--help"], prog_name="gambrel", terminal_width=80
        )
        return f"<!-- help: {match[1]} -->\n```text\n{result.output}```\n<!-- end -->"

    return re.sub(r"<!-- help: (\w+) -->.*?<!-- end -->", block, page, flags=re.DOTALL)


def test_the_reference_has_the_help_of_every_command():
    page = REFERENCE.read_text(encoding="utf-8")
    if os.environ.get("ACCEPT"):
        REFERENCE.write_text(with_help(page), encoding="utf-8")

    assert page == with_help(page), "run this test with ACCEPT=1 to write it"
    assert re.findall(r"<!-- help: (\w+) -->", page) == list(COMMANDS)


def test_an_error_of_ours_is_three_lines_and_exit_code_1(gambrel, folder):
    result = gambrel("check", "nowhere.py")

    assert result.exit_code == 1
    first, where, hint = result.stderr.splitlines()
    assert first == "gambrel: [cli.no-target] there is no file or module 'nowhere.py'"
    assert where == f"  where: {folder}"
    assert hint.startswith("  hint: give a file")


def test_an_unknown_command_is_a_usage_error_with_the_nearest_name(gambrel, folder):
    result = gambrel("rout")

    assert result.exit_code == 2
    assert "Did you mean 'routes'?" in result.stderr


def test_a_command_of_the_app_runs_by_its_name(gambrel, folder):
    (folder / "app.py").write_text(COMMANDED)

    result = gambrel("seed-users", "3", "--loud")

    assert (result.exit_code, result.output) == (0, "seeded 3 True\n")


@pytest.mark.parametrize(
    "args",
    [
        ["--app", "shop.py", "seed-users", "3"],
        ["seed-users", "--app", "shop.py", "3"],
        ["seed-users", "3", "--app=shop.py"],
    ],
)
def test_app_names_the_target_before_or_behind_the_command(gambrel, folder, args):
    (folder / "shop.py").write_text(COMMANDED)

    result = gambrel(*args)

    assert (result.exit_code, result.output) == (0, "seeded 3 False\n")


def test_help_lists_the_commands_of_a_named_app(gambrel, folder):
    (folder / "shop.py").write_text(COMMANDED)

    result = gambrel("--app", "shop.py", "--help")

    assert "Commands of shop.py" in result.output
    assert "seed-users  Fill the database." in result.output


def test_an_error_of_an_apps_command_is_its_own(gambrel, folder):
    (folder / "app.py").write_text(COMMANDED.replace("print(", "raise LookupError("))

    with pytest.raises(LookupError, match="seeded"):
        gambrel("seed-users", "3")


@pytest.mark.parametrize(
    ("typed", "begun", "offered"),
    [
        ([], "rou", {"routes"}),
        (["new", "shed", "--shape"], "", {"service", "api", "site", "platform", "realtime"}),
        (["run"], "--access", {"--access-log"}),
    ],
)
def test_a_shell_completes_commands_options_and_choices(typed, begun, offered):
    shell = ShellComplete(main, {}, "gambrel", "_GAMBREL_COMPLETE")

    assert {item.value for item in shell.get_completions(typed, begun)} == offered


def test_an_option_is_taken_out_of_the_arguments():
    assert take_option("--app", ["a", "--app", "x.py", "b"]) == ("x.py", ["a", "b"])
    assert take_option("--app", ["a", "--app"]) == (None, ["a", "--app"])


def test_a_failing_command_shows_the_frames_of_its_own_code_only(folder, start):
    (folder / "app.py").write_text(COMMANDED.replace("print(", "raise LookupError("))

    ended = start("seed-users", "3")

    assert ended.end(None) == 1
    assert ended.output.startswith("Traceback")
    assert ended.output.count("  File ") == 1
    assert 'app.py", line ' in ended.output
