"""A short storm in every test run: the same code as `make chaos`, a seed of its own for each kind of house."""

from pathlib import Path

import pytest

from tests.chaos.run import Plan, run
from tests.faults.instances import Nursery
from tests.services import Postgres, Redis

SECONDS = 8.0


@pytest.mark.timeout(150)
async def test_one_instance_on_sqlite_keeps_every_promise(_nursery: Nursery, tmp_path: Path) -> None:
    result = await run(Plan(SECONDS, seed=7, slots=4), _nursery, tmp_path)
    assert result.verdict.findings == [] and result.problems == []
    assert result.verdict.acked > 50 and result.faults


@pytest.mark.timeout(150)
async def test_two_instances_on_redis_and_postgresql_keep_every_promise(
    _nursery: Nursery, tmp_path: Path, redis: Redis, postgres: Postgres
) -> None:
    result = await run(Plan(SECONDS, seed=5, instances=2, slots=4), _nursery, tmp_path, redis, postgres)
    assert result.verdict.findings == [] and result.problems == []
    assert result.verdict.acked > 50 and result.faults
