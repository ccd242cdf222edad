"""What sockets of this instance do in a session that another one owns: numbered, and sent again until taken."""

import asyncio
import time
from collections import deque
from collections.abc import Iterator
from typing import Any

import orjson

from coach.bus.base import Bus, inbox
from coach.bus.message import pack

RESEND_S = 1.0
UNTAKEN_MOST = 1_000
"""Operations that may wait for the owner; what comes then is refused."""
ANY_MOST = 5 * UNTAKEN_MOST
"""With those that cannot be refused (pings, sockets that come and go); then the link is given up."""
PAGE_MOST = 200
PAGE_BYTES = 256 << 10
"""Operations and bytes of one message: one that the bus never takes would be sent for ever."""

Operation = list[Any]
"""[what, which socket, …]"""


class Outgoing:
    """One link from this instance to a session's owner. The owner takes each operation once, in order."""

    def __init__(self, session: str, owner: str, link: str, bus: Bus) -> None:
        self.owner = owner
        self.link = link
        """Its name; empty: there is none, and what is done is forgotten."""
        self._session = session
        self._bus = bus
        self._untaken: deque[tuple[int, Operation]] = deque()
        self._newest = 0
        self._sent = 0
        self._waits_since = 0.0
        """Since when nothing was confirmed, or all was sent again. What is added meanwhile does not move it."""
        self._waking = False

    @property
    def full(self) -> bool:
        """Whether too much waits for the owner."""
        return len(self._untaken) >= UNTAKEN_MOST

    @property
    def untaken(self) -> Iterator[Operation]:
        """What the owner has not confirmed, oldest first."""
        return (operation for _, operation in self._untaken)

    def add(self, what: str, socket: str, *rest: Any) -> None:
        """Tell the owner; what is done in one tick leaves together. With too much untaken the link ends."""
        if len(self._untaken) >= ANY_MOST:
            self.link = ""
        if not self.link:
            return
        if not self._untaken:
            self._waits_since = time.monotonic()
        self._newest += 1
        self._untaken.append((self._newest, [what, socket, *rest]))
        if not self._waking:
            self._waking = True
            asyncio.get_running_loop().call_soon(self._send)

    def taken(self, upto: int) -> bool:
        """The owner has these; whether nothing waits any more."""
        while self._untaken and self._untaken[0][0] <= upto:
            self._untaken.popleft()
            self._waits_since = time.monotonic()
        return not self._untaken

    def tick(self, now: float) -> None:
        """Send again what was not confirmed for too long."""
        if self._untaken and now - self._waits_since > RESEND_S:
            self._waits_since = now
            self._sent = self._untaken[0][0] - 1
            self._send()

    def close(self) -> list[Operation]:
        """Send nothing more; what was not confirmed."""
        left = list(self.untaken)
        self._untaken.clear()
        self.link = ""
        return left

    def _send(self) -> None:
        self._waking = False
        fresh = [(number, operation) for number, operation in self._untaken if number > self._sent]
        if not fresh or not self.link:
            return
        self._sent = fresh[-1][0]
        for first, page in _pages(fresh):
            head = {"k": "do", "s": self._session, "i": self._bus.instance, "l": self.link, "n": first}
            self._bus.publish(inbox(self.owner), pack({**head, "ops": page}))


def _pages(numbered: list[tuple[int, Operation]]) -> Iterator[tuple[int, list[orjson.Fragment]]]:
    """The operations in pieces of limited size, each with the number of its first. One is never split."""
    first, page, size = numbered[0][0], list[orjson.Fragment](), 0
    for number, operation in numbered:
        encoded = orjson.dumps(operation)
        if page and (len(page) >= PAGE_MOST or size + len(encoded) > PAGE_BYTES):
            yield first, page
            first, page, size = number, [], 0
        page.append(orjson.Fragment(encoded))
        size += len(encoded)
    yield first, page
