"""Fixtures of the fault tests."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from tests.faults.instances import Instances, Nursery, nursery


@pytest.fixture(scope="session")
def _nursery() -> Iterator[Nursery]:
    with nursery() as made:
        yield made


@pytest.fixture
async def instances(_nursery: Nursery, tmp_path: Path) -> AsyncIterator[Instances]:
    """Servers of this test, killed after it."""
    made = Instances(_nursery, tmp_path)
    yield made
    await made.kill()
