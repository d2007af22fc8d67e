"""Makes the environments of the targets under .venvs/, from the package registry.

`uv` is used when it is installed, `venv` and `pip` otherwise. Also tells what was installed.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import TypedDict

from benchmarks.targets import ENVIRONMENTS, SOURCES, VENVS

NEWEST_FIRST = ("python3.13", "python3.12")
_DESCRIBE = """
import importlib.metadata, json, platform, sys, sysconfig
print(json.dumps({
    "python": platform.python_version(),
    "optimised": "--enable-optimizations" in (sysconfig.get_config_var("CONFIG_ARGS") or ""),
    "packages": {name: importlib.metadata.version(name) for name in sys.argv[1:]},
}))
"""


class Environment(TypedDict):
    """What is installed; `optimised` tells whether the interpreter was built with PGO."""

    python: str
    optimised: bool
    packages: dict[str, str]


def find_interpreter() -> str:
    """The newest working interpreter of 3.13 and 3.12: this one or one on PATH.

    Raises `SystemExit` when there is none (django-bolt and current Django need 3.12).
    """
    for name in NEWEST_FIRST:
        if f"python{sys.version_info.major}.{sys.version_info.minor}" == name:
            return sys.executable
        path = shutil.which(name)
        if path and subprocess.run([path, "-c", ""], capture_output=True).returncode == 0:
            return path
    raise SystemExit("no Python 3.12 or 3.13 found: pass --python INTERPRETER")


def make_environment(name: str, python: str, *, fresh: bool = False) -> str | None:
    """Makes one environment, unless it has these packages; returns why the installer failed."""
    home, ready = VENVS / name, VENVS / name / "ready"
    if fresh and home.exists():
        shutil.rmtree(home)
    packages = SOURCES.get(name, ENVIRONMENTS[name])
    if ready.exists() and ready.read_text() == repr(packages):
        return None
    for command in _commands(home, python, packages):
        done = subprocess.run(command, capture_output=True, text=True)
        if done.returncode:
            return (done.stderr.strip() or done.stdout.strip()).splitlines()[-1]
    ready.write_text(repr(packages))
    return None


def _commands(home: Path, python: str, packages: tuple[str, ...]) -> list[list[str]]:
    inner = str(home / "bin" / "python")
    uv = shutil.which("uv")
    if uv:
        return [
            [uv, "venv", "--quiet", "--clear", "--python", python, str(home)],
            [uv, "pip", "install", "--quiet", "--python", inner, *packages],
        ]
    return [
        [python, "-m", "venv", "--clear", str(home)],
        [inner, "-m", "pip", "install", "--quiet", *packages],
    ]


def make_environments(names: Iterable[str], python: str, *, fresh: bool = False) -> None:
    """Makes these environments and prints each result."""
    for name in names:
        fault = make_environment(name, python, fresh=fresh)
        print(f"{name:12} {'FAILED: ' + fault if fault else 'ready'}", flush=True)


def describe_environment(name: str) -> Environment:
    """Asks the environment's interpreter."""
    python = VENVS / name / "bin" / "python"
    done = subprocess.run(
        [python, "-c", _DESCRIBE, *ENVIRONMENTS[name]], capture_output=True, text=True, check=True
    )
    described: Environment = json.loads(done.stdout)
    return described
