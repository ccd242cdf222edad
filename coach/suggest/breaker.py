"""A circuit breaker: whether to ask a provider at all. Pure: the caller says what time it is, in seconds.

closed ──FAILURES in a row, or one that will not pass by itself──▶ open ──its time is over──▶ half open
   ▲                                                                 ▲                            │
   └──────────────────────────── an answer ──────────────────────────┼──────────── one probe ─────┘
                                                                     └── a failure: twice the time
"""

from dataclasses import dataclass
from typing import Literal

FAILURES = 3
OPEN_S = 5.0
OPEN_MOST_S = 120.0
"""A provider that was down for an hour is asked again within two minutes of its return."""

BreakerState = Literal["closed", "open", "half_open"]


@dataclass(slots=True)
class Breaker:
    """One provider's. Each `began` is followed by exactly one of `answered`, `failed`, `abandoned`."""

    _failures: int = 0
    _open_s: float = 0.0
    """How long it stays open now; 0 while closed."""
    _until: float = 0.0
    _probing: bool = False

    def state(self, now: float) -> BreakerState:
        """What it is at `now`."""
        if not self._open_s:
            return "closed"
        return "half_open" if now >= self._until else "open"

    def allows(self, now: float) -> bool:
        """Whether a request may begin: always while closed, and one at a time while half open."""
        state = self.state(now)
        return state == "closed" or (state == "half_open" and not self._probing)

    def began(self, now: float) -> None:
        """A request that was allowed begins."""
        self._probing = self.state(now) == "half_open"

    def answered(self) -> None:
        """It works: closed, whatever was before."""
        self._failures, self._open_s, self._until, self._probing = 0, 0.0, 0.0, False

    def failed(self, now: float, *, lasting: bool = False, retry_after_s: float | None = None) -> None:
        """It does not. `lasting`: the next request would fail the same way (a wrong key). `retry_after_s`: what the
        provider asked for."""
        self._failures += 1
        probe, self._probing = self._probing, False
        if not (probe or lasting or retry_after_s is not None or self._failures >= FAILURES):
            return
        if self.state(now) == "open":
            return  # requests that were under way when it opened say nothing new
        self._open_s = min(OPEN_MOST_S, max(OPEN_S, 2 * self._open_s, retry_after_s or 0.0))
        self._until = now + self._open_s

    def abandoned(self) -> None:
        """The request was given up before it said anything."""
        self._probing = False
