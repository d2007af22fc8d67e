"""What all tests share: a clean environment, Hypothesis profiles, and services that may be absent.

`@pytest.mark.service("browser")` skips where there is no browser, and fails instead where
`GAMBREL_REQUIRE` names it. What `LEFT_OUT` names is left out though it is here.
"""

import logging
import os
import shutil
import socket
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

REQUIRED = set(filter(None, os.environ.get("GAMBREL_REQUIRE", "").split(",")))
LEFT_OUT = set(filter(None, os.environ.get("LEFT_OUT", "").split(",")))

# The settings of whoever runs the tests must not reach the apps under test.
for name in [name for name in os.environ if name.startswith("GAMBREL_")]:
    if name not in {"GAMBREL_REQUIRE", "GAMBREL_SAMPLE_DATA"}:
        del os.environ[name]

calm = {"deadline": None, "suppress_health_check": [HealthCheck.too_slow]}
settings.register_profile("tests", derandomize=True, max_examples=50, **calm)
settings.register_profile("few", derandomize=True, max_examples=5, **calm)
settings.register_profile("fuzz", max_examples=5000, **calm)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "tests"))


def chromium() -> str | None:
    """Find Debian's Chromium or its like."""
    return next(filter(None, map(shutil.which, ("chromium", "chromium-browser"))), None)


NODE_MODULES = Path(__file__).parent.parent / "node_modules"


def node() -> bool:
    """Say whether Node.js is here, with the packages that `.ci/run` installs."""
    packages = ("@asyncapi/specs", "axe-core", "openapi-typescript", "typescript")
    return bool(shutil.which("node")) and all((NODE_MODULES / name).is_dir() for name in packages)


def answers(port: int) -> bool:
    """Say whether somebody listens on a port of this machine."""
    try:
        socket.create_connection(("127.0.0.1", port), 1).close()
    except OSError:
        return False
    return True


SERVICES: dict[str, Callable[[], object]] = {
    "browser": chromium,
    "node": node,
    "mariadb": lambda: answers(3306),
    "postgres": lambda: answers(5432),
    "redis": lambda: answers(6379),
    # Not on everybody's path.
    "nginx": lambda: shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin"),
    "varnish": lambda: shutil.which("varnishd") or shutil.which("varnishd", path="/usr/sbin"),
    "openssl": lambda: shutil.which("openssl"),
    "git": lambda: shutil.which("git"),
    "curl": lambda: shutil.which("curl"),
    "pyright": lambda: (Path(sys.executable).parent / "pyright").is_file(),
}


def need(name: str) -> None:
    """Skip the test where a service is absent, or fail it where `GAMBREL_REQUIRE` asks for it."""
    if name in LEFT_OUT:
        pytest.skip(f"LEFT_OUT names {name}")
    if not SERVICES[name]():
        if name in REQUIRED:
            pytest.fail(f"no {name} here, and GAMBREL_REQUIRE asks for it", pytrace=False)
        pytest.skip(f"no {name} here")


def pytest_runtest_setup(item: pytest.Item) -> None:
    for mark in item.iter_markers("service"):
        for name in mark.args:
            need(name)


@pytest.fixture(autouse=True)
def restored_loggers() -> Iterator[None]:
    """Undo what a test, or an app in it, has set up for logging."""
    root = logging.getLogger()
    before = (root.handlers[:], root.level)
    yield
    root.handlers[:], root.level = before
    for name, logger in list(logging.root.manager.loggerDict.items()):
        if name.partition(".")[0] == "gambrel" and isinstance(logger, logging.Logger):
            logger.handlers.clear()
            logger.propagate, logger.disabled = True, False
            logger.setLevel(logging.NOTSET)


@pytest.fixture(scope="module")
def browser() -> Iterator[object]:
    """Start one headless Chromium for the tests of a module.

    Not for all of them: Playwright's loop runs as long as it does, and no `asyncio.run` beside it.
    """
    playwright = pytest.importorskip("playwright.sync_api")
    with playwright.sync_playwright() as driver:
        chrome = driver.chromium.launch(executable_path=chromium(), args=["--no-sandbox"])
        yield chrome
        chrome.close()
