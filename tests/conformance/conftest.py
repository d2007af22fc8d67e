"""`host`: one running server per session and kind; a missing package skips, visibly."""

import signal
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.conformance.hosts import HOSTS, Host, is_installed, start, stop, wait_until_it_answers
from tests.conftest import REQUIRED


@pytest.fixture(scope="session")
def servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[str], Host]]:
    """Return a running server by its name."""
    running = {
        name: start(name, prepared(tmp_path_factory.mktemp(name)))
        for name in HOSTS
        if is_installed(name)
    }
    ready: set[str] = set()

    def server(name: str) -> Host:
        if name not in running:
            if name in REQUIRED:
                pytest.fail(f"{name} is not installed, and GAMBREL_REQUIRE asks for it", False)
            pytest.skip(f"{name} is not installed")
        if name not in ready:
            wait_until_it_answers(running[name])
            ready.add(name)
        return running[name]

    try:
        yield server
    finally:
        codes = {name: stop(host) for name, host in running.items()}
    assert set(codes.values()) <= {0, -signal.SIGTERM}, codes  # uvicorn ends by its signal
    assert not [name for name in ready if not list(running[name].files.glob("stopped-*"))]


@pytest.fixture(params=HOSTS, scope="session")
def host(request: pytest.FixtureRequest, servers: Callable[[str], Host]) -> Host:
    """Return each server in turn."""
    return servers(request.param)


@pytest.fixture(scope="session")
def native(servers: Callable[[str], Host]) -> Host:
    """Return the native server: for what other servers do in their own way (`wire`)."""
    return servers("native")


def prepared(folder: Path) -> Path:
    """Return the folder of a server, with the files it serves."""
    (folder / "small.txt").write_bytes(b"0123456789" * 10)
    (folder / "big.bin").write_bytes(bytes(range(256)) * 2000)
    (folder / ".hidden").write_bytes(b"hidden")
    (folder.parent / "outside.txt").write_bytes(b"outside")
    return folder
