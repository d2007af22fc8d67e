"""The tests of an example on SQLite are those on other databases, with one setting changed."""

import os
import subprocess
import sys

import pytest

from tests.architecture.source import ROOT
from tests.db.conftest import servers, url

__all__ = ["servers", "url"]  # fixtures


@pytest.mark.slow
def test_the_example_passes_its_tests_on_every_database(url, tmp_path):
    environ = {**os.environ, "GAMBREL_DATABASE_URL": url, "GAMBREL_INSTANCE": str(tmp_path)}
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"]

    done = subprocess.run(
        [*command, "examples/heroes_sql"], cwd=ROOT, env=environ, capture_output=True, text=True
    )

    assert done.returncode == 0, done.stdout[-3000:]
    assert "20 passed" in done.stdout
