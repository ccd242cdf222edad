"""`make eval`: the scorers of the labelled calls against a server that this starts; keeps their table in docs/detection.md.

The calls, `score.py` and `score_real.py` are in the folder `COACH_EVAL`, by default `../shared/eval`.
Exit code 2 where they are not there.
"""

import asyncio
import os
import re
import sys
from datetime import UTC, datetime
from pathlib import Path

from benchmarks.cores import Cores
from benchmarks.server import serving

PROJECT = Path(__file__).resolve().parent.parent
PAGE = PROJECT / "docs" / "detection.md"
BEGIN, END = "<!-- eval -->", "<!-- /eval -->"
SECONDS = 900


def folder() -> Path:
    """Where the labelled calls are, or would be."""
    return Path(os.environ.get("COACH_EVAL", PROJECT.parent / "shared" / "eval"))


async def evaluate(where: Path, report: Path | None = None) -> str:
    """What both scorers print, from a fresh server."""
    async with serving(Cores(None, None)) as server:
        url = f"ws://127.0.0.1:{server.port}"
        wanted = ["--json", str(report)] if report is not None else []
        calls = await _run(where / "score.py", str(where / "calls"), "--url", url, *wanted)
        real = await _run(where / "score_real.py", str(where / "real_en_dev.jsonl"), "--url", url)
    # How fast it was says nothing of the detector.
    return "\n".join(line for line in (calls + real).splitlines() if not line.endswith("frames/s"))


def keep(table: str, page: Path = PAGE) -> None:
    """Write the table between the page's markers."""
    text = page.read_text(encoding="utf-8")
    day = datetime.now(UTC).date()
    block = f"{BEGIN}\n`make eval` on {day}:\n\n```\n{table}\n```\n{END}"
    page.write_text(re.sub(f"{BEGIN}.*?{END}", lambda _: block, text, flags=re.DOTALL), encoding="utf-8")


async def _run(script: Path, *words: str) -> str:
    process = await asyncio.create_subprocess_exec(sys.executable, str(script), *words, stdout=asyncio.subprocess.PIPE)
    async with asyncio.timeout(SECONDS):
        out, _ = await process.communicate()
    if process.returncode:
        raise SystemExit(f"{script.name} failed with exit code {process.returncode}")
    return out.decode()


def main() -> None:
    """Evaluate, print, keep."""
    where = folder()
    if not (where / "calls").is_dir():
        print(f"no labelled calls in {where}: name their folder in COACH_EVAL", file=sys.stderr)  # noqa: T201
        raise SystemExit(2)
    table = asyncio.run(evaluate(where))
    print(table)  # noqa: T201
    keep(table)


if __name__ == "__main__":
    main()
