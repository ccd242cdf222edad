"""The rows as one table, for a terminal or as Markdown, with what makes them doubtful."""

import re
from collections import Counter
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path

from rich.console import Console
from rich.table import Table

from benchmarks.peers.results import Results
from benchmarks.peers.roster import BY_NAME, CROSS
from benchmarks.peers.verdicts import Row, Spread

BUSY = 0.95
"""A generator busier than this, beside a server that is not fully busy, is what was measured."""
FULL = 0.97
WAITED = 0.1
"""A server or a generator that was kept from its core for more than this share of a sample was not alone."""
LATE_MS = 1.0
COLUMNS = ("what", "watchers", "peer", "Coach", "peer's", "unit", "ratio", "low – high", "target", "")
BEGIN, END = "<!-- peers -->", "<!-- /peers -->"
VERDICTS = {None: "", True: "kept", False: "MISSED"}


def cells(row: Row) -> tuple[str, ...]:
    """A row as text."""
    return (
        row.what,
        f"{row.n:,}" if row.n else "",
        row.peer,
        _number(row.coach.median),
        _number(row.other.median) if row.other else "",
        row.unit,
        f"{row.ratio.median:.2f}" if row.ratio else "",
        _range(row.ratio or (row.coach if row.coach.low != row.coach.high else None)),
        str(row.target) if row.target else "",
        VERDICTS[row.reached],
    )


def show(rows: Iterable[Row], console: Console) -> None:
    """On a terminal."""
    table = Table(title="Coach beside its peers: ratios are Coach's figure to the peer's", title_justify="left")
    for number, column in enumerate(COLUMNS):
        table.add_column(column, justify="left" if number in (0, 2, 5, 9) else "right")
    before = None
    for row in rows:
        first, *rest = cells(row)
        if before == (row.what, row.n):
            first, rest[0] = "", ""
        elif before is not None:
            table.add_section()
        before = row.what, row.n
        table.add_row(first, *rest, style="red" if row.reached is False else None)
    console.print(table)


def markdown(rows: Iterable[Row]) -> str:
    """For the documentation: what repeats itself is left out."""
    lines = [f"| {' | '.join(COLUMNS)} |", "|---|---:|---|---:|---:|---|---:|---:|---:|---|"]
    before = None
    for row in rows:
        first, *rest = cells(row)
        if before == (row.what, row.n):
            first, rest[0] = "", ""
        before = row.what, row.n
        lines.append(f"| {' | '.join((first, *rest))} |")
    return "\n".join(lines)


def keep(rows: Iterable[Row], machine: str, page: Path) -> None:
    """Write the table between the page's markers."""
    text = page.read_text(encoding="utf-8")
    block = f"{BEGIN}\n`make bench-peers` on {datetime.now(UTC).date()}: {machine}.\n\n{markdown(rows)}\n{END}"
    page.write_text(re.sub(f"{BEGIN}.*?{END}", lambda _: block, text, flags=re.DOTALL), encoding="utf-8")


def doubts(results: Results) -> list[str]:
    """What went wrong, or makes a figure say something else than it seems to."""
    wrong: Counter[str] = Counter()
    bounded, noisy, late, count = 0, 0, 0.0, 0
    for sample in results.samples:
        server = BY_NAME[sample["server"]]
        where = f"{server.title}, {sample['part']} {sample['n']} {sample['kind']}"
        if not sample["kind"].startswith("try"):
            wrong[f"{where}: deliveries missing"] += sample.get("missing") or 0
            for code, times in (sample.get("errors") or {}).items():
                wrong[f"{where}: {code}"] = max(times, wrong[f"{where}: {code}"])
        count += "server_share" in sample
        beside = max(sample.get("generator_share") or 0, sample.get("beside_share") or 0)
        bounded += beside > BUSY and sample["server_share"] < FULL
        noisy += sample["part"] != CROSS and (sample.get("waited_share") or 0) > WAITED
        late = max(late, sample.get("late_p99_ms") or 0)
    found = [f"{what}: {times}" for what, times in wrong.items() if times]
    if bounded:
        found.append(
            f"{bounded} of {count} samples: the generator's core was over {BUSY:.0%} busy, the server's not full"
        )
    if noisy:
        found.append(
            f"{noisy} of {count} samples: others kept the server or the generator from its core"
            f" for over {WAITED:.0%} of the time"
        )
    if late > LATE_MS:
        found.append(f"the generator missed its own schedule by up to {late:.1f} ms (p99 of a sample)")
    return found


def _number(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.1f}" if abs(value) >= 10 else f"{value:.2f}"


def _range(spread: Spread | None) -> str:
    return f"{_number(spread.low)} – {_number(spread.high)}" if spread is not None else ""
