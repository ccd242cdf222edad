"""One Redis server: a connection that hears channels, one that writes, a few that ask.

redis-py retries commands that may have been done, reconnects a subscription without a word, and never notices a peer
that is gone without a goodbye. So nothing is retried here, a subscription that comes back by itself counts as broken,
and a probe goes through the server every second and must be heard. Whatever fails, `serve` raises, and all is made
anew by whoever runs it.
"""

import asyncio
import time
from collections import deque
from typing import Any, Protocol

import structlog
from redis.asyncio import Redis
from redis.asyncio.connection import BlockingConnectionPool
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import ClusterDownError, MovedError, ReadOnlyError, RedisError, ResponseError

from coach import telemetry
from coach.log import causes

ANSWER_S = 1.0
"""Longest wait for an answer."""
PROBE_S = 1.0
SILENT_S = 3.0
"""A subscription on which no probe was heard for this long is broken."""
CONNECTIONS = 8
BATCH = 500
"""Commands in one round trip."""
QUEUE_BYTES = 32 << 20
"""32 MiB wait for a slow server (a whole call's log is at most 16); what comes then is lost, and its numbering says so."""

AWAY = (RedisError, OSError, TimeoutError)

_log = structlog.get_logger()


class Silent(OSError):
    """The server takes commands, but the subscription is dead."""


class Hearing(Protocol):
    """Who hears what comes in on the subscriptions."""

    def heard(self, channel: str, message: bytes) -> None:
        """A message on a channel. Must not wait or raise."""
        ...


class Node:
    """One server. `options`: of `redis.asyncio.connection.parse_url`."""

    def __init__(self, options: dict[str, Any], probe: str, hearing: Hearing, *, sharded: bool) -> None:
        self._pool = BlockingConnectionPool(
            max_connections=CONNECTIONS,
            timeout=ANSWER_S,
            **{"socket_timeout": ANSWER_S, "socket_connect_timeout": ANSWER_S, **options},
            retry=Retry(NoBackoff(), 0),
        )
        self.client = Redis(connection_pool=self._pool)
        self._pubsub = self.client.pubsub()
        self._probe = probe
        self._hearing = hearing
        self._sharded = sharded
        self._queue: deque[tuple[Any, ...]] = deque()
        self._queued = 0
        self._wake = asyncio.Event()
        self._unconfirmed: dict[str, list[asyncio.Future[None]]] = {}
        self._subscribed: set[str] = set()
        self._leaving: set[str] = set()
        self._heard_at = time.monotonic()

    async def open(self) -> None:
        """Connect and hear the probe. Raises one of `AWAY`."""
        await self._pubsub.subscribe(self._probe)
        self._heard_at = time.monotonic()

    async def serve(self) -> None:
        """Read, write and probe until something fails: raises one of `AWAY`."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._write(), name="redis writer")
            tasks.create_task(self._prove(), name="redis probe")
            await self._read()

    async def close(self) -> None:
        """Let every connection go. Idempotent."""
        for waiting in self._unconfirmed.values():
            for future in waiting:
                if not future.done():
                    future.set_exception(ConnectionError())
                    future.exception()
        for close in (self._pubsub.aclose, self.client.aclose, self._pool.disconnect):
            try:
                async with asyncio.timeout(ANSWER_S):
                    await close()
            except Exception as error:  # it is broken, however it says so
                _log.debug("bus.not_closed", error=causes(error))

    async def subscribe(self, channel: str) -> None:
        """Hear a channel; returns when the server has confirmed. Raises one of `AWAY`."""
        self._leaving.discard(channel)
        confirmed: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._unconfirmed.setdefault(channel, []).append(confirmed)
        async with asyncio.timeout(ANSWER_S):
            if self._sharded:
                await self._pubsub.ssubscribe(channel)
            else:
                await self._pubsub.subscribe(channel)
            await confirmed

    def leave(self, channel: str) -> None:
        """Hear a channel no more. Never waits."""
        self._leaving.add(channel)
        self._wake.set()

    def send(self, *command: Any) -> bool:
        """Queue a command; False if the queue is full. Its answer is not waited for."""
        size = sum(len(word) for word in command if isinstance(word, bytes))
        if self._queued + size > QUEUE_BYTES:
            telemetry.BUS_DROPPED.inc()
            return False
        self._queue.append(command)
        self._queued += size
        self._wake.set()
        return True

    async def _write(self) -> None:
        """While one round trip is under way the next gathers."""
        while True:
            stop_if_cancelled()
            await self._wake.wait()
            self._wake.clear()
            while self._leaving:
                await self._leave(self._leaving.pop())
            while self._queue:
                pipeline = self.client.pipeline(transaction=False)
                for _ in range(min(BATCH, len(self._queue))):
                    command = self._queue.popleft()
                    self._queued -= sum(len(word) for word in command if isinstance(word, bytes))
                    pipeline.execute_command(*command)
                async with asyncio.timeout(ANSWER_S):
                    answers = await pipeline.execute(raise_on_error=False)
                for answer in answers:
                    self._check(answer)
                stop_if_cancelled()

    async def _leave(self, channel: str) -> None:
        self._subscribed.discard(channel)
        if self._sharded:
            await self._pubsub.sunsubscribe(channel)
        else:
            await self._pubsub.unsubscribe(channel)

    @staticmethod
    def _check(answer: Any) -> None:
        """What a server refuses is lost, as on any channel; one that moved its keys is not ours any more."""
        if isinstance(answer, ResponseError):
            telemetry.BUS_DROPPED.inc()
            if isinstance(answer, (ClusterDownError, MovedError, ReadOnlyError)):
                raise answer

    async def _read(self) -> None:
        while True:
            stop_if_cancelled()
            message = await self._pubsub.get_message(timeout=PROBE_S)
            if message is None:
                continue
            channel, kind = message["channel"].decode(), message["type"]
            if kind in ("subscribe", "ssubscribe"):
                self._confirmed(channel)
            elif kind == "sunsubscribe" and channel in self._subscribed:
                raise Silent("the channel has moved to another server")
            elif kind in ("message", "smessage"):
                if channel == self._probe:
                    self._heard_at = time.monotonic()
                    telemetry.BUS_SECONDS.observe(time.perf_counter() - float(message["data"]))
                else:
                    self._hearing.heard(channel, message["data"])

    def _confirmed(self, channel: str) -> None:
        waiting = self._unconfirmed.pop(channel, [])
        if not waiting and channel in self._subscribed:
            raise Silent("the subscription was made anew")
        self._subscribed.add(channel)
        for future in waiting:
            if not future.done():
                future.set_result(None)

    async def _prove(self) -> None:
        while True:
            asked_at = time.monotonic()
            self.send("PUBLISH", self._probe, str(time.perf_counter()).encode())
            await asyncio.sleep(PROBE_S)
            now = time.monotonic()
            if now - asked_at > 2 * PROBE_S:
                # This process was held up: what came meanwhile was not read yet.
                self._heard_at = now
            elif now - self._heard_at > SILENT_S:
                raise Silent("no probe was heard")


def stop_if_cancelled() -> None:
    """redis-py may swallow a cancellation that comes while it waits, or turn it into an error. Raises it again."""
    task = asyncio.current_task()
    if task is not None and task.cancelling():
        raise asyncio.CancelledError
