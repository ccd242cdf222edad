"""How good the detector is on the labelled calls, as a user's scorer measures it: floors under what was reached."""

import json
from pathlib import Path

import pytest

from scripts.evaluate import evaluate, folder

LEAST = {
    ("objections", "macro_f1"): 0.62,
    ("objections", "early"): 0.8,
    ("signals", "macro_f1"): 0.55,
    ("archetype", "top1"): 0.7,
    ("disc", "top1"): 0.55,
}
MOST = {
    ("objections", "false_alarms_per_clean_turn"): 0.07,
    ("objections", "seller_turn_alarms"): 0,
    ("objections", "retracted_per_100_turns"): 5,
}


@pytest.mark.timeout(300)
@pytest.mark.skipif(not (folder() / "calls").is_dir(), reason="needs the labelled calls (COACH_EVAL)")
async def test_figures_stay_above_their_floors(tmp_path: Path) -> None:
    report = tmp_path / "report.json"
    table = await evaluate(folder(), report)
    found = json.loads(report.read_text())["all"]
    low = {name: found[name[0]][name[1]] for name, least in LEAST.items() if found[name[0]][name[1]] < least}
    high = {name: found[name[0]][name[1]] for name, most in MOST.items() if found[name[0]][name[1]] > most}
    assert not low and not high, table
