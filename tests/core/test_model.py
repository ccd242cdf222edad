"""The learned half: what ships was trained on what ships, and a running sum is the whole."""

import numpy as np
import pytest

from coach.detect import linear
from coach.detect.scan import Scan
from coach.learning.corpus import fingerprint, rows
from coach.packs.knowledge import Knowledge
from coach.taxonomy import LANGUAGES, Language

SIZE_MB = 20


@pytest.mark.parametrize("language", LANGUAGES)
def test_model_is_of_this_corpus_and_small(language: Language) -> None:
    assert linear.trained_on(language) == fingerprint(language), "run `make model`"
    assert (linear.MODELS / f"{language}.npz").stat().st_size < SIZE_MB << 20


@pytest.mark.parametrize("language", LANGUAGES)
def test_corpus_is_as_large_as_promised_and_never_repeats(language: Language) -> None:
    found = list(rows(language))
    assert len({row.group for row in found if row.in_call}) >= 60
    assert sum(row.in_call for row in found) >= 900
    alone = [row.text.lower() for row in found if not row.in_call]
    assert len(alone) >= 1_500 and len(set(alone)) == len(alone)
    long = [row.text.lower() for row in found if len(row.text.split()) >= 6]
    assert len(set(long)) >= len(long) - 3


def test_running_sum_is_the_sum_of_all_features(packs: dict[str, Knowledge]) -> None:
    lexicon = packs["general"].lexicons["en"]
    assert lexicon.linear is not None
    scan = Scan(lexicon)
    for text in (
        "we",
        "we would have",
        "we would rather we would rather",
        "we would rather we would rather not decide",
    ):
        scan.update(text)
    total = linear.NOTHING.copy()
    for place in linear.places([token.word for token in scan.tokens]):
        for name, value in linear.word_features(place[2]):
            total += value * lexicon.linear.weights[linear.row(name)]
        for name in linear.pair_features(place):
            total += lexicon.linear.weights[linear.row(name)]
    score = scan.score()
    assert score is not None and np.allclose(score, total, atol=1e-4)
