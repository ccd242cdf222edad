"""Laws of the house, as tests: who may import whom, what is banned, how long a file may be."""

import ast
from pathlib import Path

import pytest

import coach

HOUSE = Path(coach.__file__).parent
FILES = sorted(path for path in HOUSE.rglob("*.py") if "migrations" not in path.parts)
PURE = ("session", "detect", "taxonomy.py")
MAY_IMPORT = {
    "session": {"session", "detect", "packs", "taxonomy", "wire"},
    "detect": {"detect", "packs", "taxonomy"},
    "wire": {"wire", "taxonomy"},
    "packs": {"packs", "detect", "taxonomy"},
    "bus": {"bus", "log", "settings", "telemetry"},
    "store": {"store", "settings", "telemetry"},
    "suggest": {"suggest", "session", "detect", "packs", "settings", "telemetry", "taxonomy", "clock"},
}
IMPURE = {"asyncio", "time", "random", "secrets", "datetime", "socket", "threading", "os", "structlog"}


def imports(path: Path) -> set[str]:
    names = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names |= {node.module} if node.module != "coach" else {f"coach.{alias.name}" for alias in node.names}
    return names


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(HOUSE)))
def test_file_keeps_the_laws(path: Path) -> None:
    room = path.relative_to(HOUSE).parts[0]
    found = imports(path)
    own = {name.split(".")[1] for name in found if name.startswith("coach.")}
    if room in MAY_IMPORT:
        assert own <= MAY_IMPORT[room], f"{room} imports {sorted(own - MAY_IMPORT[room])}"
    if room in PURE:
        assert not {name.split(".")[0] for name in found} & IMPURE, "the core has no clock, no I/O, no chance"
    source = path.read_text(encoding="utf-8")
    assert len(source.splitlines()) <= 450
    assert ast.get_docstring(ast.parse(source)) or path.name == "__init__.py"
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "Queue":
            assert node.args or node.keywords, "a queue without a limit"
