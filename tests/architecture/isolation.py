"""Run Python as if parts of the package, or other distributions, had never been installed."""

import json
import subprocess
import sys
from collections.abc import Iterable

from tests.architecture.source import ROOT

# A path finder that does not find: exactly what the import system sees after a deletion.
WITHOUT = """
import importlib.machinery, json, sys
absent = set(json.loads(sys.argv.pop(1)))
found = importlib.machinery.PathFinder.find_spec
def find_spec(finder, name, path=None, target=None):
    return None if name in absent else found(name, path, target)
importlib.machinery.PathFinder.find_spec = classmethod(find_spec)
"""


def run_without(absent: Iterable[str], script: str, *arguments: str) -> str:
    """Run a script where the modules named are absent; return what it printed."""
    done = subprocess.run(
        [sys.executable, "-c", WITHOUT + script, json.dumps(sorted(absent)), *arguments],
        capture_output=True,
        text=True,
        cwd=ROOT,
    )
    assert done.returncode == 0, done.stdout[-5000:] + done.stderr[-5000:]
    return done.stdout
