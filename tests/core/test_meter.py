"""Figures of the call."""

import pytest

from coach.session.meter import Meter
from coach.taxonomy import ARCHETYPES

EVEN = dict.fromkeys(ARCHETYPES, 1 / len(ARCHETYPES))


def fields(meter: Meter, objections: dict[str, int] | None = None, handled: int = 0) -> dict[str, float]:
    return meter.fields(objections or {}, handled, EVEN)


def test_talk_ratio_and_pace() -> None:
    meter = Meter()
    assert meter.talk_ratio == 0.5
    meter.heard("seller", 50, 0, 20_000)
    meter.heard("client", 10, 20_000, 25_000)
    assert meter.talk_ratio == 0.8 and meter.words_per_minute == 150


def test_monologue_survives_a_backchannel_but_not_an_answer() -> None:
    meter = Meter()
    meter.heard("seller", 50, 0, 30_000)
    meter.heard("client", 1, 30_000, 30_500)
    meter.heard("seller", 50, 31_000, 60_000)
    assert meter.longest_monologue_ms == 60_000
    meter.heard("client", 8, 60_000, 64_000)
    meter.heard("seller", 5, 64_000, 66_000)
    assert (meter.monologue_ms, meter.longest_monologue_ms) == (2_000, 60_000)


@pytest.mark.parametrize(
    ("figure", "kind", "up"),
    [
        ("purchase_likelihood", "next_step", True),
        ("churn_risk", "agreement", False),
        ("fun_drive", "trial", True),
        ("fun_drive", "financing", False),
        ("overnight_value", "ownership_language", True),
    ],
)
def test_signals_move_the_figures(figure: str, kind: str, up: bool) -> None:
    before, meter = fields(Meter())[figure], Meter(signals={kind: 1})
    assert (fields(meter)[figure] > before) is up


@pytest.mark.parametrize("category", ["price", "need", "trust", "stall", "competition"])
def test_open_objections_lower_the_likelihood_and_raise_the_risk(category: str) -> None:
    calm, open_ = fields(Meter()), fields(Meter(), {category: 1})
    assert open_["purchase_likelihood"] < calm["purchase_likelihood"]
    assert open_["churn_risk"] > calm["churn_risk"]
    assert fields(Meter(), {}, 2)["purchase_likelihood"] > calm["purchase_likelihood"]


def test_figures_stay_in_their_ranges() -> None:
    wild = Meter(signals=dict.fromkeys(("next_step", "trial", "financing", "ownership_language"), 500))
    for figures in (fields(wild), fields(Meter(), {"need": 50, "stall": 50}, 50)):
        assert 0 <= figures["purchase_likelihood"] <= 100 and 0 <= figures["churn_risk"] <= 100
        assert 0 <= figures["fun_drive"] <= 10 and 0 <= figures["overnight_value"] <= 10
