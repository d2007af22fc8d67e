"""What is read of the package for these tests, and forgotten after them."""

from collections.abc import Iterator

import pytest

from tests.architecture.source import source_at


@pytest.fixture(scope="package", autouse=True)
def forget_sources() -> Iterator[None]:
    """Let go of the syntax trees: at its end pytest looks at every object, again and again."""
    yield
    source_at.cache_clear()
