"""Clients that behave as docs/protocol.md tells clients to, and write everything down.

They come back by the range of the close code, resume where they were, send again what is unacked, and leave a server
that is silent for more than two beats. They share no code with `coach.client` or the pages.
"""

import asyncio
import contextlib
import itertools
import random
import time
from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Callable
from typing import Any

import orjson
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake

from tests.faults.history import Acked, Back, Event, Heard, Log, Lost, Piece, Sent, Stopped, Told, Welcomed

OPEN_S = 2.0
BEATS = 2.5
FIRST_BEAT_MS = 2_000
BACKOFF_FIRST_S = 0.05
BACKOFF_MOST_S = 2.0
STABLE_S = 5.0
RETRY_S = 0.25

_now = time.monotonic
_events: dict[bytes, Event] = {}
_EVENTS_MOST = 20_000


def parse(message: str | bytes) -> Event:
    """The event; the same text twice is the same object, since every subscriber of a session gets it."""
    raw = message.encode() if isinstance(message, str) else message
    event = _events.get(raw)
    if event is None:
        if len(_events) > _EVENTS_MOST:
            _events.clear()
        event = _events[raw] = orjson.loads(raw)
    return event


class Behind(Exception):
    """A heartbeat named a newer offset."""


class Recorder(ABC):
    """A client that stays until `leave`. `pick` names a server (`ws://…`) for each try, as a balancer would."""

    def __init__(self, pick: Callable[[], str], seed: object, token: str | None = None) -> None:
        self._pick = pick
        self._random = random.Random(str(seed))
        self._token = token
        self._socket: ClientConnection | None = None
        self._news = asyncio.Event()
        self._leaving = False
        self.stopped: str | None = None
        """Why it gave up."""
        self.current = False
        """Whether it has been welcomed since it came (back)."""

    @abstractmethod
    def path(self) -> str:
        """Of its socket."""

    @abstractmethod
    def first(self) -> Event:
        """Its first frame, with what it takes to resume."""

    @abstractmethod
    async def welcomed(self, event: Event) -> None:
        """It has a place in a stream."""

    @abstractmethod
    async def heard(self, event: Event) -> None:
        """Any other event. Raises `Behind`."""

    @abstractmethod
    def lost(self, code: int | None) -> None:
        """The socket is gone, or did not come to be."""

    @abstractmethod
    def back(self) -> None:
        """It comes again after it had left."""

    @abstractmethod
    def give_up(self, why: str) -> None:
        """Coming back is of no use."""

    async def run(self) -> None:
        """Connect, and come back, until `leave` or until told to stop. Cancelling is safe."""
        delay, code = BACKOFF_FIRST_S, None
        while not self._leaving:
            began = _now()
            code = None
            with contextlib.suppress(OSError, InvalidHandshake, TimeoutError, ConnectionClosed):
                code = await self._converse()
            self._socket = None
            if self._leaving:
                break
            self.lost(code)
            if code is not None and 4000 <= code < 4100:
                self.stopped = f"closed with {code}"
                self.give_up(self.stopped)
                break
            delay = BACKOFF_FIRST_S if _now() - began > STABLE_S else min(BACKOFF_MOST_S, 2 * delay)
            now = code is not None and 4200 <= code < 4300
            await asyncio.sleep(self._random.uniform(0, BACKOFF_FIRST_S if now else delay))
        self._tell()

    async def until(self, condition: Callable[[], bool], within_s: float) -> None:
        """Wait until it holds; looked at after every event. Raises `TimeoutError`."""
        async with asyncio.timeout(within_s):
            while not condition() and self.stopped is None:
                self._news.clear()
                await self._news.wait()

    def come_back(self) -> None:
        """`run` may be called again: it resumes where it was."""
        self._leaving = self.current = False
        self.back()

    async def leave(self) -> None:
        """Close; `run` returns."""
        self._leaving = True
        if self._socket is not None:
            await self._socket.close()

    def cut(self) -> None:
        """Break the connection, as a network does."""
        if self._socket is not None:
            self._socket.transport.abort()

    async def send(self, frame: Event) -> bool:
        """Send a frame if there is a socket; whether it went."""
        if self._socket is None:
            return False
        try:
            await self._socket.send(orjson.dumps(frame).decode())
        except ConnectionClosed:
            return False
        return True

    def _tell(self) -> None:
        self._news.set()

    async def _converse(self) -> int | None:
        """One connection; its close code."""
        protocols: Any = ["coach.v1", *([f"bearer.{self._token}"] if self._token else [])]
        url = f"{self._pick()}{self.path()}"
        async with asyncio.timeout(OPEN_S):
            socket = await connect(
                url, subprotocols=protocols, max_size=None, ping_interval=None, close_timeout=0.1, proxy=None
            )
        beat_s = FIRST_BEAT_MS / 1000
        try:
            await socket.send(orjson.dumps(self.first()).decode())
            while not self._leaving:
                async with asyncio.timeout(BEATS * beat_s):
                    event = parse(await socket.recv())
                if event["type"] == "welcome":
                    beat_s = event["heartbeat_ms"] / 1000
                    self._socket = socket
                    self.current = True
                    await self.welcomed(event)
                else:
                    await self.heard(event)
                self._tell()
        except (ConnectionClosed, Behind, TimeoutError):
            pass
        finally:
            self._socket = None
            if socket.close_code is None:
                socket.transport.abort()
            await socket.wait_closed()
        return None if socket.close_code in (None, 1006) else socket.close_code


class _Place:
    """Where a subscriber is in one session's stream, and its log."""

    def __init__(self, log: Log) -> None:
        self.log = log
        self.epoch: str | None = None
        self.offset = 0
        self.ended = False
        self.welcomes = 0

    def welcomed(self, event: Event) -> None:
        resumed = event["resumed"]
        before = (self.epoch, self.offset)
        self.log.entries.append(
            Welcomed(_now(), event["epoch"], event["offset"], resumed, *before, event.get("acked", 0), event["state"])
        )
        self.epoch = event["epoch"]
        self.welcomes += 1
        if not resumed:
            self.offset = event["offset"]
            self.ended = event.get("ended", False)

    def heard(self, event: Event) -> None:
        kind = event["type"]
        if kind == "token":
            self.log.entries.append(Piece(_now(), event["card"], event["start"], event["text"]))
        elif kind == "heartbeat":
            if event.get("offset", 0) > self.offset and self.epoch and self.log.role != "source":
                self.log.entries.append(Told(_now(), event["offset"]))
                raise Behind
        elif "offset" in event:
            self.log.entries.append(Heard(_now(), event))
            self.offset = event["offset"]
            self.ended = self.ended or kind == "ended"


class Caller(Recorder):
    """One source of a conversation: a seller's widget, or with `role="source"` a bridge that hears no coaching."""

    def __init__(
        self,
        pick: Callable[[], str],
        session: str,
        *,
        source: str = "main",
        role: str = "seller",
        seed: object = 0,
        token: str | None = None,
        **hello: Any,
    ) -> None:
        super().__init__(pick, (seed, session, source), token)
        assert role in ("seller", "source")
        self.log = Log(f"{role} {source} of {session}", session, role, source)  # type: ignore[arg-type]
        self.place = _Place(self.log)
        self.acked = 0
        self.errors: deque[Event] = deque(maxlen=100)
        self._hello = {"type": "hello", "role": role, "source": source, "language": "en", **hello}
        self._unacked: deque[Event] = deque()
        self._seq = 0
        self._goodbye: list[Event] = []
        self._retry: asyncio.TimerHandle | None = None
        self._again = asyncio.Event()

    @property
    def sent(self) -> int:
        """Finals so far."""
        return self._seq

    @property
    def over(self) -> bool:
        """Whether the call has ended, as far as it knows."""
        return self.place.ended

    def path(self) -> str:
        return f"/ws/{self.log.session}"

    def first(self) -> Event:
        place = self.place
        return {**self._hello, **({"epoch": place.epoch, "after": place.offset} if place.epoch else {})}

    async def say(self, text: str, speaker: str = "client", interims: int = 0) -> None:
        """A final, after so many interims of it; it is sent again until it is acked."""
        number = self._seq + 1
        words = text.split()
        frame: Event = {"type": "transcript", "utterance": f"u{number}", "speaker": speaker, "text": text}
        frame |= {"start_ms": number * 1000, "end_ms": number * 1000 + 900}
        for count in range(1, interims + 1):
            part = " ".join(words[: max(1, len(words) * count // (interims + 1))])
            await self.send({**frame, "text": part, "final": False})
        self._seq = number
        self._unacked.append({**frame, "final": True, "seq": number})
        if self._retry is None:
            await self._send_final(self._unacked[-1])

    async def end(self, outcome: str = "won") -> None:
        """End the call, now and after every reconnect until it has ended."""
        self._goodbye = [{"type": "end", "outcome": outcome}]
        await self.send(self._goodbye[0])

    async def run(self) -> None:
        """Connect, and come back; refused finals are sent again when their time comes."""
        async with asyncio.TaskGroup() as group:
            again = group.create_task(self._send_again(), name="again")
            await super().run()
            again.cancel()
        if self._retry is not None:
            self._retry.cancel()

    async def welcomed(self, event: Event) -> None:
        self.place.welcomed(event)
        self._let_go(event["acked"])
        self.place.ended = self.place.ended or event.get("ended", False)
        for final in list(self._unacked):
            await self._send_final(final)
        for frame in self._goodbye:
            await self.send(frame)

    async def heard(self, event: Event) -> None:
        kind = event["type"]
        if kind == "ack":
            self.log.entries.append(Acked(_now(), event["seq"]))
            self._let_go(event["seq"])
        elif kind == "error":
            self.errors.append(event)
            if event["code"] in ("conflict", "bad_frame", "bad_json", "unknown_type", "too_long"):
                self.give_up(f"error {event['code']}: {event['message']}")
            elif "seq" in event and self._retry is None:
                delay = max(RETRY_S, min(1.0, event.get("retry_after_ms", 0) / 1000))
                self._retry = asyncio.get_running_loop().call_later(delay, self._again.set)
        else:
            self.place.heard(event)

    def lost(self, code: int | None) -> None:
        self.log.entries.append(Lost(_now(), code))

    def back(self) -> None:
        self.log.entries.append(Back(_now()))

    def give_up(self, why: str) -> None:
        self.log.entries.append(Stopped(_now(), why))

    async def _send_final(self, frame: Event) -> None:
        if await self.send(frame):
            self.log.entries.append(Sent(_now(), frame["seq"], frame["text"]))

    async def _send_again(self) -> None:
        while True:
            await self._again.wait()
            self._again.clear()
            self._retry = None
            for final in list(self._unacked):
                await self._send_final(final)

    def _let_go(self, acked: int) -> None:
        self.acked = max(self.acked, acked)
        while self._unacked and self._unacked[0]["seq"] <= acked:
            self._unacked.popleft()


class Dashboard(Recorder):
    """A watcher of any number of sessions, each with a log of its own."""

    _numbers = itertools.count(1)

    def __init__(self, pick: Callable[[], str], *sessions: str, seed: object = 0, token: str | None = None) -> None:
        number = next(self._numbers)
        super().__init__(pick, (seed, sessions, number), token)
        self.places = {
            session: _Place(Log(f"watcher {number} of {session}", session, "watcher")) for session in sessions
        }

    @property
    def logs(self) -> list[Log]:
        """One a session."""
        return [place.log for place in self.places.values()]

    @property
    def over(self) -> bool:
        """Whether every session has ended, as far as it knows."""
        return all(place.ended for place in self.places.values())

    def path(self) -> str:
        return "/watch"

    def first(self) -> Event:
        known = {session: place for session, place in self.places.items() if place.epoch}
        return {
            "type": "watch",
            "sessions": list(self.places),
            "after": {session: place.offset for session, place in known.items()},
            "epochs": {session: place.epoch for session, place in known.items()},
        }

    async def welcomed(self, event: Event) -> None:
        self.places[event["session"]].welcomed(event)

    async def heard(self, event: Event) -> None:
        place = self.places.get(event.get("session", ""))
        if place is not None and event["type"] != "error":
            place.heard(event)
        elif event["type"] == "error" and not event["fatal"]:
            # Trouble with one session: ask for it again, and not at once.
            raise Behind

    def lost(self, code: int | None) -> None:
        for place in self.places.values():
            place.log.entries.append(Lost(_now(), code))

    def back(self) -> None:
        for place in self.places.values():
            place.log.entries.append(Back(_now()))

    def give_up(self, why: str) -> None:
        for place in self.places.values():
            place.log.entries.append(Stopped(_now(), why))
