"""How tests talk to a live server: real sockets, no sleeps, every wait has an end."""

import asyncio
import contextlib
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import httpx
import orjson
from pydantic import TypeAdapter
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from coach.app import Coach
from coach.auth import make_token
from coach.wire.server import ServerEvent

SECRET = "a-secret-of-the-tests-that-is-long-enough"
WAIT_S = 10.0
Event = dict[str, Any]
_EVENT: TypeAdapter[Any] = TypeAdapter(ServerEvent)


def token(role: str = "seller", sub: str = "anna", team: str = "north", lasts_s: int = 600) -> str:
    return make_token(SECRET, sub, role, team, lasts_s)  # type: ignore[arg-type]


def turn(number: int, text: str, speaker: str = "client", **more: Any) -> Event:
    """A final, two seconds long."""
    times = {"start_ms": number * 3000, "end_ms": number * 3000 + 2000}
    return {
        "type": "transcript",
        "utterance": f"u{number}",
        "speaker": speaker,
        "text": text,
        "final": True,
        "seq": number,
        **times,
        **more,
    }


def interim(number: int, text: str, speaker: str = "client", **more: Any) -> Event:
    frame = turn(number, text, speaker, final=False, **more)
    del frame["seq"]
    return frame


@dataclass
class Talker:
    """One socket. Everything heard is checked against the documented models and kept, oldest first."""

    socket: ClientConnection
    heard: list[Event] = field(default_factory=list)
    welcome: Event = field(default_factory=dict)
    _pings: int = 0

    async def send(self, frame: Any) -> None:
        await self.socket.send(frame if isinstance(frame, str) else orjson.dumps(frame).decode())

    async def next(self) -> Event:
        async with asyncio.timeout(WAIT_S):
            event: Event = orjson.loads(await self.socket.recv())
        _EVENT.validate_python(event)
        self.heard.append(event)
        return event

    async def until(self, wanted: str | Callable[[Event], bool]) -> Event:
        """The next event of this type, or for which this holds."""
        while True:
            event = await self.next()
            if event["type"] == wanted if isinstance(wanted, str) else wanted(event):
                return event

    async def has(self, wanted: Callable[[Event], bool]) -> Event:
        """The first event for which this holds: heard already, or still to come."""
        return next(filter(wanted, self.heard), None) or await self.until(wanted)

    async def ping(self) -> list[Event]:
        """Everything that earlier frames caused."""
        self._pings += 1
        count = len(self.heard)
        await self.send({"type": "ping", "t": self._pings})
        await self.until(lambda e: e["type"] == "pong" and e["t"] == self._pings)
        return self.heard[count:-1]

    async def say(self, frame: Event) -> list[Event]:
        """Send a frame and hear out what it causes, a final until its ack."""
        count = len(self.heard)
        await self.send(frame)
        if frame.get("final"):
            await self.until(lambda e: e["type"] == "ack" and e["seq"] >= frame["seq"])
            return self.heard[count:-1]
        return await self.ping()

    async def closed(self) -> int | None:
        """The code that the server closes with; what still comes before is kept."""
        try:
            while True:
                await self.next()
        except ConnectionClosed:
            return self.socket.close_code

    def durable(self) -> list[Event]:
        return [e for e in self.heard if "offset" in e and e["type"] not in ("welcome", "heartbeat")]

    def of(self, kind: str) -> list[Event]:
        return [e for e in self.heard if e["type"] == kind]


@dataclass
class Live:
    """A running server and ways to reach it."""

    address: str
    coach: Coach
    sockets: contextlib.AsyncExitStack

    @property
    def ws(self) -> str:
        return self.address.replace("http", "ws", 1)

    async def connect(self, path: str, **options: Any) -> Talker:
        """A socket that has sent nothing yet."""
        options.setdefault("subprotocols", ["coach.v1"])
        socket = await self.sockets.enter_async_context(connect(f"{self.ws}{path}", max_size=None, **options))
        return Talker(socket)

    async def join(self, session: str = "call", **hello: Any) -> Talker:
        """A conversation socket that was welcomed."""
        talker = await self.connect(f"/ws/{session}")
        await talker.send({"type": "hello", "language": "en", **hello})
        talker.welcome = await talker.until("welcome")
        return talker

    async def watch(self, *sessions: str, **more: Any) -> Talker:
        """A dashboard that was welcomed; without sessions, on the wall."""
        talker = await self.connect("/watch")
        await talker.send({"type": "watch", "sessions": list(sessions) or "*", **more})
        talker.welcome = await talker.until("welcome")
        return talker

    @contextlib.asynccontextmanager
    async def http(self, as_: str | None = None) -> Any:
        headers = {"authorization": f"Bearer {as_}"} if as_ else {}
        async with httpx.AsyncClient(base_url=self.address, headers=headers, timeout=WAIT_S) as client:
            yield client
