"""A host to deploy to."""

from collections.abc import Iterator

import pytest

from tests.cli.projects.host import Host


@pytest.fixture
def host() -> Iterator[Host]:
    """Give a folder that is a host."""
    host = Host()
    yield host
    host.close()
