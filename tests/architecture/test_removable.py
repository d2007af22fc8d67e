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

# What is not ours is imported once; each battery is gone in a fork, which imports ours anew.
IMPORT_ALL = """
import gc, importlib, os
gc.disable()
batteries, names = json.loads(sys.argv[1]), sys.argv[2:]
for name in names:
    importlib.import_module(name)
for name in [name for name in sys.modules if name.partition(".")[0] == "gambrel"]:
    del sys.modules[name]
answers = {}
for battery, gone in batteries.items():
    answers[battery], writer = os.pipe()
    if os.fork() == 0:
        absent.update(gone)
        failed = []
        for name in [name for name in names if name not in absent]:
            try:
                importlib.import_module(name)
            except ModuleNotFoundError:
                failed.append(name)
        os.write(writer, json.dumps(failed).encode())
        os._exit(0)
    os.close(writer)
for battery, reader in answers.items():
    with open(reader) as answer:
        print(json.dumps([battery, json.load(answer)]))
"""

# The live server of the test tools is the server's; nothing else of them needs it. A command goes
# with what it asks.
OWN = {"server": "gambrel.testing.server", "choosing": "gambrel.cli.choosing"}

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


@pytest.fixture(scope="module")
def failures() -> dict[str, list[str]]:
    """Return, for each battery, the modules that do not import where it is gone."""
    gone = {battery: [source.module for source in sources(battery)] for battery in batteries()}
    names = [source.module for source in sources()]
    lines = run_without((), BARE + IMPORT_ALL, json.dumps(gone), *names).splitlines()
    return dict(json.loads(line) for line in lines)


@pytest.mark.parametrize("battery", batteries())
def test_without_a_battery_the_rest_imports(battery, failures):
    failed = failures[battery]

    left = [name for name in failed if battery not in requires(name.split(".")[1])]
    assert [name for name in left if not name.startswith(OWN.get(battery, "-"))] == []


@pytest.mark.slow
def test_the_core_passes_its_tests_without_any_battery(monkeypatch):
    monkeypatch.setenv("HYPOTHESIS_PROFILE", "few")
    gone = {source.module for battery in batteries() for source in sources(battery)}

    output = run_without(gone, BARE + RUN_CORE_TESTS)

    assert " passed" in output
