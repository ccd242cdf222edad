"""At most one publication of a key in an interval; the newest one waits for its turn."""

import asyncio
from collections.abc import Callable

KEYS = 64
"""Keys remembered before those whose interval is over are forgotten."""


class Throttle:
    """Latest-wins rate limit. One timer a key that waits; `cancel` and `close` leave none behind."""

    def __init__(self, interval_s: float) -> None:
        self._interval_s = interval_s
        self._last: dict[str, float] = {}
        self._timers: dict[str, asyncio.TimerHandle] = {}

    def offer(self, key: str, publish: Callable[[], None]) -> None:
        """Call `publish` now, or when the interval of the key's last one is over, replacing what waits."""
        loop = asyncio.get_running_loop()
        if (waiting := self._timers.pop(key, None)) is not None:
            waiting.cancel()
        due = self._last.get(key, float("-inf")) + self._interval_s
        if loop.time() >= due:
            self._go(key, publish)
        else:
            self._timers[key] = loop.call_at(due, self._go, key, publish)

    def cancel(self, key: str) -> None:
        """Forget the key, and what waits for it."""
        self._last.pop(key, None)
        if (waiting := self._timers.pop(key, None)) is not None:
            waiting.cancel()

    def close(self) -> None:
        """Forget everything."""
        for key in list(self._timers):
            self.cancel(key)

    def _go(self, key: str, publish: Callable[[], None]) -> None:
        self._timers.pop(key, None)
        now = asyncio.get_running_loop().time()
        if len(self._last) >= KEYS:
            self._last = {k: at for k, at in self._last.items() if at + self._interval_s > now}
        self._last[key] = now
        publish()
