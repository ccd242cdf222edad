"""`python -m benchmarks`: one run from start to report.

The bar moves between rounds only: drawing it during one would cost the generator what it must not lose.
"""

import argparse
import asyncio
import gc
import resource
import signal
import sys
import time
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

import uvloop
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from benchmarks import cores, fanout, latency, machine, memory
from benchmarks.cores import Cores
from benchmarks.plan import FULL, QUICK, Plan
from benchmarks.report import Report
from benchmarks.server import NotStarted, ServerProcess, serving
from benchmarks.speech import read_material, write_scripts
from benchmarks.wire import Refused

PARTS = ("latency", "fanout", "memory")
WINDOW = 64
"""Finals under way at saturation: enough for the server to be the limit, not the disk's sync."""
SOCKETS_MOST = 8_192


def main() -> int:
    """Run, print, and say by the exit code whether everything that was sent came back."""
    arguments = _arguments()
    plan = (QUICK if arguments.quick else FULL).at(arguments.sessions, arguments.watchers)
    allow_files(SOCKETS_MOST)
    report = Report({}, "quick" if arguments.quick else "full")
    console = Console(width=None if sys.stdout.isatty() else 200)
    began = time.perf_counter()
    divided = cores.divide()
    report.machine = machine.describe(divided)
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.percentage:3.0f} %"),
        TimeElapsedColumn(),
    )
    # Garbage collection in the generator is a pause that would be blamed on the server.
    gc.disable()
    failed = ""
    with Progress(*columns, console=Console(stderr=True), auto_refresh=False) as progress:
        try:
            uvloop.run(_bounded(_run(report, plan, divided, arguments, progress), plan))
        except (TimeoutError, asyncio.CancelledError, KeyboardInterrupt, Refused, NotStarted, ExceptionGroup) as error:
            failed = f"stopped in `{progress.tasks[0].description}`: {type(error).__name__} {error}"
    report.took_s = time.perf_counter() - began
    report.show(console)
    if arguments.json:
        report.write(arguments.json)
    if failed:
        console.print(failed, style="red", markup=False)
    return 1 if failed else 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks", description="Latency, fan-out and memory of a server."
    )
    parser.add_argument("--quick", action="store_true", help="one short round of everything, at most 40 s")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures there, too")
    parser.add_argument("--only", action="append", choices=PARTS, help="only this part; may be given again")
    parser.add_argument("--sessions", action="append", type=int, help="this load instead of the plan's; again for more")
    parser.add_argument("--natural", action="store_true", help="latency: the calls as they are, at their own pace")
    parser.add_argument("--watchers", action="append", type=int, help="likewise, for the fan-out")
    parser.add_argument("--window", type=int, default=WINDOW, help=f"finals under way at saturation ({WINDOW})")
    return parser.parse_args()


async def _bounded(work: Coroutine[Any, Any, None], plan: Plan) -> None:
    """Raises `TimeoutError` when the plan's limit is reached, `CancelledError` on SIGTERM: the server goes with us."""
    task = asyncio.current_task()
    assert task is not None
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)
    async with asyncio.timeout(plan.limit_s):
        await work


async def _run(report: Report, plan: Plan, divided: Cores, arguments: argparse.Namespace, progress: Progress) -> None:
    parts = arguments.only or PARTS
    rounds = {
        "latency": sum(level.rounds for level in plan.levels),
        "fanout": 2 * plan.fanout_rounds * len(plan.watchers),
        "memory": 3,
    }
    bar = progress.add_task("starting", total=sum(rounds[part] for part in parts))

    def doing(what: str) -> Callable[[], None]:
        progress.update(bar, description=what, refresh=True)
        return lambda: progress.update(bar, advance=1, refresh=True)

    async with AsyncExitStack() as stack:
        shared = await stack.enter_async_context(serving(divided)) if plan.one_server else None
        if "memory" in parts:
            step = doing("memory")
            async with _on(shared, divided) as server:
                report.memory = await memory.measure(server, plan, step)
        if "latency" in parts:
            doing("latency: rehearsal")
            async with _on(shared, divided) as server:
                await _latency(report, plan, server, arguments.natural, doing)
        if "fanout" in parts:
            doing("fan-out")
            async with _on(shared, divided) as server:
                await _fanout(report, plan, server, arguments.window, doing)


@asynccontextmanager
async def _on(shared: ServerProcess | None, divided: Cores) -> AsyncIterator[ServerProcess]:
    """The shared server, or one of its own for the block."""
    if shared is not None:
        yield shared
        return
    async with serving(divided) as server:
        yield server


Doing = Callable[[str], Callable[[], None]]
"""Names what begins, and returns what to call when a step of it is done."""


async def _latency(report: Report, plan: Plan, server: ServerProcess, natural: bool, doing: Doing) -> None:
    frames = max(each.frames for each in plan.levels)
    scripts = await write_scripts(server, await read_material(server), frames, natural=natural)
    for level in plan.levels:
        gc.collect()
        step = doing(f"latency: {level.sessions} sessions")
        cut = [script.cut(level.frames) for script in scripts]
        report.latency.append(await latency.measure(server, cut, level, plan.stragglers_s, step))


async def _fanout(report: Report, plan: Plan, server: ServerProcess, window: int, doing: Doing) -> None:
    material = await read_material(server)
    for watchers in plan.watchers:
        gc.collect()
        step = doing(f"fan-out: {watchers} watchers")
        report.fanout.append(await fanout.measure(server, material[0], watchers, window, plan, step))


def allow_files(most: int) -> None:
    """Let both sides have as many sockets as the system permits, up to `most`."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    most = most if hard == resource.RLIM_INFINITY else min(hard, most)
    if soft < most:
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))


if __name__ == "__main__":
    sys.exit(main())
