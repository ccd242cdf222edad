"""The learned half: what ships was trained on what ships, and a running sum is the whole."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from coach.detect import linear
from coach.detect.files import MODELS, save, trained_on
from coach.detect.scan import Scan
from coach.learning.corpus import Row, fingerprint, rows
from coach.learning.train import prepare, utterance_features
from coach.packs.knowledge import Knowledge
from coach.taxonomy import LANGUAGES, Language

SIZE_MB = 20


@pytest.mark.parametrize("language", LANGUAGES)
def test_model_is_of_this_corpus_and_small(language: Language) -> None:
    assert trained_on(language) == fingerprint(language), "run `make model`"
    assert (MODELS / f"{language}.npz").stat().st_size < SIZE_MB << 20


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
    for name, value in utterance_features([token.word for token in scan.tokens]):
        total += value * lexicon.linear.weights[linear.row(name)]
    score = scan.score()
    assert score is not None and np.allclose(score, total, atol=1e-4)


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    words=st.lists(
        st.sampled_from("the price of it prices priced is pricey and delivered delivery".split()), max_size=40
    )
)
def test_what_the_seller_said_is_weighed_as_it_was_trained(packs: dict[str, Knowledge], words: list[str]) -> None:
    model = packs["general"].lexicons["en"].linear
    assert model is not None
    row = Row("general", "g", "yes", frozenset(), True, " ".join(words))
    data = prepare([row], "en", packs)
    trained = (data.words - data.said) @ model.weights
    assert np.allclose(model.context(" ".join(words)), trained[0], atol=1e-4)


def test_a_model_is_written_whole_or_not_at_all(tmp_path: Path) -> None:
    path = tmp_path / "en.npz"
    weights = np.ones((4, 2), np.float32)
    save(path, weights, "first", bias=[1.0])
    with pytest.raises(ValueError, match="could not convert"):
        save(path, weights, "second", bias=["no number"])
    assert trained_on("en", tmp_path) == "first"
    assert [each.name for each in tmp_path.iterdir()] == ["en.npz"]
