"""The core install is enough, and what is heavy is imported by what needs it."""

import importlib.metadata
import json
import re

from tests.architecture.isolation import run_without
from tests.architecture.source import sources

# Installed with the framework, yet of no use before the first socket, command or server.
LATER = {"click", "httptools", "picows", "uvloop"}
TAKEN_WHERE_PRESENT = {"typing_extensions", "_distutils_hack"}  # by msgspec, by setuptools

IMPORT = """
import importlib
for name in sys.argv[1:]:
    importlib.import_module(name)
print(json.dumps(sorted(sys.modules)))
"""


def core_install() -> set[str]:
    """Return the distributions that come with a plain `pip install gambrel`."""
    wanted = importlib.metadata.requires("gambrel") or []
    return {re.match(r"[\w.-]+", line).group().lower() for line in wanted if "extra ==" not in line}


def other_modules() -> set[str]:
    """Return the top-level modules of everything else that is installed here."""
    kept = core_install() | {"gambrel"}
    return {
        module
        for module, owners in importlib.metadata.packages_distributions().items()
        if not kept.intersection(owner.lower() for owner in owners)
    }


def test_the_core_and_the_roof_import_with_the_core_install_alone():
    names = [source.module for source in sources("core")]

    loaded = json.loads(run_without(other_modules(), IMPORT, "gambrel", *names))

    assert "gambrel.core.app" in loaded


def test_importing_gambrel_loads_nothing_that_may_never_be_used():
    unused = (LATER | other_modules()) - TAKEN_WHERE_PRESENT

    loaded = json.loads(run_without((), IMPORT, "gambrel"))

    assert {name.split(".")[0] for name in loaded} & unused == set()
