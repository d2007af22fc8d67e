"""What `gambrel.testing` does when it is asked for a name."""

import subprocess
import sys

import pytest

import gambrel.testing


def test_every_name_is_listed_and_loads():
    assert dir(gambrel.testing) == sorted(gambrel.testing.__all__)
    assert all(getattr(gambrel.testing, name) for name in gambrel.testing.__all__)


def test_a_name_that_does_not_exist_is_an_attribute_error():
    with pytest.raises(AttributeError, match="Cliend"):
        gambrel.testing.Cliend  # noqa: B018


@pytest.mark.parametrize(
    ("package", "name", "typed"),
    [
        ("httpx2", "Client", "pip install 'gambrel[test]'"),
        ("schemathesis", "contract", "pip install 'schemathesis'"),
    ],
)
def test_a_tool_whose_package_is_missing_says_what_to_install(package, name, typed):
    code = f"""
import sys
sys.modules["{package}"] = None
try:
    from gambrel.testing import {name}
except Exception as error:
    print(type(error).__name__, error)
from gambrel.testing import make_request
"""

    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert done.stdout.startswith("GambrelError [testing.not-installed]")
    assert typed in done.stdout
