"""`python -m scripts.gap`: how far the languages of the labelled calls lie apart, and how sure that is.

Objections' macro-F1 by language, and the difference of the best and the worst one with its 95 % interval: the calls of
each language are drawn anew, with replacement, `DRAWS` times (bootstrap by call). The calls and `score.py` are where
`scripts.evaluate` finds them.
"""

import asyncio
import importlib.util
import random
import sys
from collections import Counter
from pathlib import Path
from types import ModuleType
from typing import Any

import orjson

from benchmarks.cores import Cores
from benchmarks.server import serving
from coach.taxonomy import CATEGORIES
from scripts.evaluate import folder

DRAWS = 5_000
SEED = 1
Counts = tuple[Counter[str], Counter[str], Counter[str]]
"""A call's hits, false alarms and misses by category."""


def macro_f1(calls: list[Counts]) -> float:
    """Over the categories that occur in these calls, as `score.py` has it."""
    hits, alarms, misses = (sum((call[part] for call in calls), Counter[str]()) for part in range(3))
    found = [name for name in CATEGORIES if hits[name] + misses[name]]
    return sum(2 * hits[n] / (2 * hits[n] + alarms[n] + misses[n]) for n in found) / max(1, len(found))


def spread(calls: dict[str, list[Counts]], best: str, worst: str, draws: int = DRAWS) -> tuple[float, float]:
    """The 95 % interval of the difference between two languages."""
    rng = random.Random(SEED)
    drawn = sorted(
        macro_f1(rng.choices(calls[best], k=len(calls[best])))
        - macro_f1(rng.choices(calls[worst], k=len(calls[worst])))
        for _ in range(draws)
    )
    return drawn[int(0.025 * draws)], drawn[int(0.975 * draws)]


async def counted(where: Path) -> dict[str, list[Counts]]:
    """Each call's counts, by language, from a fresh server."""
    score = _scorer(where / "score.py")
    found: dict[str, list[Counts]] = {}
    async with serving(Cores(None, None)) as server:
        for path in sorted((where / "calls").glob("*.json")):
            call: dict[str, Any] = orjson.loads(path.read_bytes())
            tally = score.Tally()
            tally.add(call, *await score.replay(f"ws://127.0.0.1:{server.port}", call, 1, None))
            labels = tally.objections
            found.setdefault(call["language"], []).append((labels.tp, labels.fp, labels.fn))
    return found


def _scorer(path: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location("score", path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def main() -> None:
    """Count, draw, print."""
    where = folder()
    if not (where / "calls").is_dir():
        print(f"no labelled calls in {where}: name their folder in COACH_EVAL", file=sys.stderr)  # noqa: T201
        raise SystemExit(2)
    calls = asyncio.run(counted(where))
    figures = {language: macro_f1(each) for language, each in calls.items()}
    best, worst = max(figures, key=figures.__getitem__), min(figures, key=figures.__getitem__)
    low, high = spread(calls, best, worst)
    print("  ".join(f"{language} {figure:.3f}" for language, figure in sorted(figures.items())))  # noqa: T201
    print(f"{best} - {worst}: {figures[best] - figures[worst]:.3f}, 95 % between {low:.3f} and {high:.3f}")  # noqa: T201


if __name__ == "__main__":
    main()
