"""The tools of the fault tests do what they say: a proxy that never cut anything would prove everything."""

import asyncio
import contextlib
import signal
from collections.abc import AsyncIterator

import asyncpg
import pytest
from redis.asyncio import Redis as Client
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import ConnectionError as Away
from redis.exceptions import TimeoutError as Late

from tests.faults.instances import Instances
from tests.faults.proxy import Proxy, proxied
from tests.services import Postgres, Redis

pytestmark = pytest.mark.timeout(120)  # the first test waits for the nursery and for PostgreSQL


@contextlib.asynccontextmanager
async def client(port: int) -> AsyncIterator[Client]:
    """One that waits 0.2 s and tries once."""
    made = Client(port=port, socket_timeout=0.2, retry=Retry(NoBackoff(), 0))
    try:
        yield made
    finally:
        await made.aclose()


@pytest.fixture
async def proxy(redis: Redis) -> AsyncIterator[Proxy]:
    async with proxied(redis.host, redis.port) as made:
        yield made


async def test_proxy_passes_cuts_and_passes_again(proxy: Proxy) -> None:
    async with client(proxy.port) as redis:
        assert await redis.incr("n") == 1
        proxy.cut()
        with pytest.raises(Away):
            await redis.incr("n")
        assert await redis.incr("n") == 2


async def test_proxy_refuses_and_accepts_on_the_same_port(proxy: Proxy) -> None:
    port = proxy.port
    proxy.refuse()
    proxy.cut()
    async with client(port) as redis:
        with pytest.raises(Away):
            await redis.incr("n")
        await proxy.accept()
        assert proxy.port == port
        assert await redis.incr("n") == 1


@pytest.mark.parametrize("heard", [False, True])
async def test_proxy_is_a_black_hole_in_one_direction(proxy: Proxy, redis: Redis, heard: bool) -> None:
    async with client(proxy.port) as through, client(redis.port) as beside:
        await through.ping()
        (proxy.down if heard else proxy.up).silent = True
        with pytest.raises(Late):
            await through.incr("n")
        assert await beside.get("n") == (b"1" if heard else None)
        proxy.heal()
        assert await through.ping()


async def test_proxy_loses_one_answer_to_a_request_that_was_heard(proxy: Proxy, redis: Redis) -> None:
    async with client(proxy.port) as through, client(redis.port) as beside:
        await through.ping()
        proxy.down.lose = 1
        with pytest.raises(Away):
            await through.incr("n")
        assert await beside.get("n") == b"1"
        assert await through.incr("n") == 2


async def test_proxy_leaves_a_connection_half_open(proxy: Proxy, redis: Redis) -> None:
    async with client(proxy.port) as through, client(redis.port) as beside:
        await through.ping()
        clients = len(await beside.client_list())
        proxy.half_open()
        with pytest.raises(Late):
            await through.incr("n")
        assert len(await beside.client_list()) == clients - 1


async def test_proxy_is_late_and_thin(proxy: Proxy) -> None:
    loop = asyncio.get_running_loop()
    async with client(proxy.port) as redis:
        await redis.set("word", b"x" * 10_000)
        proxy.down.delay_s = 0.1
        began = loop.time()
        await redis.ping()
        assert loop.time() - began >= 0.1
        proxy.heal()
        proxy.down.bytes_per_s = 100_000
        began = loop.time()
        assert await redis.get("word") == b"x" * 10_000
        assert loop.time() - began >= 0.09


async def test_redis_keeps_its_port_and_its_data(redis: Redis) -> None:
    async with client(redis.port) as one:
        await one.set("n", 1)
        redis.restart(signal.SIGKILL)
        async with client(redis.port) as other:
            assert await other.get("n") == b"1"
            redis.pause()
            with pytest.raises(Late):
                await other.ping()
            redis.resume()


async def test_postgres_crash_keeps_what_was_committed(postgres: Postgres, postgres_url: str) -> None:
    connection = await asyncpg.connect(postgres_url)
    await connection.execute("CREATE TABLE t (n int)")
    await connection.execute("INSERT INTO t VALUES (1)")
    postgres.restart(signal.SIGQUIT)
    with pytest.raises((asyncpg.PostgresError, OSError, asyncpg.InterfaceError)):
        await connection.execute("INSERT INTO t VALUES (2)")
    connection.terminate()
    connection = await asyncpg.connect(postgres_url)
    assert [row["n"] for row in await connection.fetch("SELECT n FROM t")] == [1]
    await connection.close()


async def test_databases_are_empty_and_belong_to_no_superuser(postgres_url: str) -> None:
    connection = await asyncpg.connect(postgres_url)
    assert await connection.fetchval("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'") == 0
    assert not await connection.fetchval("SELECT rolsuper FROM pg_roles WHERE rolname = current_user")
    await connection.execute("CREATE TABLE t (n int)")
    await connection.close()


async def test_instance_is_killed_paused_drained_and_started_again(instances: Instances) -> None:
    (one,) = await instances.started()
    port, pid = one.port, one.pid
    one.pause()
    one.resume()
    await one.kill()
    assert await one.ended() == -signal.SIGKILL
    await one.start()
    assert (one.port, one.pid != pid) == (port, True)
    assert await one.stop() == 0


async def test_instance_that_does_not_start_says_why(instances: Instances) -> None:
    with pytest.raises(RuntimeError, match="COACH_HEARTBEATS is not a setting"):
        await instances.started(COACH_HEARTBEATS="1")
