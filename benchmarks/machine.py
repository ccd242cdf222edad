"""What a figure needs beside it to mean anything: the machine, the versions, the state of the code."""

import importlib.metadata
import os
import platform
import subprocess
from pathlib import Path
from typing import Any

from benchmarks.cores import Cores
from benchmarks.server import PROJECT

PACKAGES = ("uvicorn", "websockets", "uvloop", "starlette", "orjson", "SQLAlchemy", "aiosqlite")


def describe(cores: Cores) -> dict[str, Any]:
    """Facts in the order in which they are printed."""
    return {
        "cpu": _cpu(),
        "cores": os.cpu_count(),
        "server on core": cores.server,
        "generator on core": cores.generator,
        "load average before": [round(load, 2) for load in os.getloadavg()],
        "kernel": f"{platform.system()} {platform.release()}",
        "python": platform.python_version(),
        "packages": {name: importlib.metadata.version(name) for name in PACKAGES},
        "code": _commit(),
    }


def _cpu() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.machine()


def _commit() -> str:
    """The commit, and whether the server's code differs from it."""
    try:
        commit = _git("rev-parse", "--short", "HEAD")
        return commit + (" with changes" if _git("status", "--porcelain", "--", "coach") else "")
    except (OSError, subprocess.SubprocessError):
        return "unknown"


def _git(*arguments: str) -> str:
    done = subprocess.run(["git", *arguments], cwd=PROJECT, capture_output=True, text=True, check=True, timeout=10)
    return done.stdout.strip()
