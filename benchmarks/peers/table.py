"""The rows as one table, for a terminal or as Markdown, with what makes them doubtful."""

from collections.abc import Iterable

from rich.console import Console
from rich.table import Table

from benchmarks.peers.results import Results
from benchmarks.peers.roster import BY_NAME
from benchmarks.peers.verdicts import Row, Spread

BUSY = 0.95
"""A generator busier than this, beside a server that is not fully busy, is what was measured."""
FULL = 0.97
COLUMNS = ("what", "watchers", "peer", "Coach", "peer's", "unit", "ratio", "low – high", "target", "")
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
    """For the documentation."""
    lines = ["| " + " | ".join(COLUMNS) + " |", "|---|---:|---|---:|---:|---|---:|---:|---:|---|"]
    return "\n".join([*lines, *("| " + " | ".join(cells(row)) + " |" for row in rows)]) + "\n"


def doubts(results: Results) -> list[str]:
    """What went wrong, or makes a figure say something else than it seems to."""
    found: dict[str, int] = {}
    for sample in results.samples:
        server = BY_NAME.get(sample.get("server", ""))
        where = f"{server.title if server else ''}, {sample['part']} {sample['n']} {sample['kind']}"
        if sample.get("missing"):
            found[f"{where}: deliveries missing"] = found.get(f"{where}: deliveries missing", 0) + sample["missing"]
        for code, count in (sample.get("errors") or {}).items():
            found[f"{where}: {code}"] = max(count, found.get(f"{where}: {code}", 0))
        beside = max(sample.get("generator_share") or 0, sample.get("beside_share") or 0)
        if beside > BUSY and (sample.get("server_share") or 1) < FULL:
            what = f"{where}: rounds in which the generator's core was more than {BUSY:.0%} busy, the server's was not"
            found[what] = found.get(what, 0) + 1
        if (sample.get("others_share") or 0) > 0.1:
            what = f"{where}: rounds in which others took more than a tenth of the server's core"
            found[what] = found.get(what, 0) + 1
    return [f"{what}: {count}" for what, count in found.items()]


def _number(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.1f}" if abs(value) >= 10 else f"{value:.2f}"


def _range(spread: Spread | None) -> str:
    return f"{_number(spread.low)} – {_number(spread.high)}" if spread is not None else ""
