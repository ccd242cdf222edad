"""How cost grows with watchers, sessions and call length: pictures of a run's samples.

Run by the peers' own Python, which has matplotlib: `plots.py RESULTS.jsonl FOLDER`.
"""

import json
import statistics
import sys
from collections import defaultdict
from pathlib import Path
from typing import Any

import matplotlib

matplotlib.use("svg")
from matplotlib import pyplot
from matplotlib.axes import Axes

TITLES = {
    "coach": "Coach",
    "uvicorn": "uvicorn, bare",
    "starlette": "Starlette",
    "aiohttp": "aiohttp",
    "broadcaster": "broadcaster",
    "channels": "Channels",
    "channels-redis": "Channels, Redis",
    "socketio-py": "python-socketio",
    "ws": "Node ws",
    "socketio": "Node socket.io",
}
COLOURS = {name: f"C{number}" for number, name in enumerate(list(TITLES)[1:])} | {"coach": "black"}
Samples = list[dict[str, Any]]


def main(results: Path, folder: Path) -> None:
    """All pictures for which there are samples."""
    samples = [json.loads(line) for line in results.read_text(encoding="utf-8").splitlines()[1:]]
    pyplot.rcParams.update(
        {"svg.hashsalt": "peers", "svg.fonttype": "none", "font.size": 9, "axes.grid": True, "grid.alpha": 0.3}
    )
    folder.mkdir(parents=True, exist_ok=True)
    for name, draw in (("fanout", fanout), ("sessions", sessions), ("call", call)):
        figure, axes = pyplot.subplots(1, 2, figsize=(10, 4), layout="constrained")
        if draw(samples, axes):
            if len(axes[1].lines) > 1:
                axes[1].legend(fontsize=7)
            figure.savefig(folder / f"peers-{name}.svg", metadata={"Date": None})
        pyplot.close(figure)


def fanout(samples: Samples, axes: tuple[Axes, Axes]) -> bool:
    """Delivered events and their cost by watchers."""
    full = [sample for sample in samples if sample["part"] == "fan-out" and sample["kind"] == "full"]
    for axis, figure, title in zip(
        axes, ("frames_per_s", "us_per_frame"), ("events delivered a second", "CPU, µs for each"), strict=True
    ):
        for server, points in _medians(full, figure).items():
            _line(axis, server, points)
        axis.set(xscale="log", yscale="log", xlabel="watchers", title=title)
    return bool(full)


def sessions(samples: Samples, axes: tuple[Axes, Axes]) -> bool:
    """Latency and cost by live sessions at four frames a second."""
    tries = [sample for sample in samples if sample["kind"] in ("try natural", "natural") and sample["p99_ms"]]
    for sample in tries:
        sample["n"] = sample["sessions"]
    for axis, figure, title in zip(
        axes, ("p99_ms", "us_per_frame"), ("p99, ms (peers only echo)", "CPU, µs a frame"), strict=True
    ):
        for server, points in _medians(tries, figure).items():
            _line(axis, server, points)
        axis.set(xscale="log", yscale="log", xlabel="live sessions, 4 frames a second each", title=title)
    axes[0].axhline(50, color="grey", linestyle=":")
    return bool(tries)


def call(samples: Samples, axes: tuple[Axes, Axes]) -> bool:
    """Cost and memory of a session by the minutes of its call."""
    minutes = [sample for sample in samples if sample["kind"] == "call"]
    for axis, figure, title in zip(axes, ("us_per_frame", "kib"), ("CPU, µs a frame", "KiB a session"), strict=True):
        axis.plot([sample["minute"] for sample in minutes], [sample[figure] for sample in minutes], color="black")
        axis.set(xlabel="minute of the call", title=title, ylim=(0, None))
    return bool(minutes)


def _medians(samples: Samples, figure: str) -> dict[str, list[tuple[int, float]]]:
    """By server: the medians by `n`."""
    found: defaultdict[str, defaultdict[int, list[float]]] = defaultdict(lambda: defaultdict(list))
    for sample in samples:
        if sample["server"] in TITLES and sample.get(figure):
            found[sample["server"]][sample["n"]].append(sample[figure])
    return {
        server: [(n, statistics.median(values)) for n, values in sorted(by_n.items())]
        for server, by_n in sorted(found.items(), key=lambda item: list(TITLES).index(item[0]))
    }


def _line(axis: Axes, server: str, points: list[tuple[int, float]]) -> None:
    wide = 2.5 if server == "coach" else 1.2
    axis.plot(
        *zip(*points, strict=True),
        marker="o",
        markersize=3,
        linewidth=wide,
        color=COLOURS[server],
        label=TITLES[server],
    )


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
