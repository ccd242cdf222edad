"""Trains the learned half on labelled text and says how good it is on text that was held out.

Ridge regression on the labels, in its dual form: one matrix of similarities between rows, one inverse. The same
inverse gives every row's prediction by a model that never saw the row's call, exactly (block leave-one-out), so the
figures, the calibration and the thresholds all come from held-out calls and cost no further training. Raw scores
become log-odds by Platt scaling, which is folded into the weights. Needs SciPy (with scikit-learn a dev tool).
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.linalg import cho_factor, lapack
from scipy.sparse import csr_matrix

from coach.detect.linear import BITS, COLUMN, LABELS, pair_features, row, word_features
from coach.detect.scan import Scan
from coach.detect.score import cue_evidence
from coach.learning.corpus import Row
from coach.packs.knowledge import Knowledge
from coach.taxonomy import CATEGORIES, Language

FALSE_ALARMS = 0.03
"""The target is 0.05 on unseen calls; what other hands wrote is always worse than what was held out."""
BETA_SQUARED = 0.7
"""Below 1: a false alarm costs more than a miss."""
SHRINK = 0.15
CUE_SHRINK = 0.3
BIAS_SHRINK = 0.5
RIDGE = 1.0
"""Scales before the one regularisation strength: hundreds of word features against one of cues."""
OBJECTIONS = len(CATEGORIES)
Floats = npt.NDArray[np.float32]
Flags = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Data:
    """One language's rows as matrices."""

    words: Any
    """(rows, 2^BITS) sparse"""
    cues: Floats
    """(rows, labels)"""
    truth: Flags
    """(rows, labels)"""
    groups: list[str]
    """What each row is held out with."""
    in_call: Flags

    def take(self, chosen: Flags) -> "Data":
        """The chosen rows."""
        groups = [group for group, kept in zip(self.groups, chosen, strict=True) if kept]
        return Data(self.words[chosen], self.cues[chosen], self.truth[chosen], groups, self.in_call[chosen])


@dataclass(frozen=True, slots=True)
class Fitted:
    """A trained model and what it says of each row without having seen the row's group."""

    weights: Floats
    columns: dict[str, Floats]
    """`bias`, `cues`, `threshold` of `coach.detect.linear.Linear`."""
    held_out: Floats
    """(rows, labels) log-odds"""


def prepare(found: list[Row], language: Language, packs: dict[str, Knowledge]) -> Data:
    """The matrices of labelled text."""
    index: list[int] = []
    values: list[float] = []
    ends = [0]
    cues = np.zeros((len(found), len(LABELS)), np.float32)
    for number, example in enumerate(found):
        scan = Scan(packs[example.pack].lexicons[language])
        scan.update(example.text)
        features: dict[int, float] = {}
        words = [token.word for token in scan.tokens]
        for place, word in enumerate(words):
            pairs = pair_features(words[place - 2] if place > 1 else "", words[place - 1] if place else "<s>", word)
            for name, value in [*word_features(word), *((pair, 1.0) for pair in pairs)]:
                features[row(name)] = features.get(row(name), 0.0) + value
        index += features.keys()
        values += features.values()
        ends.append(len(index))
        for label, evidence in cue_evidence(scan).items():
            cues[number, COLUMN[label]] = evidence
    matrix = csr_matrix((np.array(values, np.float32), index, ends), shape=(len(found), 1 << BITS))
    truth = np.array([[label in example.labels for label in LABELS] for example in found])
    in_call = np.array([example.in_call for example in found])
    return Data(matrix, cues, truth, [example.group for example in found], in_call)


def fit(data: Data) -> Fitted:
    """Train on all rows. O(rows³): a minute for 8,000 of them."""
    words, cues = data.words * SHRINK, data.cues * CUE_SHRINK
    alike = np.asarray((words @ words.T).todense(), np.float32)
    alike += cues @ cues.T
    alike += BIAS_SHRINK**2
    alike[np.diag_indices(len(alike))] += RIDGE
    factor, _ = cho_factor(alike, lower=True, overwrite_a=True, check_finite=False)
    inverse, _ = lapack.spotri(factor, lower=1, overwrite_c=1)
    inverse = np.tril(inverse) + np.tril(inverse, -1).T
    target = data.truth.astype(np.float32)
    prior = target.mean(axis=0)
    dual = inverse @ (target - prior)
    held_out = np.empty_like(dual)
    for rows in _blocks(data.groups):
        held_out[rows] = target[rows] - np.linalg.solve(inverse[np.ix_(rows, rows)], dual[rows])
    scale, shift = np.array(
        [_platt(held_out[data.in_call, c], data.truth[data.in_call, c]) for c in range(len(LABELS))]
    ).T
    odds = (held_out * scale + shift).astype(np.float32)
    columns = {
        "bias": (prior + BIAS_SHRINK**2 * dual.sum(axis=0)) * scale + shift,
        "cues": (cues.T @ dual) * CUE_SHRINK * scale,
        "threshold": thresholds(odds[data.in_call], data.truth[data.in_call]),
    }
    return Fitted((words.T @ dual) * SHRINK * scale, columns, odds)


def thresholds(odds: Floats, truth: Flags) -> Floats:
    """A label's log-odds with the best F-beta, the objections' then raised together until the alarms are few."""
    chosen = np.array([_threshold(odds[:, c], truth[:, c]) for c in range(len(LABELS))], np.float32)
    while false_alarms(odds, truth, chosen) > FALSE_ALARMS:
        chosen[:OBJECTIONS] += 0.02
    return chosen


def false_alarms(odds: Floats, truth: Flags, threshold: Floats) -> float:
    """The share of rows without an objection that get one."""
    clean = ~truth[:, :OBJECTIONS].any(axis=1)
    return float((odds[clean, :OBJECTIONS] >= threshold[:OBJECTIONS]).any(axis=1).mean())


def f1(odds: Floats, truth: Flags, threshold: Floats) -> Floats:
    """F1 by label."""
    said = odds >= threshold
    return np.asarray(2 * (said & truth).sum(axis=0) / np.maximum(1, said.sum(axis=0) + truth.sum(axis=0)), np.float32)


def calibration_error(odds: Floats, truth: Flags, bins: int = 10) -> float:
    """Expected calibration error over all given labels, in bins of equal mass."""
    sure = (1 / (1 + np.exp(-odds))).ravel()
    order = np.argsort(sure, kind="stable")
    parts = zip(np.array_split(sure[order], bins), np.array_split(truth.ravel()[order], bins), strict=True)
    return float(sum(len(p) * abs(p.mean() - hit.mean()) for p, hit in parts) / len(sure))


def _blocks(groups: list[str]) -> list[npt.NDArray[np.int64]]:
    places: dict[str, list[int]] = {}
    for place, group in enumerate(groups):
        places.setdefault(group, []).append(place)
    return [np.array(rows) for rows in places.values()]


def _platt(scores: Floats, truth: Flags) -> tuple[float, float]:
    """Scale and shift that make log-odds of raw scores: logistic regression by Newton's method."""
    x = np.stack([scores.astype(np.float64), np.ones(len(scores))], axis=1)
    at = np.array([0.0, np.log((truth.sum() + 1) / (len(truth) - truth.sum() + 1))])

    def loss(at: Any) -> float:
        return float(np.logaddexp(0, np.where(truth, -1, 1) * (x @ at)).sum())

    for _ in range(50):
        p = 1 / (1 + np.exp(-(x @ at)))
        step = np.linalg.solve(x.T @ (x * (p * (1 - p))[:, None]) + 1e-6 * np.eye(2), x.T @ (p - truth))
        while loss(at - step) > loss(at) and np.abs(step).max() > 1e-6:
            step /= 2
        at = at - step
    return float(at[0]), float(at[1])


def _threshold(odds: Floats, truth: Flags) -> float:
    """The log-odds with the best F-beta."""
    best, best_score = 0.0, -1.0
    for candidate in np.quantile(odds, np.linspace(0.7, 0.999, 200)):
        said = odds >= candidate
        hits = float((said & truth).sum())
        score = (1 + BETA_SQUARED) * hits / max(1.0, said.sum() + BETA_SQUARED * truth.sum())
        if score > best_score:
            best, best_score = float(candidate), score
    return best
