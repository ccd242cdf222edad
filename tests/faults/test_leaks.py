"""T14: what connections leave behind. The full size is `python -m tests.faults.churn --connects 20000`."""

import asyncio
import gc
import random
from collections import Counter

import pytest

from coach.live.replica import Replica
from coach.sockets.outbox import Outbox
from coach.sockets.peer import Peer
from coach.sockets.transport import SocketProtocol
from tests.conftest import Serve
from tests.faults import churn
from tests.faults.instances import Instances
from tests.services import Redis


def living() -> Counter[str]:
    gc.collect()
    kinds = (Peer, Outbox, SocketProtocol, Replica)
    return Counter(type(each).__name__ for each in gc.get_objects() if isinstance(each, kinds))


async def test_sockets_leave_no_task_no_topic_and_no_object(serve: Serve) -> None:
    async with serve() as live:
        port = int(live.address.rsplit(":", 1)[1])
        chance = random.Random(1)
        await churn.churn(port, 100, chance)
        tasks = len(asyncio.all_tasks())
        await churn.churn(port, 400, chance)
        async with asyncio.timeout(10):
            while live.coach.services.peers or len(asyncio.all_tasks()) > tasks:
                await asyncio.sleep(0.02)
            # One of each: the pulse's own variable still names the last one that it saw.
            while live.coach.shared.hub._topics or max(living().values(), default=0) > 1:
                await asyncio.sleep(0.05)


@pytest.mark.timeout(150)
async def test_instance_is_back_at_its_warm_level(
    instances: Instances, redis: Redis, postgres_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(churn, "WARM", 200)
    instance = instances.new(DATABASE_URL=postgres_url, REDIS_URL=redis.url, COACH_SESSION_UNLOAD_S="2")
    await instance.start()
    warm, after = await churn.measure(instance, 600, 2, redis)
    assert after.left(warm) == []
