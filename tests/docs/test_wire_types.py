"""The browser's types of the wire are those of the server's models."""

import re
import runpy
from typing import Any

import pytest

from coach.wire import server
from tests.docs.test_docs import ROOT

SCRIPT = ROOT / "scripts" / "wire_types.py"


def made() -> dict[str, Any]:
    return runpy.run_path(str(SCRIPT))


def test_the_types_in_the_repository_are_fresh() -> None:
    names = made()
    assert names["TARGET"].read_text(encoding="utf-8") == names["written"](), "run scripts/wire_types.py"


def test_a_field_that_changes_makes_them_stale(monkeypatch: pytest.MonkeyPatch) -> None:
    names = made()
    monkeypatch.delitem(server.CardEvent.model_fields, "ask")
    assert names["TARGET"].read_text(encoding="utf-8") != names["written"]()


def test_every_type_that_is_named_is_also_made() -> None:
    text = made()["written"]()
    code = re.sub(r"/\*\*.*?\*/|'[^']*'", "", text)
    known = set(re.findall(r"export (?:type|interface) (\w+)", code))
    assert set(re.findall(r"\b[A-Z]\w+", code)) - known == {"Record"}
