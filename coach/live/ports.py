"""Who meets whom: a session as its sockets know it, sockets as a session knows them, and what all runners share."""

import asyncio
from collections.abc import Callable, Coroutine, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from coach.auth import Principal
from coach.live.history import History
from coach.live.hub import Hub
from coach.session.effects import Effect
from coach.session.inputs import Input
from coach.store.writer import StoreWriter
from coach.suggest.providers import Models
from coach.wire.codes import WireError, forbidden

if TYPE_CHECKING:
    from coach.live.runner import Runner


class Sender(Protocol):
    """Who sent an input, to be told what is wrong with it."""

    def send(self, event: dict[str, Any]) -> None:
        """Queue an event for this socket alone."""
        ...


class Source(Sender, Protocol):
    """A conversation socket as its session knows it."""

    source: str

    def shut(self, error: WireError) -> None:
        """Tell the peer why, and close."""
        ...


class Watcher(Sender, Protocol):
    """A dashboard socket as its session knows it."""

    def left(self, session: str, error: WireError) -> None:
        """The session is gone from here: leave its topics, and tell the peer."""
        ...

    def rejoin(self, session: "LiveSession", after: int, epoch: str) -> None:
        """Another owner runs the session: welcome the peer anew, who has everything up to (`epoch`, `after`)."""
        ...


class LiveSession(Protocol):
    """A session as sockets and HTTP know it, whichever instance owns it. Nothing here waits."""

    history: History

    @property
    def id(self) -> str:
        """The session's id."""
        ...

    @property
    def team(self) -> str:
        """The team whose session it is."""
        ...

    @property
    def seller(self) -> str:
        """Subject of the token that sells in this call; empty until a seller has joined."""
        ...

    @property
    def ended(self) -> bool:
        """Whether the call is over: read-only."""
        ...

    @property
    def offset(self) -> int:
        """The newest durable event's offset that was published here; 0 before the first."""
        ...

    @property
    def acked(self) -> Mapping[str, int]:
        """The highest stored `seq` of each source."""
        ...

    def admit(self, principal: Principal) -> None:
        """Let a conversation socket in; the first seller makes the session theirs. Raises `WireError` (4003)."""
        ...

    def post(self, event: Input, sender: Sender | None = None) -> None:
        """Handle an input, in the order of the sender's. What is wrong with it goes to `sender`."""
        ...

    def ping(self, t: Any, sender: Sender) -> None:
        """Send a `pong` behind every event that the sender's earlier inputs caused."""
        ...

    def attach(self, source: Source) -> None:
        """A conversation socket takes its source; an older socket of the same source is replaced."""
        ...

    def detach(self, source: Source) -> None:
        """The socket is gone."""
        ...

    def watch(self, watcher: Watcher) -> None:
        """A dashboard watches this session."""
        ...

    def unwatch(self, watcher: Watcher) -> None:
        """It does not any more."""
        ...

    def past(self, after: int) -> Iterator[bytes]:
        """Frames of the durable events behind `after`."""
        ...

    def state(self) -> dict[str, Any]:
        """The whole of `welcome.state`."""
        ...

    def volatile(self) -> dict[str, Any]:
        """`welcome.state` of a resume: what has no offset."""
        ...

    def listed(self) -> dict[str, Any]:
        """What a list of sessions shows of it."""
        ...


def seller_after(session: LiveSession, principal: Principal) -> str:
    """Subject of the token that sells in the call once this principal is in. Raises `WireError` (4003)."""
    if session.team != principal.team:
        raise forbidden("the session belongs to another team")
    if principal.role != "seller" or session.seller == principal.subject:
        return session.seller
    if session.seller:
        raise forbidden("the session belongs to another seller")
    return principal.subject


Spawn = Callable[[Coroutine[Any, Any, None], str], asyncio.Task[None]]


@dataclass(slots=True)
class Shared:
    """What all runners of this process share."""

    hub: Hub
    writer: StoreWriter
    models: Models
    spawn: Spawn
    stored: str
    gone: Callable[["Runner", WireError], None]
    """A session has left memory, for this reason."""
    moved: Callable[["Runner"], None]
    """Another instance owns a session; its dashboards still watch it."""
    record: Callable[[str, Input, int, list[Effect]], None] | None = None
    """Sees every input with what it led to: for tests and for recording an inbox."""
