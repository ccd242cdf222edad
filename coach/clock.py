"""Time for the shell. The core has none: it is told `now_ms` with every input."""

import time


def now_ms() -> int:
    """Wall-clock Unix time in milliseconds."""
    return time.time_ns() // 1_000_000
