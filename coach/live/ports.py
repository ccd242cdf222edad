"""What a runner needs of the rest: the sockets that it answers, and what all runners share."""

import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import Any, Protocol

from coach.live.hub import Hub, Subscriber
from coach.session.effects import Effect
from coach.session.inputs import Input
from coach.store.writer import StoreWriter
from coach.suggest.base import Provider
from coach.suggest.stream import Deadlines
from coach.wire.codes import WireError


class Sender(Protocol):
    """Who sent an input, to be told what is wrong with it."""

    def send(self, event: dict[str, Any]) -> None:
        """Queue an event for this socket alone."""
        ...


class Source(Sender, Protocol):
    """A conversation socket as its runner knows it."""

    source: str

    def shut(self, error: WireError) -> None:
        """Tell the peer why, and close."""
        ...


class Watcher(Subscriber, Protocol):
    """A dashboard socket as its runner knows it."""

    def left(self, session: str, error: WireError) -> None:
        """The session is gone from here: leave its topics, and tell the peer."""
        ...


Spawn = Callable[[Coroutine[Any, Any, None], str], asyncio.Task[None]]


@dataclass(slots=True)
class Shared:
    """What all runners of this process share."""

    hub: Hub
    writer: StoreWriter
    providers: list[Provider]
    deadlines: Deadlines
    spawn: Spawn
    stored: str
    gone: Callable[[str], None]
    """A session has left memory."""
    record: Callable[[str, Input, int, list[Effect]], None] | None = None
    """Sees every input with what it led to: for tests and for recording an inbox."""
