"""The bus on Redis: pub/sub for channels, streams for logs, keys for leases. One server, or a cluster.

    connecting ──all heard──▶ connected ──anything fails──▶ away ──full jitter──▶ connecting

Sharded pub/sub is used where the server has it (7.0 and later). A session's keys and channel share one hash slot, so a
cluster keeps the order of what is written and then published. docs/configuration.md lists the keys.
"""

import asyncio
import random
from collections.abc import Iterable, Sequence
from typing import Any

import structlog
from redis.asyncio import Redis
from redis.asyncio.connection import Connection, ConnectionPool, parse_url
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.crc import key_slot

from coach import telemetry
from coach.bus.base import LEASE_S, LOG_MOST, BusAway, Listener, tell, tell_gap
from coach.bus.node import ANSWER_S, AWAY, BATCH, Node, stop_if_cancelled
from coach.log import causes
from coach.settings import SettingsError

SHARDED_SINCE = 7
"""The first version with sharded pub/sub."""
BACKOFF_FIRST_S = 0.1
BACKOFF_MOST_S = 1.0
FORGET_S = 24 * 3600
"""Lifetime of owner entries; renewed long before (`Ownership`)."""
LOG_S = 6 * 3600
"""Lifetime of a log whose owner died before it could let it go."""
LOG_RENEW = 100
"""Every so many events it begins anew."""

_CLAIM = """
local owner = redis.call('GET', KEYS[1])
if owner and owner ~= ARGV[1] and owner ~= ARGV[2] then return owner end
redis.call('SET', KEYS[1], ARGV[1], 'EX', ARGV[3])
return ARGV[1]"""
_RELEASE = "if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('DEL', KEYS[1]) end return 0"

_BURY = """
if redis.call('EXISTS', KEYS[1]) == 1 then return 0 end
redis.call('DEL', KEYS[2])
return 1"""

_log = structlog.get_logger()


class RedisBus:
    """See `base.Bus`. `url`: `redis://` or `rediss://`, of a server or of any node of a cluster."""

    def __init__(self, url: str, prefix: str, instance: str) -> None:
        self.instance = instance
        self.version = ""
        self.sharded = False
        self._prefix = prefix
        self._options = options(url)
        self._nodes: list[Node] = []
        self._slots: list[tuple[int, int, Node]] = []
        self._listeners: dict[str, Listener] = {}
        self._connected = asyncio.Event()
        self._stopping = False

    @property
    def available(self) -> bool:
        return self._connected.is_set()

    async def run(self) -> None:
        delay, told = BACKOFF_FIRST_S, False
        # A task group whose tasks fail as they are cancelled loses the cancellation: it must not be all that ends this.
        # Nor may redis-py's own errors: it stumbles over connections that were closed while it stood still.
        while not self._stopping:
            try:
                await self._serve()
            except* Exception as group:
                if self.available:
                    delay, told = BACKOFF_FIRST_S, False
                if not told:
                    told = True
                    _log.warning("bus.away", error=causes(group))
            finally:
                self._connected.clear()
                nodes, self._nodes, self._slots = self._nodes, [], []
                for node in nodes:
                    await node.close()
            telemetry.BUS_RECONNECTS.inc()
            await asyncio.sleep(random.uniform(0, delay))
            delay = min(BACKOFF_MOST_S, 2 * delay)

    def stop(self) -> None:
        self._stopping = True

    async def ready(self, seconds: float) -> bool:
        """Whether it is connected, within so many seconds."""
        try:
            async with asyncio.timeout(seconds):
                await self._connected.wait()
        except TimeoutError:
            return False
        return True

    async def _serve(self) -> None:
        """Connect to every server, hear every channel again, and go on until one fails."""
        async with asyncio.timeout(3 * ANSWER_S):
            await self._find_nodes()
            for node in self._nodes:
                await node.open()
        async with asyncio.TaskGroup() as tasks:
            for node in self._nodes:
                tasks.create_task(node.serve(), name="redis")
            for channel in list(self._listeners):
                await self._node(channel).subscribe(self._name(channel))
            self._connected.set()
            _log.info("bus.connected", version=self.version, sharded=self.sharded, servers=len(self._nodes))
            for listener in list(self._listeners.values()):
                tell_gap(listener)

    async def _find_nodes(self) -> None:
        client = _client(self._options)
        try:
            info = await client.info()
            self.version = str(info["redis_version"])
            self.sharded = is_sharded(self.version)
            slots: dict[tuple[int, int], tuple[str, int]] = {}
            if info.get("cluster_enabled"):
                for first, last, (host, port, *_), *_ in await client.execute_command("CLUSTER SLOTS"):  # type: ignore[no-untyped-call]
                    slots[first, last] = (host.decode() or self._options.get("host", "localhost"), port)
        finally:
            await client.aclose()
        made: dict[tuple[str, int], Node] = {}
        for host, port in dict.fromkeys(slots.values()):
            made[host, port] = self._made({**self._options, "host": host, "port": port}, len(made))
        self._nodes = list(made.values()) or [self._made(self._options, 0)]
        self._slots = [(*span, made[where]) for span, where in slots.items()]

    def _made(self, options: dict[str, Any], number: int) -> Node:
        return Node(options, self._name(f"probe:{self.instance}:{number}"), self, sharded=self.sharded)

    def _name(self, name: str) -> str:
        return f"{self._prefix}:{name}"

    def _node(self, name: str) -> Node:
        """The server of a key or channel. Raises `BusAway`."""
        if not self._nodes:
            raise BusAway
        if not self._slots:
            return self._nodes[0]
        slot = key_slot(self._name(name).encode())
        node = next((node for first, last, node in self._slots if first <= slot <= last), None)
        if node is None:
            raise BusAway
        return node

    # Channels

    def heard(self, channel: str, message: bytes) -> None:
        listener = self._listeners.get(channel.removeprefix(f"{self._prefix}:"))
        if listener is not None:
            tell(listener, message)

    async def listen(self, channel: str, listener: Listener) -> None:
        self._listeners[channel] = listener
        if not self.available:
            raise BusAway
        try:
            await self._node(channel).subscribe(self._name(channel))
        except AWAY:
            stop_if_cancelled()
            raise BusAway from None

    def unlisten(self, channel: str) -> None:
        if self._listeners.pop(channel, None) is not None and self.available:
            try:
                self._node(channel).leave(self._name(channel))
            except BusAway:
                return

    def publish(self, channel: str, message: bytes) -> None:
        self._send(channel, "SPUBLISH" if self.sharded else "PUBLISH", self._name(channel), message)
        telemetry.BUS_MESSAGES.inc()

    # Logs

    def append(self, log: str, offset: int, payload: bytes) -> None:
        name = self._name(log)
        self._send(log, "XADD", name, "MAXLEN", "~", LOG_MOST, f"{offset}-0", "e", payload)
        if offset % LOG_RENEW == 1:
            self._send(log, "EXPIRE", name, LOG_S)

    def expire(self, log: str, seconds: float) -> None:
        name = self._name(log)
        self._send(log, *(("PEXPIRE", name, round(1000 * seconds)) if seconds else ("UNLINK", name)))

    async def read(self, log: str, after: int, upto: int) -> list[bytes]:
        events: list[bytes] = []
        name = self._name(log)
        while after < upto:
            (page,) = await self._ask((log, "XRANGE", name, f"{after + 1}-0", f"{upto}-0", "COUNT", BATCH))
            if not page:
                break
            events += [fields[b"e"] for _, fields in page]
            after = int(page[-1][0].partition(b"-")[0])
        return events

    # Leases

    async def renew(self) -> bool:
        lease, life = self._name(_lease(self.instance)), round(1000 * LEASE_S)
        (kept,) = await self._ask((_lease(self.instance), "SET", lease, "1", "PX", life, "XX"))
        if not kept:
            await self._ask((_lease(self.instance), "SET", lease, "1", "PX", life))
        # Each time: whoever buried this instance may have been a moment late.
        await self._ask(
            (_INSTANCES, "SADD", self._name(_INSTANCES), self.instance),
            (_INSTANCES, "EXPIRE", self._name(_INSTANCES), FORGET_S),
        )
        return bool(kept)

    async def claim(self, sessions: Iterable[str], over: str | None = None) -> dict[str, str]:
        names = list(sessions)
        if not names:
            return {}
        mine, known = self._name(_sessions(self.instance)), _sessions(self.instance)
        # Listed before it is owned, so that whoever takes over finds all.
        await self._ask((known, "SADD", mine, *names), (known, "EXPIRE", mine, FORGET_S))
        given = (self.instance, over or self.instance, FORGET_S)
        found = await self._ask(
            *((_owner(name), "EVAL", _CLAIM, 1, self._name(_owner(name)), *given) for name in names)
        )
        owners = {name: str(owner, "utf-8") for name, owner in zip(names, found, strict=True)}
        others = [name for name, owner in owners.items() if owner != self.instance]
        if others:
            await self._ask((known, "SREM", mine, *others))
        return owners

    async def owners(self, sessions: Iterable[str]) -> dict[str, str]:
        names = list(sessions)
        found = await self._ask(*((_owner(name), "GET", self._name(_owner(name))) for name in names))
        return {name: owner.decode() for name, owner in zip(names, found, strict=True) if owner is not None}

    async def release(self, sessions: Iterable[str]) -> None:
        names = list(sessions)
        if not names:
            return
        await self._ask(
            *((_owner(name), "EVAL", _RELEASE, 1, self._name(_owner(name)), self.instance) for name in names),
            (_sessions(self.instance), "SREM", self._name(_sessions(self.instance)), *names),
        )

    async def alive(self, instance: str) -> bool:
        (lease,) = await self._ask((_lease(instance), "EXISTS", self._name(_lease(instance))))
        return bool(lease)

    async def dead(self) -> list[str]:
        (members,) = await self._ask((_INSTANCES, "SMEMBERS", self._name(_INSTANCES)))
        names = sorted(name.decode() for name in members)
        alive = await self._ask(*((_lease(name), "EXISTS", self._name(_lease(name))) for name in names))
        return [name for name, lease in zip(names, alive, strict=True) if not lease]

    async def owned(self, instance: str) -> set[str]:
        (members,) = await self._ask((_sessions(instance), "SMEMBERS", self._name(_sessions(instance))))
        return {name.decode() for name in members}

    async def bury(self, instance: str) -> None:
        lease, sessions = self._name(_lease(instance)), self._name(_sessions(instance))
        if instance == self.instance:
            await self._ask((_lease(instance), "DEL", lease))
        (buried,) = await self._ask((_lease(instance), "EVAL", _BURY, 2, lease, sessions))
        if buried:
            await self._ask((_INSTANCES, "SREM", self._name(_INSTANCES), instance))

    def describe(self) -> dict[str, Any]:
        """What `/health` says of it."""
        if not self.available:
            return {"state": "unavailable"}
        return {"state": "ok", "version": self.version, "sharded": self.sharded, "servers": len(self._nodes)}

    def _send(self, key: str, *command: Any) -> None:
        if not self.available:
            return
        try:
            self._node(key).send(*command)
        except BusAway:
            return

    async def _ask(self, *commands: tuple[Any, ...]) -> Sequence[Any]:
        """Answers to commands that begin with the name they are routed by. Raises `BusAway`."""
        by_node: dict[Node, list[int]] = {}
        for place, command in enumerate(commands):
            by_node.setdefault(self._node(command[0]), []).append(place)
        answers: list[Any] = [None] * len(commands)
        try:
            async with asyncio.timeout(ANSWER_S):
                for node, places in by_node.items():
                    pipeline = node.client.pipeline(transaction=False)
                    for place in places:
                        pipeline.execute_command(*commands[place][1:])
                    for place, answer in zip(places, await pipeline.execute(), strict=True):
                        answers[place] = answer
        except AWAY as error:
            stop_if_cancelled()
            _log.debug("bus.no_answer", error=type(error).__name__)
            raise BusAway from None
        stop_if_cancelled()
        return answers


_INSTANCES = "instances"


def _lease(instance: str) -> str:
    return f"i:{{{instance}}}:lease"


def _sessions(instance: str) -> str:
    return f"i:{{{instance}}}:sessions"


def _owner(session: str) -> str:
    return f"s:{{{session}}}:owner"


def options(url: str) -> dict[str, Any]:
    """Connection options of a URL. Raises `SettingsError`."""
    try:
        return dict(parse_url(url))
    except ValueError as error:
        raise SettingsError(f"REDIS_URL: {error}") from None


def is_sharded(version: str) -> bool:
    """Whether a server of this version has sharded pub/sub."""
    return int(version.split(".")[0]) >= SHARDED_SINCE


async def ask_version(url: str) -> dict[str, Any]:
    """The server's `INFO`. Raises `BusAway` with the reason, `SettingsError`."""
    client = _client(options(url))
    try:
        async with asyncio.timeout(2 * ANSWER_S):
            info: dict[str, Any] = await client.info()
    except AWAY as error:
        raise BusAway(str(error) or type(error).__name__) from None
    finally:
        await client.aclose()
    return info


def _client(options: dict[str, Any]) -> Redis:
    given = {"connection_class": Connection, "socket_timeout": ANSWER_S, "socket_connect_timeout": ANSWER_S, **options}
    return Redis.from_pool(ConnectionPool(**given, retry=Retry(NoBackoff(), 0)))
