"""Time for the shell. The core has none: it is told `now_ms` with every input."""

import time

FORWARD_MS = 1_000
"""A wall clock that is this far ahead was set, or the machine slept: it is believed."""

_offset_ns = time.time_ns() - time.monotonic_ns()


def now_ms() -> int:
    """Unix time in milliseconds that never runs backwards: a clock set back must not stop a call's timers."""
    global _offset_ns
    now = time.monotonic_ns() + _offset_ns
    ahead = time.time_ns() - now
    if ahead > FORWARD_MS * 1_000_000:
        _offset_ns += ahead
        now += ahead
    return now // 1_000_000
