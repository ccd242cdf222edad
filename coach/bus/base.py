"""The contract of a bus: channels, logs and leases that several instances share.

**Channels** are at-most-once and in order: what one instance publishes on a channel reaches a listener at most once
and in the order it was published, or is lost. Nothing says so by itself: who must know numbers its messages. After a
connection was made anew every listener is told (`gap`). Publishing never waits and never raises.

**Logs** keep the durable events of one epoch of a session, by offset. What was appended before a message was
published is in the log when the message is heard, or it is lost and this instance's listeners are told (`gap`).

**Leases.** An instance lives as long as it renews its lease. A session's owner is an entry that names an instance; it
is taken if there is none, or from an instance that is dead. Redis may forget all of it, so an entry says only whom to
ask: who may write is decided in the database.
"""

from collections.abc import Iterable
from typing import Any, Protocol

import structlog

from coach import telemetry

LEASE_S = 2.0
"""An instance that does not renew for this long is dead for the others."""
RENEW_S = 0.5
LOG_MOST = 20_000
"""Events kept in a log: a whole call, and what a session keeps in memory."""

_log = structlog.get_logger()


class BusAway(Exception):
    """The bus does not answer: whether it did what was asked is not known."""


class Listener(Protocol):
    """Who listens to a channel. Called in the loop; must not wait. What it raises counts as a gap."""

    def heard(self, message: bytes) -> None:
        """A message, in the order of its sender."""
        ...

    def gap(self) -> None:
        """The connection was made anew: messages may be missing."""
        ...


def tell(listener: Listener, message: bytes) -> None:
    """Give a listener a message. One that it stumbles over is a gap for it, and for nobody else."""
    try:
        listener.heard(message)
    except Exception as error:
        _stumbled(error)
        tell_gap(listener)


def tell_gap(listener: Listener) -> None:
    """Tell a listener that messages may be missing."""
    try:
        listener.gap()
    except Exception as error:
        _stumbled(error)


def _stumbled(error: Exception) -> None:
    # Another version's message must not stop this instance. The exception's text may quote speech.
    telemetry.BUS_NOT_UNDERSTOOD.inc()
    _log.error("bus.not_understood", error=type(error).__name__)


class Bus(Protocol):
    """One instance's end of the bus. Asking (`async`) raises `BusAway` within about a second."""

    instance: str
    """This instance's name: new with each start."""

    @property
    def available(self) -> bool:
        """Whether it answers, as far as known."""
        ...

    async def run(self) -> None:
        """Keep connected until stopped. Cancelling closes everything."""
        ...

    def stop(self) -> None:
        """`run` makes no new connection; cancel it to end the one that is there."""
        ...

    # Channels

    async def listen(self, channel: str, listener: Listener) -> None:
        """Hear a channel; returns when nothing published from here on is missed. One listener a channel.

        If the bus is away it raises, and calls `gap` as soon as the channel is heard.
        """
        ...

    def unlisten(self, channel: str) -> None:
        """Hear it no more. Nothing happens if nobody listens."""
        ...

    def publish(self, channel: str, message: bytes) -> None:
        """Send to whoever listens now. What is published in one tick leaves together."""
        ...

    # Logs

    def append(self, log: str, offset: int, payload: bytes) -> None:
        """Add an event; its offset follows the newest one."""
        ...

    def expire(self, log: str, seconds: float) -> None:
        """Forget a log in so many seconds; 0: now."""
        ...

    async def read(self, log: str, after: int, upto: int) -> list[bytes]:
        """The events with `after` < offset ≤ `upto` that are there, oldest first."""
        ...

    # Leases

    async def renew(self) -> bool:
        """Stay alive for `LEASE_S`; False if the lease was gone: others may have taken over, or all is forgotten."""
        ...

    async def claim(self, sessions: Iterable[str], over: str | None = None) -> dict[str, str]:
        """Own the sessions that nobody owns, or only `over`; the owners of all after that."""
        ...

    async def owners(self, sessions: Iterable[str]) -> dict[str, str]:
        """The owners of those sessions that have one."""
        ...

    async def release(self, sessions: Iterable[str]) -> None:
        """Own these sessions no more. Another's stay another's."""
        ...

    async def alive(self, instance: str) -> bool:
        """Whether an instance renews its lease."""
        ...

    async def dead(self) -> list[str]:
        """Instances that were there and do not renew any more."""
        ...

    async def owned(self, instance: str) -> set[str]:
        """Sessions that an instance may own."""
        ...

    async def bury(self, instance: str) -> None:
        """Forget a dead instance: its sessions were taken over. One that is alive again stays. Burying oneself is leaving."""
        ...

    def describe(self) -> dict[str, Any]:
        """What `/health` says of it."""
        ...


ALL = "all"
"""The channel that every instance hears."""


def inbox(instance: str) -> str:
    """The channel of what is meant for one instance."""
    return f"i:{{{instance}}}"


def events_of(session: str) -> str:
    """The channel of everything that a session's owner says about it."""
    return f"s:{{{session}}}"


def log_of(session: str, epoch: str) -> str:
    """The log of a session. By epoch, so that a paused owner of an earlier one spoils nothing."""
    return f"s:{{{session}}}:log:{epoch}"


def wall_of(team: str) -> str:
    """The channel of a team's wall."""
    return f"w:{team}"
