"""How good the detector is on the labelled calls, as a user's scorer measures it: floors under what was reached."""

import json
from collections import Counter
from pathlib import Path

import pytest

from scripts.evaluate import evaluate, folder
from scripts.gap import Counts, macro_f1, spread

LEAST = {
    ("objections", "macro_f1"): 0.64,
    ("objections", "early"): 0.8,
    ("signals", "macro_f1"): 0.55,
    ("archetype", "top1"): 0.7,
    ("disc", "top1"): 0.55,
}
MOST = {
    ("objections", "false_alarms_per_clean_turn"): 0.055,
    ("objections", "seller_turn_alarms"): 0,
    ("objections", "retracted_per_100_turns"): 4,
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


def counts(hits: dict[str, int], alarms: dict[str, int], misses: dict[str, int]) -> Counts:
    return Counter(hits), Counter(alarms), Counter(misses)


def test_macro_f1_is_over_the_categories_that_occur() -> None:
    calls = [counts({"price": 2}, {"price": 1, "need": 5}, {"price": 1}), counts({}, {}, {"trust": 1})]
    assert macro_f1(calls) == pytest.approx((2 * 2 / (2 * 2 + 1 + 1) + 0) / 2)


def test_interval_holds_the_difference_and_is_none_where_all_calls_are_alike() -> None:
    good, bad = counts({"price": 1}, {}, {}), counts({}, {}, {"price": 1})
    low, high = spread({"pl": [good, good, bad], "en": [good, bad, bad]}, "pl", "en", draws=500)
    assert low < 0.8 - 0.5 < high
    assert spread({"pl": [good] * 3, "en": [bad] * 3}, "pl", "en", draws=50) == (1.0, 1.0)
