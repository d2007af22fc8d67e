"""Every battery can be deleted, and only what declares that it requires it goes with it."""

import ast
import json

import pytest

from tests.architecture.isolation import run_without
from tests.architecture.source import PACKAGE, Source, batteries, sources

# Deleting a battery takes its line in the roof's list along: as if App() began with nothing.
BARE = """
class Bare:
    find_spec = classmethod(lambda cls, name, path=None, target=None: (
        importlib.machinery.ModuleSpec(name, cls) if name == "gambrel.defaults" else None))
    create_module = staticmethod(lambda spec: None)
    exec_module = staticmethod(lambda module: exec(
        "from gambrel.core.app.app import App; default_extensions = list", vars(module)))
sys.meta_path.insert(0, Bare)
"""

IMPORT_ALL = """
import importlib
failed = []
for name in sys.argv[1:]:
    try:
        importlib.import_module(name)
    except ModuleNotFoundError:
        failed.append(name)
print(json.dumps(failed))
"""

RUN_CORE_TESTS = """
import pytest
sys.exit(pytest.main(["-q", "-x", "-p", "no:cacheprovider", "-p", "no:gambrel", "tests/core"]))
"""


def requires(battery: str) -> set[str]:
    """Read the `requires` of a battery's extension, without importing it."""
    path = PACKAGE / battery / "extension.py"
    if not path.exists():
        return set()
    return {
        name
        for _, subject in Source(path).classes()
        for node in subject.body
        if isinstance(node, ast.Assign | ast.AnnAssign)
        and "requires" in ast.unparse(node)
        and node.value is not None
        for name in ast.literal_eval(node.value)
    }


@pytest.mark.parametrize("battery", batteries())
def test_without_a_battery_the_rest_imports(battery):
    gone = {source.module for source in sources(battery)}
    rest = [source.module for source in sources() if source.module not in gone]

    failed = json.loads(run_without(gone, BARE + IMPORT_ALL, *rest))

    # The live server of the test tools is the server's; nothing else of them needs it.
    own = {"gambrel.testing.server"} if battery == "server" else set()
    left = [name for name in failed if battery not in requires(name.split(".")[1])]
    assert set(left) - own == set()


@pytest.mark.slow
def test_the_core_passes_its_tests_without_any_battery(monkeypatch):
    monkeypatch.setenv("HYPOTHESIS_PROFILE", "few")
    gone = {source.module for battery in batteries() for source in sources(battery)}

    output = run_without(gone, BARE + RUN_CORE_TESTS)

    assert " passed" in output
