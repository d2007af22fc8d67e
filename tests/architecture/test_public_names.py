"""The names we promise are written down, so that a change of them shows in the diff.

`make names` accepts a change.
"""

import importlib
import os
from pathlib import Path

from tests.architecture.source import batteries

SNAPSHOT = Path(__file__).with_name("public_names.txt")


def promised() -> list[str]:
    modules = [
        "gambrel",
        "gambrel.extend",
        "gambrel.headers",
        "gambrel.signing",
        "gambrel.webhooks",
        "gambrel.testing",
        *map("gambrel.{}".format, batteries()),
    ]
    return [
        f"{module}.{name}"
        for module in modules
        for name in sorted(getattr(importlib.import_module(module), "__all__", ()))
    ]


def test_the_public_names_are_those_written_down():
    names = promised()
    if os.environ.get("ACCEPT"):
        SNAPSHOT.write_text("\n".join(names) + "\n")

    assert names == SNAPSHOT.read_text().splitlines(), "run `make names` if you mean it"


def test_every_public_name_exists():
    missing = [
        name
        for name in promised()
        if not hasattr(importlib.import_module(name.rpartition(".")[0]), name.rpartition(".")[2])
    ]

    assert missing == []
