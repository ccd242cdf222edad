"""The call in figures. Every formula, with its reason, stands in docs/metrics.md; weights are in log-odds."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from coach.taxonomy import Archetype, Category, SignalKind, Speaker

PACE_FINALS = 20
"""Pace is that of the seller's last 20 finals: about two minutes of talk."""
BACKCHANNEL_WORDS = 2
"""A client's "mhm, okay" does not end the seller's monologue."""
HANDLED_MOST = 3
TALK_RATIO_HIGH = 0.7

SIGNAL_WEIGHT: dict[SignalKind, float] = {
    "next_step": 1.2,
    "ownership_language": 0.9,
    "agreement": 0.8,
    "financing": 0.7,
    "trial": 0.7,
    "timeline": 0.6,
    "configuration": 0.6,
    "price_inquiry": 0.4,
    "social_proof": 0.3,
}
OBJECTION_WEIGHT: dict[Category, float] = {
    "need": 1.0,
    "trust": 0.9,
    "competition": 0.9,
    "stall": 0.8,
    "timing": 0.7,
    "product_fit": 0.7,
    "price": 0.6,
    "authority": 0.5,
}
CHURN_WEIGHT: dict[Category, float] = {
    "stall": 1.0,
    "competition": 1.0,
    "trust": 0.9,
    "need": 0.9,
    "timing": 0.5,
    "price": 0.5,
    "product_fit": 0.5,
    "authority": 0.3,
}


@dataclass(slots=True)
class Meter:
    """Counts of finals and findings. Sums are in milliseconds and words."""

    seller_ms: int = 0
    client_ms: int = 0
    pace: list[tuple[int, int]] = field(default_factory=list)
    """(ms, words) of the seller's last finals, oldest first."""
    monologue_start: int | None = None
    monologue_ms: int = 0
    longest_monologue_ms: int = 0
    signals: dict[str, int] = field(default_factory=dict)
    """Confirmed signals, by kind."""

    def heard(self, speaker: Speaker, words: int, start_ms: int, end_ms: int) -> None:
        """Count one final."""
        took = end_ms - start_ms
        if speaker == "seller":
            self.seller_ms += took
            self.pace = [*self.pace[-(PACE_FINALS - 1) :], (took, words)]
            if self.monologue_start is None:
                self.monologue_start = start_ms
            self.monologue_ms = max(0, end_ms - self.monologue_start)
            self.longest_monologue_ms = max(self.longest_monologue_ms, self.monologue_ms)
        else:
            self.client_ms += took
            if words > BACKCHANNEL_WORDS:
                self.monologue_start, self.monologue_ms = None, 0

    @property
    def talk_ratio(self) -> float:
        """The seller's share of the time anybody spoke, 0–1; 0.5 while nobody has."""
        total = self.seller_ms + self.client_ms
        return self.seller_ms / total if total else 0.5

    @property
    def words_per_minute(self) -> float:
        """The seller's pace."""
        took = sum(ms for ms, _ in self.pace)
        return 60_000 * sum(words for _, words in self.pace) / took if took else 0.0

    def fields(
        self, open_objections: Mapping[str, int], handled: int, shares: dict[Archetype, float]
    ) -> dict[str, Any]:
        """The payload of a `metrics` event. `shares`: probability by archetype."""
        count = self.signals.get
        money = sum(count(kind, 0) for kind in ("price_inquiry", "financing", "timeline", "next_step"))
        likelihood = (
            -0.5
            + sum(weight * _log(count(kind, 0)) for kind, weight in SIGNAL_WEIGHT.items())
            - sum(weight * min(2, open_objections.get(c, 0)) for c, weight in OBJECTION_WEIGHT.items())
            + 0.25 * min(HANDLED_MOST, handled)
        )
        churn = (
            -1.2
            + sum(weight * min(2, open_objections.get(c, 0)) for c, weight in CHURN_WEIGHT.items())
            - 0.4 * _log(count("next_step", 0) + count("agreement", 0))
            + (0.8 if self.talk_ratio > TALK_RATIO_HIGH else 0.0)
        )
        fun = -2.0 + 1.2 * _log(count("trial", 0)) + 2.5 * shares["enthusiast"] - 0.8 * _log(money)
        overnight = (
            -2.2
            + 0.9 * _log(count("ownership_language", 0))
            + 0.7 * _log(count("trial", 0))
            + 0.6 * _log(count("next_step", 0))
            + 1.5 * (shares["guardian"] + shares["enthusiast"])
            + 0.5 * min(2, open_objections.get("product_fit", 0))
            - 0.8 * min(2, open_objections.get("need", 0) + open_objections.get("stall", 0))
        )
        return {
            "purchase_likelihood": round(100 * _share(likelihood), 1),
            "churn_risk": round(100 * _share(churn), 1),
            "fun_drive": round(10 * _share(fun), 1),
            "overnight_value": round(10 * _share(overnight), 1),
            "talk_ratio": round(self.talk_ratio, 3),
            "words_per_minute": round(self.words_per_minute, 1),
            "longest_monologue_ms": self.longest_monologue_ms,
            "open_objections": sum(open_objections.values()),
        }


def _log(count: int) -> float:
    """Diminishing returns: the second question about the price says less than the first."""
    return math.log2(1 + count)


def _share(odds: float) -> float:
    return 1 / (1 + math.exp(-odds))
