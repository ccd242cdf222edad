"""`make chaos SECONDS=60 SEED=7`, or `python -m tests.chaos`: break everything under load, and count what is lost.

Exit code 1 when a promise was broken (docs/reliability.md). The seed fixes the calls and the faults, not what the
machine makes of them: the same seed is the same storm, not the same run.
"""

import argparse
import asyncio
import contextlib
import random
import signal
import sys
import tempfile
from collections import Counter
from dataclasses import asdict
from pathlib import Path

import orjson
import uvloop
from rich.console import Console
from rich.table import Table

from tests.chaos.run import Plan, Result, run
from tests.faults.checker import KINDS, percentile
from tests.faults.instances import nursery
from tests.services import running_postgres, running_redis

SHOWN = 20


def main() -> int:
    """Run, print, and say by the exit code whether every promise was kept."""
    parser = argparse.ArgumentParser(prog="python -m tests.chaos", description="Faults under load, and what they cost.")
    parser.add_argument("--seconds", type=float, default=60, help="how long things break (60)")
    parser.add_argument("--seed", type=int, default=random.randrange(10**6), help="of the calls and the faults")
    parser.add_argument("--instances", type=int, default=3, help="1 is on SQLite, more on Redis and PostgreSQL (3)")
    parser.add_argument("--postgres", action="store_true", help="with --instances 1: on PostgreSQL, without Redis")
    parser.add_argument("--calls", type=int, default=8, help="at a time (8)")
    parser.add_argument("--dump", type=Path, metavar="FILE", help="histories of the sessions with findings, as JSON")
    given = parser.parse_args()
    plan = Plan(given.seconds, given.seed, given.instances, given.calls)
    console = Console(width=None if sys.stdout.isatty() else 120)
    console.print(f"seed {plan.seed}: {plan.instances} instances, {plan.slots} calls at a time, {plan.seconds:.0f} s")
    result = uvloop.run(_run(plan, given.postgres))
    show(result, console)
    if given.dump and result.histories:
        given.dump.write_bytes(orjson.dumps(_histories(result), option=orjson.OPT_INDENT_2))
    return 0 if result.passed else 1


async def _run(plan: Plan, postgres: bool) -> Result:
    task = asyncio.current_task()
    assert task is not None
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)
    with contextlib.ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="coach-chaos-")))
        several = plan.instances > 1
        redis = stack.enter_context(running_redis()) if several else None
        database = stack.enter_context(running_postgres()) if several or postgres else None
        return await run(plan, stack.enter_context(nursery()), folder, redis, database)


def show(result: Result, console: Console) -> None:
    """The table."""
    verdict = result.verdict
    table = Table("", "count", "", show_header=False)
    for name, value, what in (
        ("calls", verdict.sessions, "from hello to `ended`"),
        ("finals sent", verdict.sent, ""),
        ("acked", verdict.acked, ""),
        (
            "events delivered",
            verdict.delivered,
            f"durable ones, at all subscribers; {verdict.void} taken back by crashes",
        ),
        ("resumed", verdict.resumed, "came back and missed nothing"),
        ("told", verdict.told, "came back and were given the state (`resumed: false`)"),
        ("gaps mended", verdict.beats, "shown by a heartbeat, closed by a resume"),
    ):
        table.add_row(name, f"{value:,}", what)
    table.add_section()
    for kind, what in KINDS.items():
        count = verdict.count(kind)
        table.add_row(kind, f"[red]{count}[/red]" if count else "0", what)
    table.add_section()
    for name, values in (("recovery", verdict.recovery_s), ("final to ack", verdict.ack_s)):
        shares = [percentile(values, share) for share in (0.5, 0.99, 1.0)]
        shown = " / ".join("–" if each is None else f"{each:.2f}" for each in shares)
        table.add_row(name, shown, f"seconds, p50 / p99 / longest of {len(values):,}")
    console.print(table)
    faults = Counter(name.split()[0] for _, name in result.faults)
    console.print("faults: " + ", ".join(f"{name} {count}" for name, count in sorted(faults.items())))
    for finding in verdict.findings[:SHOWN]:
        console.print(f"{finding.kind}: {finding.session}, {finding.client}: {finding.what}", markup=False)
    for problem in result.problems:
        console.print(problem, markup=False)
    console.print(f"seed {result.plan.seed}: {'every promise kept' if result.passed else 'BROKEN'}")


def _histories(result: Result) -> object:
    return {
        "faults": result.faults,
        "sessions": {
            session: {
                "stored": asdict(stored) if stored else None,
                "logs": [
                    {**asdict(log), "entries": [{"kind": type(e).__name__, **asdict(e)} for e in log.entries]}
                    for log in logs
                ],
            }
            for session, (logs, stored) in result.histories.items()
        },
    }


if __name__ == "__main__":
    sys.exit(main())
