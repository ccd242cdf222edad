"""A call's client in Python: sends a transcript, loses nothing, comes back by itself.

Finals are kept until they are acked and sent again after a reconnect; interims are only worth something now.
Used by `coach replay`, `coach demo` and the benchmarks; a call bridge can use it too.
"""

import asyncio
import logging
import os
import random
from collections import deque
from collections.abc import Callable
from types import TracebackType
from typing import Any

import orjson
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake

BACKOFF_FIRST_S = 0.2
BACKOFF_MOST_S = 5.0
STABLE_S = 5.0
"""A connection that held this long resets the backoff; one that is cut at once must not loop hot."""
UNACKED_MOST = 1_000
RESEND_S = 0.5
RESEND_FRAMES = 40
"""A few a time: below what a server takes in half a second by default."""

_log = logging.getLogger(__name__)
"""The standard library's: in a bridge that sets nothing up, warnings go to stderr."""


class Stopped(Exception):
    """Coming back is of no use: the server says so (4000–4099), or was not reached in time."""


class CallClient:
    """One source of one session: `async with CallClient(...) as call`. Cancelling any method is safe.

    A server that cannot be reached is tried again for ever, and each reason logged once; with `reach_s`, entering
    raises `Stopped` after so many seconds.
    """

    def __init__(
        self,
        url: str,
        session: str,
        hello: dict[str, Any],
        *,
        token: str | None = None,
        on_event: Callable[[dict[str, Any]], None] | None = None,
        reach_s: float | None = None,
    ) -> None:
        self._address = url
        self._reach_s = reach_s
        self._trouble: dict[str, None] = {}
        """Why the server was not reached since it last was; newest last."""
        self.url = url.rstrip("/").replace("http://", "ws://", 1).replace("https://", "wss://", 1)
        self.session = session
        self.acked = 0
        self.reconnects = -1
        self.resumed: list[bool] = []
        self._hello = {**hello, "type": "hello"}
        self._token = token
        self._on_event = on_event
        self._seq = 0
        self._unacked: deque[dict[str, Any]] = deque()
        self._epoch: str | None = None
        self._offset = 0
        self._socket: ClientConnection | None = None
        self._task: asyncio.Task[None] | None = None
        self._news = asyncio.Condition()
        self._failed: Stopped | None = None
        self._resend_at: float | None = None
        """When refused finals are sent again, in the loop's time; until then new ones only queue."""
        self._over = False
        self._goodbye: list[dict[str, Any]] = []

    async def __aenter__(self) -> "CallClient":
        self._task = asyncio.create_task(self._run(), name=f"call {self.session}")  # noqa: TID251  ended by __aexit__
        try:
            async with asyncio.timeout(self._reach_s):
                await self._wait(lambda: self._socket is not None)
        except TimeoutError:
            await self.__aexit__(None, None, None)
            why = next(reversed(self._trouble), "no answer")
            raise Stopped(f"cannot reach {self._address}: {why}; gave up after {self._reach_s:g} s") from None
        except BaseException:
            await self.__aexit__(None, None, None)
            raise
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._task is not None
        self._task.cancel()
        await asyncio.wait([self._task])

    async def interim(self, frame: dict[str, Any]) -> None:
        """Send an interim if there is a connection; it is not kept."""
        await self._send({**frame, "type": "transcript", "final": False})

    async def final(self, frame: dict[str, Any]) -> None:
        """Queue a final and send it; it is kept until acked. Waits while too many are unacked."""
        await self._wait(lambda: len(self._unacked) < UNACKED_MOST)
        self._seq += 1
        whole = {**frame, "type": "transcript", "final": True, "seq": self._seq}
        self._unacked.append(whole)
        if self._resend_at is None:
            await self._send(whole)

    async def all_acked(self) -> None:
        """Waits until every final is stored. Raises `Stopped`."""
        await self._wait(lambda: not self._unacked)

    async def end(self, outcome: str | None) -> None:
        """End the call; returns when the server has heard it, whatever happens to the connection meanwhile."""
        await self.all_acked()
        self._goodbye = [{"type": "end", **({"outcome": outcome} if outcome else {})}, {"type": "ping", "t": "end"}]
        for frame in self._goodbye:
            await self._send(frame)
        await self._wait(lambda: self._over)

    async def _send(self, frame: dict[str, Any]) -> None:
        if self._failed is not None:
            raise self._failed
        socket = self._socket
        if socket is not None:
            try:
                await socket.send(orjson.dumps(frame).decode())
            except ConnectionClosed:
                pass

    async def _wait(self, condition: Callable[[], bool]) -> None:
        async with self._news:
            await self._news.wait_for(lambda: condition() or self._failed is not None)
        if self._failed is not None:
            raise self._failed

    async def _tell(self) -> None:
        async with self._news:
            self._news.notify_all()

    async def _run(self) -> None:
        loop = asyncio.get_running_loop()
        delay = BACKOFF_FIRST_S
        while self._failed is None:
            began = loop.time()
            code = None
            try:
                code = await self._converse()
            except (OSError, InvalidHandshake, ConnectionClosed) as error:
                self._unreached(error)
            except Exception as error:
                self._failed = Stopped(f"the server speaks another protocol: {type(error).__name__}")
                await self._tell()
                return
            self._socket = None
            if code is not None and 4000 <= code < 4100:
                self._failed = Stopped(f"the server closed the session's socket with {code}")
                await self._tell()
                return
            delay = BACKOFF_FIRST_S if loop.time() - began > STABLE_S else min(BACKOFF_MOST_S, 2 * delay)
            await asyncio.sleep(random.uniform(0, delay))

    def _unreached(self, error: Exception) -> None:
        """Say why, once a reason."""
        number = error.errno if isinstance(error, OSError) else None
        why = os.strerror(number) if number is not None and number > 0 else str(error)
        if why not in self._trouble:
            _log.warning("cannot reach %s: %s, trying again", self._address, why)
        self._trouble.pop(why, None)
        self._trouble[why] = None

    async def _converse(self) -> int | None:
        """One connection from hello to close; its close code."""
        protocols = ["coach.v1", *([f"bearer.{self._token}"] if self._token else [])]
        async with connect(f"{self.url}/ws/{self.session}", subprotocols=protocols, max_size=None) as socket:  # type: ignore[arg-type]
            resume = {"after": self._offset, "epoch": self._epoch} if self._epoch else {}
            await socket.send(orjson.dumps({**self._hello, **resume}).decode())
            self._resend_at = None
            try:
                while True:
                    try:
                        async with asyncio.timeout_at(self._resend_at):
                            message = await socket.recv()
                    except TimeoutError:
                        await self._send_again(socket)
                        continue
                    await self._heard(socket, orjson.loads(message))
            except ConnectionClosed:
                pass
            return socket.close_code

    async def _heard(self, socket: ClientConnection, event: dict[str, Any]) -> None:
        if event["type"] == "welcome":
            self.reconnects += 1
            self.resumed.append(event["resumed"])
            self._epoch = event["epoch"]
            if not event["resumed"]:
                self._offset = event["offset"]
            self._seq = max(self._seq, event["acked"])
            self._let_go(event["acked"])
            self._over = self._over or event.get("ended", False)
            for frame in [*self._unacked, *self._goodbye]:
                await socket.send(orjson.dumps(frame).decode())
            self._socket = socket
            self._trouble.clear()
        elif event["type"] == "ack":
            self._let_go(event["seq"])
        elif event["type"] == "error" and "seq" in event:
            self._refused(event)
        elif event["type"] == "ended" or (event["type"] == "pong" and event["t"] == "end"):
            self._over = True
        self._offset = event.get("offset", self._offset) if event["type"] != "welcome" else self._offset
        if self._on_event is not None:
            self._on_event(event)
        await self._tell()

    def _refused(self, error: dict[str, Any]) -> None:
        """A final was not taken: it and what follows is sent again when the server can take it."""
        if error["code"] in ("conflict", "session_ended"):
            self._failed = Stopped(f"the server refuses final {error['seq']}: {error['code']}")
        elif self._resend_at is None:
            delay = max(RESEND_S, error.get("retry_after_ms", 0) / 1000)
            self._resend_at = asyncio.get_running_loop().time() + delay

    async def _send_again(self, socket: ClientConnection) -> None:
        """The oldest unacked finals, a few at a time: the server refused them for coming too fast."""
        for frame in list(self._unacked)[:RESEND_FRAMES]:
            await socket.send(orjson.dumps(frame).decode())
        more = len(self._unacked) > RESEND_FRAMES
        self._resend_at = asyncio.get_running_loop().time() + RESEND_S if more else None

    def _let_go(self, acked: int) -> None:
        self.acked = max(self.acked, acked)
        while self._unacked and self._unacked[0]["seq"] <= acked:
            self._unacked.popleft()
