"""One run: servers, load, storm, calm, verdict."""

import asyncio
import contextlib
import random
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path

from tests.chaos.load import Load
from tests.chaos.storm import Node, Storm
from tests.faults import truth
from tests.faults.checker import Verdict, check
from tests.faults.history import Log, Stored
from tests.faults.instances import Instances, Nursery
from tests.faults.proxy import Proxy, proxied
from tests.services import Postgres, Redis, fresh_database


@dataclass(frozen=True, slots=True)
class Plan:
    """What is run."""

    seconds: float
    seed: int
    instances: int = 1
    slots: int = 8
    """Calls at a time."""


@dataclass(slots=True)
class Result:
    """What came out."""

    plan: Plan
    verdict: Verdict
    faults: list[tuple[float, str]]
    problems: list[str]
    histories: dict[str, tuple[list[Log], Stored | None]] = field(default_factory=dict)
    """Of the sessions with findings."""

    @property
    def passed(self) -> bool:
        """Whether no promise was broken."""
        return not self.verdict.findings and not self.problems and self.verdict.acked > 0


async def run(
    plan: Plan, nursery: Nursery, folder: Path, redis: Redis | None = None, postgres: Postgres | None = None
) -> Result:
    """Run the plan: on SQLite with one instance, else on both servers. Cancelling ends everything."""
    instances = Instances(nursery, folder)
    async with contextlib.AsyncExitStack() as stack:
        stack.push_async_callback(instances.kill)
        database = await stack.enter_async_context(_database(folder, postgres))
        nodes = [await _node(stack, instances, database, redis, postgres) for _ in range(plan.instances)]
        for node in nodes:
            await node.instance.start()
        chance = random.Random(plan.seed)
        choice = random.Random(plan.seed + 1)
        load = Load(lambda: choice.choice(nodes).instance.url, plan.seed, plan.slots)
        storm = Storm(nodes, load, chance, redis, postgres)
        async with asyncio.TaskGroup() as group:
            talking = group.create_task(load.run(), name="load")
            await storm.run(plan.seconds)
            load.stop()
            await talking
        await load.look_again()
        for node in nodes:
            if (code := await node.instance.stop()) != 0:
                storm.problems.append(
                    f"{node.instance.name} stopped with exit code {code}:\n{node.instance.log[-3000:]}"
                )
            if "drain.incomplete" in node.instance.log:
                storm.problems.append(f"{node.instance.name} left something unstored:\n{node.instance.log[-4000:]}")
        stored = await truth.read(database)
        return _result(plan, storm, load, stored)


def _result(plan: Plan, storm: Storm, load: Load, stored: dict[str, Stored]) -> Result:
    result = Result(plan, Verdict(), storm.faults, storm.problems)
    for call in load.calls:
        held = stored.get(call.session)
        verdict = check(call.session, call.logs, held or Stored("", [], [], []))
        if verdict.findings:
            result.histories[call.session] = (call.logs, held)
        result.verdict += verdict
    return result


@contextlib.asynccontextmanager
async def _database(folder: Path, postgres: Postgres | None) -> AsyncIterator[str]:
    if postgres is None:
        yield f"sqlite:///{folder}/coach.db"
    else:
        async with fresh_database(postgres) as url:
            yield url


async def _node(
    stack: contextlib.AsyncExitStack,
    instances: Instances,
    database: str,
    redis: Redis | None,
    postgres: Postgres | None,
) -> Node:
    """An instance that reaches each server through a proxy of its own."""
    settings = {"DATABASE_URL": database, "COACH_SCRIPT": "first_ms=100,token_ms=20"}
    to_redis: Proxy | None = None
    to_postgres: Proxy | None = None
    if redis is not None:
        to_redis = await stack.enter_async_context(proxied(redis.host, redis.port))
        settings["REDIS_URL"] = redis.url.replace(f":{redis.port}/", f":{to_redis.port}/")
    if postgres is not None:
        to_postgres = await stack.enter_async_context(proxied(postgres.host, postgres.port))
        settings["DATABASE_URL"] = database.replace(f":{postgres.port}/", f":{to_postgres.port}/")
    return Node(instances.new(**settings), to_redis, to_postgres)
