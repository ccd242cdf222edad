"""The figures as tables for a person, and as JSON for a comparison."""

from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import orjson
from rich.console import Console
from rich.table import Table

from benchmarks.fanout import FanoutFigures
from benchmarks.figures import Latency
from benchmarks.latency import LevelFigures
from benchmarks.memory import MemoryFigures

BUSY = 0.9
"""A generator busier than this is part of what was measured."""
NOISY = 0.1
"""If others took more than this of the server's core, latencies are of their making, too."""


@dataclass(slots=True)
class Report:
    """Everything one run found; parts that were not asked for are empty."""

    machine: dict[str, Any]
    plan: str
    took_s: float = 0.0
    latency: list[LevelFigures] = field(default_factory=list)
    fanout: list[FanoutFigures] = field(default_factory=list)
    memory: MemoryFigures | None = None

    def write(self, path: Path) -> None:
        """As JSON."""
        path.write_bytes(orjson.dumps(asdict(self), option=orjson.OPT_INDENT_2) + b"\n")

    def show(self, console: Console) -> None:
        """As tables, with what makes a figure doubtful below them."""
        for name, value in self.machine.items():
            text = ", ".join(f"{key} {version}" for key, version in value.items()) if isinstance(value, dict) else value
            console.print(f"{name}: {text}", highlight=False, style="dim")
        if self.latency:
            console.print(_latency(self.latency))
        if self.fanout:
            console.print(_fanout(self.fanout))
        if self.memory:
            console.print(_memory(self.memory))
        for doubt in self.doubts():
            console.print(f"! {doubt}", style="yellow")
        console.print(f"{self.plan} run, {self.took_s:.0f} s", style="dim")

    def doubts(self) -> list[str]:
        """What went wrong, or makes a figure say something else than it seems to."""
        found = []
        for level in self.latency:
            where = f"{level.sessions} sessions"
            if level.missing or level.strange or level.errors:
                came = f"{level.missing} objections missing, {level.strange} strange"
                found.append(f"{where}: {came}{_codes(level.errors)}")
            if level.unacked:
                found.append(f"{where}: {level.unacked} finals without an ack, so the acks' percentiles are too good")
            if (level.others_share or 0) > NOISY:
                found.append(f"{where}: others took {level.others_share:.0%} of the server's core")
            if level.generator_share > BUSY:
                found.append(f"{where}: the generator was {level.generator_share:.0%} busy")
        for each in self.fanout:
            where = f"{each.watchers} watchers"
            if each.missing or each.errors:
                found.append(f"{where}: {each.missing} deliveries missing{_codes(each.errors)}")
            others = max(each.others_share or 0, each.half_others_share or 0)
            if others > NOISY:
                found.append(f"{where}: others took {others:.0%} of the server's core")
            if max(each.generator_share, each.half_generator_share) > BUSY:
                found.append(
                    f"{where}: the generator was {max(each.generator_share, each.half_generator_share):.0%} busy"
                )
        return found


def _latency(levels: list[LevelFigures]) -> Table:
    table = _table(
        "1. Latency at 4 frames a second a session: p50 / p99 ms (samples)",
        *("sessions", "frame → objection", "frame → card", "final → ack", "card in server p99", "≤ 5 ms"),
        *("µs a frame", "frames out", "server", "generator", "late p99", "others"),
    )
    for level in levels:
        table.add_row(
            f"{level.sessions:,}",
            *map(_spread, (level.objection, level.card, level.ack)),
            "–" if level.card_server_p99_ms is None else f"{level.card_server_p99_ms:.2f}",
            _share(level.card_server_in_time, 1),
            f"{level.server_us_per_frame:.0f}",
            f"{level.frames_out_per_frame:.1f}",
            *map(_share, (level.server_share, level.generator_share)),
            f"{level.late_p99_ms:.2f}",
            _share(level.others_share),
        )
    return table


def _fanout(each: list[FanoutFigures]) -> Table:
    table = _table(
        f"2. Fan-out of one session: durable frames, {each[0].window} finals under way at saturation",
        *(
            "watchers",
            "joined in",
            "frames/s",
            "low – high",
            "finals/s",
            "MiB/s",
            "µs a frame",
            "server",
            "generator",
            "others",
        ),
        *("half: finals/s", "p50 / p99 ms (samples)", "server", "generator", "others"),
    )
    for row in each:
        table.add_row(
            f"{row.watchers:,}",
            f"{row.join_s:.1f} s",
            f"{row.frames_per_s:,.0f}",
            f"{row.frames_per_s_low:,.0f} – {row.frames_per_s_high:,.0f}",
            f"{row.finals_per_s:,.0f}",
            f"{row.mib_per_s:.1f}",
            f"{row.server_us_per_frame:.1f}",
            *map(_share, (row.server_share, row.generator_share, row.others_share)),
            f"{row.half_finals_per_s:,.0f}",
            _spread(row.half),
            *map(_share, (row.half_server_share, row.half_generator_share, row.half_others_share)),
        )
    return table


def _memory(memory: MemoryFigures) -> Table:
    table = _table("3. Memory of the server", "of what", "each", "measured on")
    table.add_row("the server alone", f"{memory.base_mib:.0f} MiB", "1")
    table.add_row("an idle /watch socket", f"{memory.idle_socket_kib:.1f} KiB", f"{memory.idle_sockets:,}")
    table.add_row("a session, opened", f"{memory.opened_session_kib:.1f} KiB", f"{memory.sessions:,}")
    spoken = f"a session after {memory.spoken_frames} frames"
    table.add_row(spoken, f"{memory.spoken_session_kib:.1f} KiB", f"{memory.sessions:,}")
    return table


def _table(title: str, *columns: str) -> Table:
    table = Table(title=title, title_justify="left", title_style="bold")
    for number, column in enumerate(columns):
        table.add_column(column, justify="right" if number else "left")
    return table


def _spread(latency: Latency | None) -> str:
    if latency is None:
        return "–"
    top = f"{latency.p99_ms:.2f}" + (" max" if latency.is_max else "")
    return f"{latency.p50_ms:.2f} / {top} ({latency.samples:,})"


def _share(share: float | None, digits: int = 0) -> str:
    return "–" if share is None else f"{share:.{digits}%}"


def _codes(errors: dict[str, int]) -> str:
    return "".join(f", {count} × {code}" for code, count in errors.items())
