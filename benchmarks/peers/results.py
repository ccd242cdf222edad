"""The samples of a run, in a file with one JSON object a line, so that a run that was stopped goes on where it was."""

import statistics
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import orjson

Sample = dict[str, Any]
KEY = ("part", "n", "kind", "server", "round", "slot")
"""What tells samples apart. A round visits Coach more than once: `slot` is the place in it."""


class Results:
    """Samples by key; each is on disk when `add` returns."""

    def __init__(self, path: Path, head: dict[str, Any]) -> None:
        """Go on with `path` if it was begun with the same `same` in its head, else begin it anew."""
        self.path = path
        self.head = head
        self.samples: list[Sample] = []
        # What was cut in the middle of a line was not kept.
        lines = path.read_bytes().splitlines(keepends=True) if path.exists() else []
        known, *samples = [orjson.loads(line) for line in lines if line.endswith(b"\n")] or [{}]
        if known.get("same") == head["same"]:
            self.head, self.samples = known, samples
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"".join(orjson.dumps(each) + b"\n" for each in (self.head, *self.samples)))

    def has(self, key: Sample) -> bool:
        """Whether it was measured."""
        return any(all(sample.get(name) == key.get(name) for name in KEY) for sample in self.samples)

    def add(self, key: Sample, figures: Sample) -> None:
        """Keep one."""
        sample = {**key, **figures}
        self.samples.append(sample)
        with self.path.open("ab") as out:
            out.write(orjson.dumps(sample) + b"\n")

    def of(self, **wanted: Any) -> Iterator[Sample]:
        """Those that match."""
        return (sample for sample in self.samples if all(sample.get(name) == value for name, value in wanted.items()))

    def median(self, figure: str, **wanted: Any) -> float | None:
        """Of all that match and have the figure."""
        values = [sample[figure] for sample in self.of(**wanted) if sample.get(figure) is not None]
        return statistics.median(values) if values else None
