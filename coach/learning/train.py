"""Trains the learned half on labelled text and says how good it is on text that was held out.

Ridge regression on the labels, in its dual form: one matrix of similarities between rows, one inverse. The same
inverse gives every row's prediction by a model that never saw the row's call, exactly (block leave-one-out), so the
figures, the calibration and the thresholds all come from held-out calls and cost no further training. Raw scores
become log-odds by Platt scaling, which is folded into the weights. Needs SciPy.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.linalg import cho_factor, lapack
from scipy.sparse import csr_matrix

from coach.detect.archetype import WORDS_LEAST, Profile
from coach.detect.linear import (
    BITS,
    COLUMN,
    CONTEXT_WORDS,
    KINDS,
    LABELS,
    context_features,
    pair_features,
    places,
    row,
    strictness,
    word_features,
)
from coach.detect.normalize import tokens
from coach.detect.scan import Scan
from coach.detect.score import cue_evidence, read_client
from coach.learning.corpus import Row
from coach.packs.knowledge import Knowledge
from coach.taxonomy import ARCHETYPES, CATEGORIES, Language

FALSE_ALARMS: Mapping[Language, float] = {"pl": 0.015, "de": 0.016, "en": 0.025}
"""Share of the held-out clean turns. The target is 0.05 on unseen calls; what other hands wrote is always worse than
what was held out, in Polish most (docs/detection.md, "Figures")."""
BETA_SQUARED = 0.7
"""Below 1: a false alarm costs more than a miss."""
SHRINK = 0.12
CUE_SHRINK = 0.04
BIAS_SHRINK = 0.5
RIDGE = 1.0
"""Scales before the one regularisation strength: hundreds of word features against one of cues."""
KIND_WORDS = (0.05, 0.1, 0.2)
KIND_CUES = (0.1, 0.2, 0.4, 0.8)
"""Scales tried for archetype and DISC; what held-out calls find most probable is taken."""
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
    said: Any
    """(rows, 2^BITS) sparse: `words` without what the seller said before"""
    lengths: Floats
    """(rows) words"""
    odds: Floats
    """(rows, archetypes): the phrases' odds of the call up to and with this row"""
    kinds: list[tuple[str, str] | None]

    def take(self, chosen: Flags) -> "Data":
        """The chosen rows."""
        at = np.flatnonzero(chosen)
        return Data(
            self.words[at],
            self.cues[at],
            self.truth[at],
            [self.groups[i] for i in at],
            self.in_call[at],
            self.said[at],
            self.lengths[at],
            self.odds[at],
            [self.kinds[i] for i in at],
        )


@dataclass(frozen=True, slots=True)
class Fitted:
    """A trained model and what it says of each row without having seen the row's group."""

    weights: Floats
    columns: dict[str, Floats]
    """`bias`, `cues`, `threshold` of `coach.detect.linear.Linear`."""
    held_out: Floats
    """(rows, labels) log-odds"""

    def margins(self, odds: Floats, data: Data) -> Floats:
        """By how much log-odds of `data`'s rows pass the thresholds."""
        return np.asarray(_even(odds, data) - self.columns["threshold"], np.float32)

    def predict(self, data: Data) -> Floats:
        """(rows, labels) log-odds of other rows."""
        return np.asarray(
            data.words @ self.weights + data.cues @ self.columns["cues"] + self.columns["bias"], np.float32
        )


class _Sparse:
    """Rows of a sparse matrix, as they come."""

    def __init__(self) -> None:
        self._index: list[int] = []
        self._values: list[float] = []
        self._ends = [0]

    def add(self, features: dict[int, float]) -> None:
        self._index += features.keys()
        self._values += features.values()
        self._ends.append(len(self._index))

    def matrix(self) -> Any:
        shape = (len(self._ends) - 1, 1 << BITS)
        return csr_matrix((np.array(self._values, np.float32), self._index, self._ends), shape=shape)


def prepare(found: list[Row], language: Language, packs: dict[str, Knowledge]) -> Data:
    """The matrices of labelled text."""
    said, heard = _Sparse(), _Sparse()
    odds = np.zeros((len(found), len(ARCHETYPES)), np.float32)
    profile, group = Profile(), ""
    cues = np.zeros((len(found), len(LABELS)), np.float32)
    for number, example in enumerate(found):
        scan = Scan(packs[example.pack].lexicons[language])
        scan.update(example.text)
        said.add(_added(utterance_features([token.word for token in scan.tokens])))
        context = context_features(token.word for token in tokens(example.previous)[-CONTEXT_WORDS:])
        heard.add(_added(context))
        if example.group != group:
            profile, group = Profile(), example.group
        if example.kinds is not None:
            profile.add("", example.text, read_client(scan))
            odds[number] = [profile.odds[archetype] for archetype in ARCHETYPES]
        for label, evidence in cue_evidence(scan).items():
            cues[number, COLUMN[label]] = evidence
    truth = np.array([[label in example.labels for label in LABELS] for example in found])
    return Data(
        said.matrix() + heard.matrix(),
        cues,
        truth,
        [example.group for example in found],
        np.array([example.in_call for example in found]),
        said.matrix(),
        np.array([len(tokens(example.text)) for example in found], np.float32),
        odds,
        [example.kinds for example in found],
    )


def _added(features: Iterable[tuple[str, float]]) -> dict[int, float]:
    """Values by row: features that fall on the same one add up, as the weights do."""
    found: dict[int, float] = {}
    for name, value in features:
        found[row(name)] = found.get(row(name), 0.0) + value
    return found


def utterance_features(words: Sequence[str]) -> Iterator[tuple[str, float]]:
    """All that the words of an utterance are weighed by, with the values."""
    for place in places(words):
        yield from word_features(place[2])
        yield from ((pair, 1.0) for pair in pair_features(place))


def fit(data: Data, alarms: float) -> Fitted:
    """Train on all rows, with thresholds for this share of `alarms`. O(rows³): a quarter of a minute for 8,000."""
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
        "threshold": thresholds(_even(odds, data)[data.in_call], data.truth[data.in_call], alarms),
    }
    return Fitted((words.T @ dual) * SHRINK * scale, columns, odds)


@dataclass(frozen=True, slots=True)
class FittedKinds:
    """The archetype's and DISC's part of a model, and how often held-out calls were right."""

    weights: Floats
    columns: dict[str, Floats]
    """`kind_bias`, `kind_cues`, `sharp`"""
    right: dict[str, float]
    """Share of calls by `archetype`, `archetype_half`, `disc`, `disc_half`, and `archetype_error` of calibration."""


def fit_kinds(data: Data) -> FittedKinds:
    """Train on whole calls: what everything a client said, by the root of its length, says about who they are."""
    blocks = [rows for rows in _blocks(data.groups) if data.kinds[rows[0]] is not None]
    whole, half = _calls(data, blocks), _calls(data, [rows[: len(rows) // 2] for rows in blocks])
    tried = [_fit_kinds(data, blocks, whole, half, words, cues) for words in KIND_WORDS for cues in KIND_CUES]
    return min(tried, key=lambda one: one[0])[1]


def _fit_kinds(
    data: Data, blocks: list[npt.NDArray[np.int64]], whole: "_Calls", half: "_Calls", words: float, cues: float
) -> tuple[float, FittedKinds]:
    """(surprise of held-out calls, the model) with these scales."""
    whole, half = whole.scaled(words, cues), half.scaled(words, cues)
    known = [data.kinds[rows[0]] for rows in blocks]
    target = np.array([[name in (kinds or ()) for name in KINDS] for kinds in known], np.float32)
    prior = target.mean(axis=0)
    inverse = np.linalg.inv(whole.alike(whole) + np.eye(len(blocks), dtype=np.float32))
    dual = inverse @ (target - prior)
    # Each call by a model without it: at its end, and after its first half.
    end = target - dual / np.diag(inverse)[:, None]
    similar = half.alike(whole)
    without = [dual - np.outer(inverse[:, i], dual[i] / inverse[i, i]) for i in range(len(blocks))]
    middle = np.array([similar[i] @ model for i, model in enumerate(without)]) + prior
    some = len(ARCHETYPES)
    sharp = [_sharpness(end[:, part], target[:, part]) for part in (slice(0, some), slice(some, None))]
    right = {
        f"{name}{when}": float((odds[:, part].argmax(axis=1) == target[:, part].argmax(axis=1)).mean())
        for name, part in (("archetype", slice(0, some)), ("disc", slice(some, None)))
        for when, odds in (("", end), ("_half", middle))
    }
    shares = _shares(end[:, :some], sharp[0])
    sure, hit = shares.max(axis=1), shares.argmax(axis=1) == target[:, :some].argmax(axis=1)
    order = np.argsort(sure)
    parts = zip(np.array_split(sure[order], 10), np.array_split(hit[order], 10), strict=True)
    right["archetype_error"] = float(sum(len(p) * abs(p.mean() - h.mean()) for p, h in parts) / len(sure))
    columns = {
        "kind_bias": prior,
        "kind_cues": (whole.odds.T @ dual) * cues,
        "sharp": np.array(sharp, np.float32),
    }
    surprise = _surprise(end[:, :some], target[:, :some], sharp[0]) + _surprise(
        end[:, some:], target[:, some:], sharp[1]
    )
    return surprise, FittedKinds((whole.words.T @ dual) * words, columns, right)


@dataclass(frozen=True, slots=True)
class _Calls:
    words: Any
    odds: Floats

    def scaled(self, words: float, cues: float) -> "_Calls":
        return _Calls(self.words * words, self.odds * cues)

    def alike(self, other: "_Calls") -> Floats:
        return np.asarray((self.words @ other.words.T).todense(), np.float32) + self.odds @ other.odds.T


def _calls(data: Data, blocks: list[npt.NDArray[np.int64]]) -> _Calls:
    """Calls, or their beginnings, as rows."""
    at = [(call, place) for call, rows in enumerate(blocks) for place in rows]
    shape = (len(blocks), len(data.groups))
    lengths = np.array([max(float(WORDS_LEAST), data.lengths[rows].sum()) for rows in blocks])
    values = [1 / np.sqrt(lengths[call]) for call, _ in at]
    sums = csr_matrix((np.array(values, np.float32), ([a for a, _ in at], [b for _, b in at])), shape=shape)
    last = np.array([data.odds[rows[-1]] if len(rows) else np.zeros(len(ARCHETYPES)) for rows in blocks], np.float32)
    return _Calls(sums @ data.said, last)


def _shares(scores: Floats, sharp: float) -> Floats:
    powers = np.exp(sharp * (scores - scores.max(axis=1, keepdims=True)))
    return np.asarray(powers / powers.sum(axis=1, keepdims=True), np.float32)


def _sharpness(scores: Floats, target: Floats) -> float:
    """The factor under which the softmax of held-out scores is the most probable."""
    tried = np.geomspace(0.5, 50, 120)
    return float(tried[int(np.argmin([_surprise(scores, target, sharp) for sharp in tried]))])


def _surprise(scores: Floats, target: Floats, sharp: float) -> float:
    return float(-np.log((_shares(scores, sharp) * target).sum(axis=1) + 1e-9).mean())


def _even(odds: Floats, data: Data) -> Floats:
    """Log-odds as if every text had the length at which thresholds are as trained."""
    even = odds.copy()
    even[:, :OBJECTIONS] -= strictness(data.lengths)[:, None]
    return even


def thresholds(odds: Floats, truth: Flags, alarms: float) -> Floats:
    """Log-odds from which labels count: one for all objections, at which a share of `alarms` of the clean turns gets
    one, and the best one for all signals.

    Odds are calibrated by label, so that one threshold means the same for each; thresholds of their own follow chance
    (docs/detection.md, "The learned half").
    """
    clean = ~truth[:, :OBJECTIONS].any(axis=1)
    objections = np.quantile(odds[clean, :OBJECTIONS].max(axis=1), 1 - alarms)
    found, there = odds[:, OBJECTIONS:], truth[:, OBJECTIONS:]
    signals = max(np.arange(-3.0, 2.0, 0.05), key=lambda tried: _f_beta(found >= tried, there))
    return np.array([objections] * OBJECTIONS + [signals] * (len(LABELS) - OBJECTIONS), np.float32)


def false_alarms(margins: Floats, truth: Flags) -> float:
    """The share of rows without an objection that get one."""
    clean = ~truth[:, :OBJECTIONS].any(axis=1)
    return float((margins[clean, :OBJECTIONS] >= 0).any(axis=1).mean())


def f1(margins: Floats, truth: Flags) -> Floats:
    """F1 by label."""
    said = margins >= 0
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


def _f_beta(said: Flags, truth: Flags) -> float:
    """The labels' mean F-beta."""
    hits = (said & truth).sum(axis=0)
    scores = (1 + BETA_SQUARED) * hits / np.maximum(1, said.sum(axis=0) + BETA_SQUARED * truth.sum(axis=0))
    return float(scores.mean())
