"""`python -m benchmarks.peers`: one run from start to table. What is under way is said between two samples only."""

import argparse
import asyncio
import gc
import hashlib
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import orjson
import uvloop
from rich.console import Console

from benchmarks import cores, machine
from benchmarks.__main__ import allow_files
from benchmarks.cores import Cores
from benchmarks.peers import table, verdicts
from benchmarks.peers.results import Results
from benchmarks.peers.roster import HERE, PYTHON, node
from benchmarks.peers.run import FULL, PARTS, QUICK, Plan, Run
from benchmarks.server import PROJECT, NotStarted
from benchmarks.wire import Refused

RESULTS = PROJECT / "build" / "peers-{plan}.jsonl"
PAGE = PROJECT / "benchmarks" / "README.md"
IMAGES = PROJECT / "docs" / "images"
SOCKETS = 20_000
CODE = (".py", ".mjs")


def main() -> int:
    """Run, print, and say by the exit code whether all of it ran; a missed target is a figure, not a failure."""
    given = _arguments()
    plan = QUICK if given.quick else FULL
    if not PYTHON.exists() or not (HERE / "node_modules").exists():
        print("the peers are not set up: make bench-peers does it", file=sys.stderr)
        return 2
    allow_files(SOCKETS)
    divided = cores.divide()
    path = given.json or Path(str(RESULTS).format(plan=plan.name))
    if given.fresh:
        path.unlink(missing_ok=True)
    facts = machine.describe(divided)
    # What was measured of other code, or on another machine, is no beginning of this run.
    same = {name: facts[name] for name in ("cpu", "cores", "kernel")} | {"plan": plan.name, "code": _digest()}
    results = Results(path, {"same": same, "machine": facts, "peers": _versions()})
    began, failed = time.perf_counter(), ""
    if not given.show:
        # Garbage collection in the generator is a pause that would be blamed on the server.
        gc.disable()
        try:
            uvloop.run(_bounded(results, plan, divided, given.only or PARTS, began))
        except (TimeoutError, asyncio.CancelledError, KeyboardInterrupt, Refused, NotStarted, ExceptionGroup) as error:
            failed = f"stopped: {type(error).__name__} {error}; the same command goes on from here"
    _report(results, given, time.perf_counter() - began)
    if failed:
        print(failed, file=sys.stderr)
    return 1 if failed else 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.peers", description="Coach beside its peers, measured in turns."
    )
    parser.add_argument("--quick", action="store_true", help="one short round of everything, at most 4 minutes")
    parser.add_argument("--json", type=Path, metavar="FILE", help="samples, one a line (build/peers-PLAN.jsonl)")
    parser.add_argument("--only", action="append", choices=PARTS, help="only this part; may be given again")
    parser.add_argument("--fresh", action="store_true", help="begin anew instead of going on with FILE")
    parser.add_argument("--show", action="store_true", help="measure nothing, show what FILE has")
    parser.add_argument("--keep", action="store_true", help="keep the table and its plots in the documentation")
    return parser.parse_args()


async def _bounded(results: Results, plan: Plan, divided: Cores, parts: Sequence[str], began: float) -> None:
    """Raises `TimeoutError` at the plan's limit, `CancelledError` on SIGTERM: the servers go with us."""
    task = asyncio.current_task()
    assert task is not None
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)

    def doing(what: str) -> None:
        seconds = round(time.perf_counter() - began)
        print(f"\r\033[K{seconds // 60:3}:{seconds % 60:02}  {what}", end="", file=sys.stderr, flush=True)

    async with asyncio.timeout(plan.limit_s):
        await Run(results, plan, divided, doing).parts(parts)
    print("\r\033[K", end="", file=sys.stderr)


def _report(results: Results, given: argparse.Namespace, took_s: float) -> None:
    console = Console(width=None if sys.stdout.isatty() else 200)
    for name, value in {**results.head["machine"], "peers": results.head["peers"]}.items():
        text = ", ".join(f"{key} {version}" for key, version in value.items()) if isinstance(value, dict) else value
        console.print(f"{name}: {text}", highlight=False, style="dim")
    found = list(verdicts.rows(results))
    table.show(found, console)
    for doubt in table.doubts(results):
        console.print(f"! {doubt}", style="yellow", markup=False)
    missed = sum(row.reached is False for row in found)
    kept = sum(row.reached is True for row in found)
    console.print(f"{kept} targets kept, {missed} missed; {took_s:.0f} s; samples in {results.path}")
    if given.keep:
        facts = results.head["machine"]
        table.keep(found, f"{facts['cpu']}, {facts['cores']} cores, {facts['kernel']}, code {facts['code']}", PAGE)
        subprocess.run([str(PYTHON), str(HERE / "plots.py"), str(results.path), str(IMAGES)], check=True)


def _digest() -> str:
    """Of Coach's code and of this one: a commit's name says nothing of what was changed since."""
    digest = hashlib.blake2b(digest_size=16)
    own = [
        path for folder in (HERE.parent, HERE, HERE / "servers") for path in folder.glob("*.*") if path.suffix in CODE
    ]
    for path in sorted([*(PROJECT / "coach").rglob("*.py"), *own]):
        digest.update(path.read_bytes())
    return digest.hexdigest()


def _versions() -> dict[str, str]:
    """Of the peers."""
    listed = subprocess.run([str(PYTHON), "-c", _LIST], capture_output=True, text=True, check=True).stdout.split()
    found = dict(line.split("==") for line in listed)
    found["node"] = subprocess.run(
        [str(node()), "--version"], capture_output=True, text=True, check=True
    ).stdout.strip()
    for name in ("ws", "socket.io", "@socket.io/redis-adapter"):
        text = (HERE / "node_modules" / name / "package.json").read_bytes()
        found[name] = str(orjson.loads(text)["version"])
    return found


_NAMES = ("uvicorn", "starlette", "broadcaster", "channels", "channels-redis", "python-socketio", "aiohttp", "redis")
_LIST = f"import importlib.metadata as m; [print(f'{{n}}=={{m.version(n)}}') for n in {_NAMES!r}]"


if __name__ == "__main__":
    sys.exit(main())
