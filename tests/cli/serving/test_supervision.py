import os

import pytest


@pytest.mark.parametrize(
    "args", [["--max-memory", "0"], ["--max-requests", "x"], ["--hang-timeout", "0"]]
)
def test_a_wrong_option_is_exit_code_2(gambrel, shop, args):
    assert gambrel("run", *args).exit_code == 2


@pytest.mark.parametrize(
    "args",
    [
        ["--server", "uvicorn", "--user", "www-data"],
        ["--server", "granian", "--daemon"],
        ["--server", "hypercorn", "--control", "c.sock"],
        ["--server", "uvicorn", "--max-memory", "100"],
    ],
)
def test_what_another_server_would_ignore_is_refused(gambrel, shop, args):
    result = gambrel("run", *args)

    assert result.exit_code == 2
    assert "is for the native server" in result.output


def test_a_log_file_without_a_daemon_is_refused(gambrel, shop):
    assert gambrel("run", "--log-file", "log").exit_code == 2


@pytest.mark.skipif(os.geteuid() != 0, reason="of the superuser")
def test_a_group_alone_leaves_the_superuser_and_is_refused(gambrel, shop):
    assert gambrel("run", "--group", "nogroup").exit_code == 2
