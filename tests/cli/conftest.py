"""A folder for an app, and the command line on it: in this process, or in one of its own."""

import importlib
import socket
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from gambrel.cli.main import main
from tests.cli.processes import Started

SHOP = """
from gambrel import App, Depends

app = App()


def staff() -> str:
    return "staff"


@app.get("/")
async def home() -> str:
    return "Hello"


@app.get("/users/{id}", tags=["users"])
def show_user(id: int, page: int = 1) -> str:
    return f"user {id}"


@app.post("/users", dependencies=[Depends(staff)])
async def add_user(name: str) -> str:
    return name
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Work in an empty folder; modules imported from it are forgotten afterwards."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", list(sys.path))
    modules = dict(sys.modules)
    yield tmp_path
    for name, module in list(sys.modules.items()):
        if name not in modules and (getattr(module, "__file__", None) or "").startswith(
            str(tmp_path)
        ):
            del sys.modules[name]
    importlib.invalidate_caches()


@pytest.fixture
def shop(folder: Path) -> Path:
    """Put an app into the folder."""
    (folder / "app.py").write_text(SHOP)
    return folder


@pytest.fixture
def gambrel() -> Callable[..., Result]:
    """Run a command in this process; `typed` is what is typed meanwhile."""
    return lambda *args, typed="": CliRunner().invoke(
        main, [str(arg) for arg in args], input=typed, catch_exceptions=False
    )


@pytest.fixture
def start() -> Iterator[Callable[..., Started]]:
    """Start a command in a process of its own, which ends with the test."""
    started: list[Started] = []

    def begin(*args: object, sockets: Sequence[socket.socket] = (), **environ: str) -> Started:
        started.append(Started([str(arg) for arg in args], environ, sockets))
        return started[-1]

    yield begin
    for one in started:
        one.close()
