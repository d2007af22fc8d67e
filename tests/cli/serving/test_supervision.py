import pytest


@pytest.mark.parametrize(
    "args", [["--max-memory", "0"], ["--max-requests", "x"], ["--hang-timeout", "0"]]
)
def test_a_wrong_option_is_exit_code_2(gambrel, shop, args):
    assert gambrel("run", *args).exit_code == 2
