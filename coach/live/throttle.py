"""At most one publication in an interval; of each key only the newest waits, in the order they began to wait."""

import asyncio
from collections.abc import Callable


class Throttle:
    """Latest-wins rate limit over all keys together. One timer at most; `close` leaves none behind."""

    def __init__(self, interval_s: float) -> None:
        self._interval_s = interval_s
        self._last = float("-inf")
        self._waiting: dict[str, Callable[[], None]] = {}
        self._timer: asyncio.TimerHandle | None = None

    def offer(self, key: str, publish: Callable[[], None]) -> None:
        """Call `publish` now, or when it is the key's turn, replacing what waits of the key."""
        self._waiting[key] = publish
        if self._timer is None:
            loop = asyncio.get_running_loop()
            due = self._last + self._interval_s
            if loop.time() >= due:
                self._turn()
            else:
                self._timer = loop.call_at(due, self._turn)

    def cancel(self, key: str) -> None:
        """Forget what waits of the key."""
        self._waiting.pop(key, None)

    def close(self) -> None:
        """Forget everything."""
        self._waiting.clear()
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _turn(self) -> None:
        self._timer = None
        if not self._waiting:
            return
        loop = asyncio.get_running_loop()
        self._last = loop.time()
        publish = self._waiting.pop(next(iter(self._waiting)))
        if self._waiting:
            self._timer = loop.call_at(self._last + self._interval_s, self._turn)
        publish()
