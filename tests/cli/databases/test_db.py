from click.testing import CliRunner

from gambrel.cli.databases.db import COMMANDS
from gambrel.cli.main import main


def test_every_command_has_its_help():
    for name in COMMANDS:
        assert CliRunner().invoke(main, ["db", name, "--help"]).exit_code == 0


def test_another_command_is_none():
    assert CliRunner().invoke(main, ["db", "dance"]).exit_code == 2
