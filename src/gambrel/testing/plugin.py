"""The pytest plugin: fixtures around the fixture `app`, which a project overrides or configures.

pytest loads it by its entry point. What a fixture needs is imported when the fixture is used.
"""

import importlib
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest

from gambrel import App, GambrelError, testing

__all__ = ["app", "async_client", "client", "live_server", "override"]

Override = Callable[[Any, Callable[..., Any]], None]


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the ini option `gambrel_app`."""
    parser.addini("gambrel_app", "the app under test: a file, a folder or module:attribute")


@pytest.fixture
def app(pytestconfig: pytest.Config) -> App:
    """The app under test: that of the ini option `gambrel_app`, unless you override it."""
    target: str = pytestconfig.getini("gambrel_app")
    if not target:
        raise GambrelError(
            "testing.no-app",
            "the fixtures of gambrel do not know which app to test",
            str(pytestconfig.inipath or pytestconfig.rootpath),
            'write `gambrel_app = "app.py"` there under [tool.pytest.ini_options], '
            "or a fixture `app` in conftest.py",
        )
    path, colon, attribute = target.partition(":")
    if path.endswith(".py") or (pytestconfig.rootpath / path).is_dir():
        target = f"{pytestconfig.rootpath / path}{colon}{attribute}"
    found: App = importlib.import_module("gambrel.cli.target").load_app(target)
    return found


@pytest.fixture
def client(app: App) -> Iterator["testing.Client"]:
    """A client of `app`, which runs for the time of the test."""
    with testing.Client(app) as client:
        yield client


@pytest.fixture
def async_client(app: App) -> "testing.AsyncClient":
    """A client of `app` for async tests, to be entered there: `async with async_client: ...`."""
    return testing.AsyncClient(app)


@pytest.fixture
def override(app: App) -> Iterator[Override]:
    """`override(dependency_or_type, factory)`: as `app.override`, until the end of the test."""
    with ExitStack() as stack:
        yield lambda key, factory: stack.enter_context(app.override(key, factory))


@pytest.fixture
def live_server(app: App) -> Iterator["testing.LiveServer"]:
    """The native server with `app` on a free port: `live_server.url`."""
    with testing.LiveServer(app) as server:
        yield server
