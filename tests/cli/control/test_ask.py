"""One server, and all that can be asked of it; the commands are tested beside."""

import pytest


@pytest.mark.parametrize("args", [["status"], ["reload"], ["scale", "2"], ["stop"]])
def test_without_a_path_the_option_is_told(gambrel, folder, args):
    result = gambrel(*args)

    assert result.exit_code == 1
    assert "[cli.control] no control socket is named" in result.output
    assert "GAMBREL_CONTROL" in result.output


@pytest.mark.parametrize("args", [["status"], ["reload"], ["scale", "2"], ["stop"]])
def test_where_nobody_answers_that_is_told(gambrel, folder, args):
    result = gambrel(*args, "--control", "nobody.sock")

    assert result.exit_code == 1
    assert "no server answers at 'nobody.sock'" in result.output
