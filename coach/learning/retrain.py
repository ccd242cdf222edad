"""`coach learn`: the packs' text and the team's, against the packs' alone, on the same held-out rows."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from coach.detect.files import save
from coach.learning.corpus import Row, fingerprint
from coach.learning.corpus import rows as rows_of
from coach.learning.train import (
    FALSE_ALARMS,
    OBJECTIONS,
    Data,
    Fitted,
    Floats,
    f1,
    false_alarms,
    fit,
    fit_kinds,
    prepare,
)
from coach.packs.knowledge import Knowledge
from coach.taxonomy import Language


@dataclass(frozen=True, slots=True)
class Figures:
    """On calls that were held out: macro-F1 of objections and of signals, false alarms a clean client turn."""

    objections: float
    signals: float
    false_alarms: float


@dataclass(frozen=True, slots=True)
class Learned:
    """What a language has learned. `better`: whether it should be used."""

    language: Language
    rows: int
    """The team's"""
    before: Figures
    after: Figures

    @property
    def better(self) -> bool:
        """Not worse in any figure, to a thousandth, and better in the objections or the signals."""
        gain = self.after.objections - self.before.objections, self.after.signals - self.before.signals
        return min(gain) > -0.001 and max(gain) > 0 and self.after.false_alarms <= self.before.false_alarms + 0.005


def learn(language: Language, own: list[Row], packs: dict[str, Knowledge], folder: Path) -> Learned:
    """Train with the team's rows; write the model to `folder` only if it is better on held-out calls.

    Both sides are measured on the same calls, the packs' and the team's. Minutes of one core.
    """
    data = prepare([*rows_of(language), *own], language, packs)
    theirs = np.array([group.startswith("team:") for group in data.groups])
    after = fit(data, FALSE_ALARMS[language])
    before = fit(data.take(~theirs), FALSE_ALARMS[language])
    known = np.empty_like(after.held_out)
    known[~theirs] = before.held_out
    known[theirs] = before.predict(data.take(theirs))
    found = Learned(language, len(own), _figures(known, before, data), _figures(after.held_out, after, data))
    if found.better:
        kinds = fit_kinds(data)
        weights = np.concatenate([after.weights, kinds.weights], axis=1)
        save(folder / f"{language}.npz", weights, fingerprint(language), **after.columns, **kinds.columns)
    return found


def _figures(odds: Floats, fitted: Fitted, data: Data) -> Figures:
    margins, truth = fitted.margins(odds, data)[data.in_call], data.truth[data.in_call]
    scores = f1(margins, truth)
    alarms = false_alarms(margins, truth)
    return Figures(float(scores[:OBJECTIONS].mean()), float(scores[OBJECTIONS:].mean()), alarms)
