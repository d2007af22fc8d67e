"""The tests of examples on SQLite are those on other databases, with one setting changed."""

import os
import subprocess
import sys

import pytest

from tests.architecture.source import ROOT
from tests.db.conftest import postgres, servers, url

__all__ = ["postgres", "servers", "url"]  # fixtures
pytestmark = pytest.mark.slow


def check_example(name: str, url: str, folder: object, passed: int) -> None:
    """See that the tests of an example pass on a database that is empty."""
    environ = {**os.environ, "GAMBREL_DATABASE_URL": url, "GAMBREL_INSTANCE": str(folder)}
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"]

    done = subprocess.run(
        [*command, f"examples/{name}"], cwd=ROOT, env=environ, capture_output=True, text=True
    )

    assert done.returncode == 0, done.stdout[-3000:]
    assert f"{passed} passed" in done.stdout


def test_the_example_passes_its_tests_on_every_database(url, tmp_path):
    check_example("heroes_sql", url, tmp_path, 20)


@pytest.mark.service("postgres")
@pytest.mark.parametrize(("name", "passed"), [("polls", 21), ("store", 29)])
def test_pages_over_a_database_are_the_same_on_postgresql(name, passed, postgres, tmp_path):
    check_example(name, postgres, tmp_path, passed)
