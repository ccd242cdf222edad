"""Things done at their time, to some ten microseconds: a loop's own timer is rounded to a millisecond.

An open loop sends by its schedule whatever comes back, and a latency counts from the scheduled time. So a server
that stalls is charged for every frame that waited, and a generator that is late charges itself.
"""

import asyncio
import ctypes
import os
import sys
import time
from collections.abc import Callable, Sequence

_NONBLOCK_CLOEXEC = 0o2004000
_MONOTONIC = 1


class _TimerSpec(ctypes.Structure):
    _fields_ = [(name, ctypes.c_long) for name in ("interval_s", "interval_ns", "value_s", "value_ns")]


class _Alarm:
    """One timer of the kernel that the event loop watches (`timerfd_create(2)`)."""

    def __init__(self, ring: Callable[[], None]) -> None:
        self._loop = asyncio.get_running_loop()
        self._ring = ring
        self._fd = -1
        if sys.platform == "linux":
            self._libc = ctypes.CDLL(None, use_errno=True)
            self._fd = self._libc.timerfd_create(_MONOTONIC, _NONBLOCK_CLOEXEC)
            self._loop.add_reader(self._fd, self._due)

    def after(self, delay_s: float) -> None:
        """Ring once, `delay_s` from now; at once if that is not positive."""
        if self._fd < 0:
            self._loop.call_later(max(0.0, delay_s), self._ring)
            return
        whole_ns = max(1, int(delay_s * 1e9))
        spec = _TimerSpec(0, 0, whole_ns // 10**9, whole_ns % 10**9)
        self._libc.timerfd_settime(self._fd, 0, ctypes.byref(spec), None)

    def close(self) -> None:
        """Give the timer back."""
        if self._fd >= 0:
            self._loop.remove_reader(self._fd)
            os.close(self._fd)

    def _due(self) -> None:
        try:
            os.read(self._fd, 8)
        except BlockingIOError:
            return
        self._ring()


async def keep_time(due: Sequence[float], act: Callable[[int], None]) -> list[float]:
    """Call `act(k)` at `due[k]` (seconds of `time.perf_counter`, ascending) for every k; by how much each was late.

    Cancelling leaves the rest undone.
    """
    finished: asyncio.Future[None] = asyncio.get_running_loop().create_future()
    late: list[float] = []

    def ring() -> None:
        done, total = len(late), len(due)
        while done < total and (behind := time.perf_counter() - due[done]) >= 0:
            act(done)
            late.append(behind)
            done += 1
        if done < total:
            alarm.after(due[done] - time.perf_counter())
        elif not finished.done():
            finished.set_result(None)

    alarm = _Alarm(ring)
    try:
        alarm.after(due[0] - time.perf_counter())
        await finished
    finally:
        alarm.close()
    return late
