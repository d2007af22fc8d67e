import sys
from pathlib import Path

import pytest

from gambrel.testing import run_command
from gambrel.testing.command import exit_code_of

APP = """
from gambrel import App

app = App()

@app.get("/hello")
async def hello() -> str:
    return "hello"
"""


def test_what_a_command_writes_and_its_exit_code_come_back():
    result = run_command(["--help"])

    assert result.exit_code == 0
    assert result.stdout.startswith("Usage: gambrel")
    assert result.stderr == ""


def test_a_command_that_does_not_exist_is_a_usage_error():
    result = run_command(["fly"])

    assert result.exit_code == 2
    assert "fly" in result.stderr


def test_streams_and_the_import_path_are_as_before(tmp_path: Path):
    (tmp_path / "command_shop.py").write_text(APP)
    before = (sys.stdin, sys.stdout, sys.stderr, list(sys.path))

    run_command(["routes", str(tmp_path / "command_shop.py")])

    assert (sys.stdin, sys.stdout, sys.stderr, list(sys.path)) == before


@pytest.mark.parametrize(("leaving", "code"), [(None, 0), (3, 3), ("no such app", 1)])
def test_exit_codes_are_those_of_a_process(
    leaving: object, code: int, capsys: pytest.CaptureFixture[str]
):
    def main(args: list[str], prog_name: str) -> None:
        raise SystemExit(leaving)

    assert exit_code_of(main, []) == code
    assert capsys.readouterr().err == ("no such app\n" if code == 1 else "")


def test_a_command_that_returns_has_succeeded():
    given: list[tuple[str, list[str]]] = []

    def main(args: list[str], prog_name: str) -> None:
        given.append((prog_name, args))

    assert exit_code_of(main, ["routes"]) == 0
    assert given == [("gambrel", ["routes"])]
