import sys

from click.testing import CliRunner

from gambrel.cli.databases.db import COMMANDS
from gambrel.cli.main import main


def test_every_command_is_listed_and_tells_of_itself():
    listed = CliRunner().invoke(main, ["db", "--help"]).output

    for name in COMMANDS:
        told = CliRunner().invoke(main, ["db", name, "--help"])
        assert told.exit_code == 0, told.output
        assert f"  {name} " in listed


def test_an_unknown_command_is_refused():
    assert CliRunner().invoke(main, ["db", "nothing"]).exit_code == 2


def test_the_group_loads_no_database():
    assert "gambrel.cli.databases.db" in sys.modules
    source = sys.modules["gambrel.cli.databases.db"]
    assert not any(name.startswith("gambrel.db") for name in vars(source))
