"""The stage of the call: evidence by stage that fades, and a lead before the stage changes."""

from dataclasses import dataclass, field

from coach.taxonomy import STAGES, Stage

FADE = 0.75
"""Per final: what was said four finals ago counts a third."""
LEAD = 0.6
START = 1.0


@dataclass(slots=True)
class StageTracker:
    """Fed with every final; `stage` is None until the first one."""

    scores: dict[Stage, float] = field(default_factory=lambda: dict.fromkeys(STAGES, 0.0))
    stage: Stage | None = None

    def add(self, evidence: dict[Stage, float]) -> bool:
        """Take one final's evidence in; whether the stage changed."""
        if self.stage is None:
            self.scores["opening"] = START
        for stage in STAGES:
            self.scores[stage] = self.scores[stage] * FADE + min(2.0, evidence.get(stage, 0.0))
        best = max(STAGES, key=lambda stage: self.scores[stage])
        current = self.scores[self.stage] if self.stage else -LEAD
        if best != self.stage and self.scores[best] >= current + LEAD:
            self.stage = best
            return True
        return False

    def confidence(self) -> float:
        """The stage's share of all evidence, 0–1."""
        total = sum(self.scores.values())
        return round(self.scores[self.stage] / total, 3) if self.stage and total else 0.0
