"""What a frame may cost: a promise is only kept if the worst text keeps it too. Ratios, for machines are noisy."""

import time

import pytest

from coach.detect.language import weigh
from coach.detect.normalize import tokens
from coach.detect.scan import Scan
from coach.detect.score import read_client
from coach.packs.knowledge import Knowledge
from coach.taxonomy import Language

WORST = {
    "denied cues": "if not expensive but too expensive ",
    "cues": "too expensive no budget ",
    "questions": "what does it cost? is it too expensive? ",
    "letters that unfold into eighteen": "\ufdfa" * 40,
    "one endless word": "expensive" * 40,
    "plain": "and so we went along the river and talked about it ",
}


def test_marks_that_pile_up_cost_no_more_than_letters() -> None:
    def seconds(text: str) -> float:
        began = time.perf_counter()
        for _ in range(5):
            weigh((token.word for token in tokens(text)), text)
        return time.perf_counter() - began

    letters, marks = "ab" * 4_000, "a" + "\u0315" * 4_000 + "\u0334" * 3_999
    seconds(letters)
    assert seconds(marks) < 10 * max(0.005, seconds(letters))


def grow(packs: dict[str, Knowledge], text: str, language: Language = "en", pack: str = "saas") -> list[float]:
    """Seconds of each frame while the text grows word by word."""
    scan, took, words = Scan(packs[pack].lexicons[language]), [], text.split()
    for count in range(1, len(words) + 1):
        part = " ".join(words[:count])
        began = time.perf_counter()
        scan.update(part)
        read_client(scan)
        took.append(time.perf_counter() - began)
    return took


@pytest.mark.parametrize("name", WORST)
def test_longest_text_of_the_worst_kind_stays_bounded(packs: dict[str, Knowledge], name: str) -> None:
    text = (WORST[name] * 400)[:8_000]
    scan = Scan(packs["saas"].lexicons["en"])
    scan.update(text)
    took = []
    for _ in range(5):
        began = time.perf_counter()
        read_client(scan)
        took.append(time.perf_counter() - began)
    assert min(took) < 0.05, f"{1000 * min(took):.1f} ms for one frame of 8,000 characters"


def test_a_growing_utterance_pays_for_its_new_words(packs: dict[str, Knowledge]) -> None:
    text = (
        "well I mean the price is a bit more than we had in mind and my wife would have to agree before we decide on it so "
        * 3
    )
    grow(packs, text)
    took = grow(packs, text[:300])
    early, late = sorted(took[5:15])[5], sorted(took[-10:])[5]
    assert late < 12 * early
