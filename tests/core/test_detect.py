"""Detection: incremental, scoped, explained."""

import unicodedata
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from coach.detect import scan as scanning
from coach.detect.language import decide, weigh
from coach.detect.lexicon import Cue, Lexicon
from coach.detect.normalize import fold, tokens
from coach.detect.phrases import Phrases, State
from coach.detect.scan import FILLERS_MOST, STRETCH, Scan
from coach.detect.score import read_client
from coach.packs.knowledge import Knowledge
from coach.session.hearing import CONFIRM
from coach.taxonomy import Language

WORDS = st.lists(
    st.sampled_from(
        "it is not too expensive, for me. wife test drive what does my zu teuer nicht drogo ja isn't don’t cafe\u0301".split()
    ),
    max_size=14,
)


def found(packs: dict[str, Knowledge], text: str, language: Language = "en", pack: str = "general") -> dict[str, str]:
    scan = Scan(packs[pack].lexicons[language])
    scan.update(text)
    return {f.label: text[f.start : f.end] for f in read_client(scan).findings if f.confidence >= 0.5}


@pytest.mark.parametrize(
    ("word", "folded"), [("Müßte", "musste"), ("don't", "dont"), ("Łódź", "lodz"), ("ÉCOLE", "ecole"), ("it’s", "its")]
)
def test_fold(word: str, folded: str) -> None:
    assert fold(word) == folded


def test_tokens_keep_the_offsets_of_the_text() -> None:
    text = "Well — that's ZU teuer, nicht? Ja."
    assert [text[t.start : t.end] for t in tokens(text)] == ["Well", "that's", "ZU", "teuer", "nicht", "Ja"]
    assert [t.gap for t in tokens(text)] == ["", ",", "", "", ",", "?"]


@pytest.mark.parametrize(
    ("text", "gaps"),
    [
        ("at 19.99 or 1,200 by 9:30. 5 left", ["", "", "", "", "", "", "", "", "", ".", ""]),
        ("I would … have to think... about it", ["", "", ",", "", "", ",", ""]),
        ("well… No... I think", ["", ".", ".", ""]),
        ("er sagt „zu teuer“ und «za drogo» [ja]", ["", "", ",", "", ",", ",", "", ","]),
    ],
)
def test_marks_within_numbers_and_pauses_end_no_sentence(text: str, gaps: list[str]) -> None:
    assert [t.gap for t in tokens(text)] == gaps


def test_decomposed_text_has_the_same_words() -> None:
    text = "Für Łódź: nie będę, müßte größer sein. Cafés isn’t"
    decomposed = unicodedata.normalize("NFD", text)
    assert decomposed != text
    assert [(t.word, t.gap) for t in tokens(decomposed)] == [(t.word, t.gap) for t in tokens(text)]
    assert weigh([], decomposed) == weigh([], text)


@pytest.mark.parametrize(
    ("phrase", "text", "hit"),
    [
        ("too expensive", "it is too expensive", True),
        ("too expensive", "it is too very expensive", False),
        ("talk .. wife", "talk to my wife", True),
        ("talk .. wife", "talk about it with my wife", False),
        ("talk .. wife", "talk wife", True),
        ("drog*", "to jest drogie", True),
        ("*vertrag*", "die lieferantenverträge", True),
        ("*kosten", "betriebskosten", True),
        ("*kosten", "kostenlos", False),
        ("over # percent", "over 20 percent", True),
        ("over # percent", "over twenty percent", True),
        ("over # percent", "over many percent", False),
        ("e-auto", "ein e-auto", True),
    ],
)
def test_phrase_syntax(phrase: str, text: str, hit: bool) -> None:
    phrases: Phrases[str] = Phrases()
    phrases.add(phrase, "x")
    assert bool(ends(phrases, text)) is hit


def ends(phrases: Phrases[str], text: str) -> list[tuple[str, int, int]]:
    """(payload, first, last word) of every phrase in a text, sorted."""
    states: list[State] = []
    ended: list[tuple[str, int, int]] = []
    for index, token in enumerate(tokens(text)):
        states, new = phrases.step(token.word, index, states)
        ended += [(payload, first, index) for payload, first in new]
    return sorted(ended)


PARTS = st.lists(st.sampled_from(["a", "b", "c", "a*", "*b", "*c*", "#", "a .. b"]), min_size=1, max_size=4).map(
    " ".join
)


@settings(max_examples=150, deadline=None)
@given(
    general=st.lists(PARTS, max_size=8),
    own=st.lists(PARTS, max_size=8),
    text=st.lists(st.sampled_from(["a", "b", "c", "ab", "cab", "7"]), max_size=8),
)
def test_phrases_built_on_others_are_those_of_both_and_change_no_others(
    general: list[str], own: list[str], text: list[str]
) -> None:
    base: Phrases[str] = Phrases()
    whole: Phrases[str] = Phrases()
    for phrase in general:
        base.add(phrase, f"general {phrase}")
        whole.add(phrase, f"general {phrase}")
    alone = ends(base, " ".join(text))
    built = Phrases(base)
    for phrase in own:
        built.add(phrase, f"own {phrase}")
        whole.add(phrase, f"own {phrase}")
    assert ends(built, " ".join(text)) == ends(whole, " ".join(text))
    assert ends(base, " ".join(text)) == alone


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(words=WORDS, cuts=st.lists(st.integers(0, 80), max_size=6), noise=WORDS)
def test_pieces_revisions_and_the_whole_give_the_same(
    packs: dict[str, Knowledge], words: list[str], cuts: list[int], noise: list[str]
) -> None:
    text = " ".join(words)
    lexicon = packs["general"].lexicons["en"]
    whole = Scan(lexicon)
    whole.update(text)
    grown = Scan(lexicon)
    for cut in cuts:
        grown.update(text[:cut])
        grown.update(text[:cut] + " ".join(noise))
    grown.update(text)
    assert grown.tokens == whole.tokens
    assert grown.hits() == whole.hits()
    assert read_client(grown) == read_client(whole)


def test_only_changed_words_are_read_again(packs: dict[str, Knowledge], monkeypatch: pytest.MonkeyPatch) -> None:
    lexicon = packs["general"].lexicons["en"]
    read: list[str] = []
    real = Phrases.step

    def counted(self: Phrases[Any], word: str, *rest: Any) -> Any:
        read.append(word)
        return real(self, word, *rest)

    monkeypatch.setattr(Phrases, "step", counted)
    scan = Scan(lexicon)
    text = "one two three four five six seven eight"
    for count in range(1, 9):
        scan.update(" ".join(text.split()[:count]))
    assert len(read) <= 2 * 8


def hits(text: str, **phrases: str) -> list[str]:
    """Labels of those phrases that occur, `filler…` being fillers."""
    built: Phrases[Cue] = Phrases()
    for label, phrase in phrases.items():
        built.add(phrase, Cue("filler" if label.startswith("filler") else "objection", label, True, False))
    scan = Scan(Lexicon("en", built, None, frozenset(), frozenset()))
    scan.update(text)
    return [hit.cue.label for hit in scan.hits()]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("not really interested in that", ["need"]),
        ("Not really. Interested in that.", []),
        ("Not really? Interested in that.", []),
        ("not really, um, interested", ["need"]),
        ("not um really i mean interested", ["need"]),
        ("not really" + " um" * FILLERS_MOST + " interested", ["need"]),
        ("not really" + " um" * (FILLERS_MOST + 1) + " interested", []),
        ("not really. Um interested", []),
    ],
)
def test_phrases_have_fillers_inside_and_end_with_their_sentence(text: str, found: list[str]) -> None:
    assert hits(text, need="not really interested", filler="um", filler_2="i mean") == found


def test_a_text_of_fillers_keeps_no_more_than_a_few_of_them(packs: dict[str, Knowledge]) -> None:
    scan = Scan(packs["saas"].lexicons["de"])
    scan.update("na ja halt " * 700)
    assert max(len(alive) for alive in scan._states) < 200


def test_of_a_long_text_the_best_words_in_a_row_count(packs: dict[str, Knowledge]) -> None:
    scan = Scan(packs["general"].lexicons["en"])
    words = "and so we walked along the river with the dog and it was too expensive for us in the end ".split() * 12
    most: Any = None
    for count in range(1, len(words) + 1):
        scan.update(" ".join(words[:count]))
        window = np.sum(scan.added[-STRETCH:], axis=0)
        most = window if most is None or count <= STRETCH else np.maximum(most, window)
        score = scan.score()
        assert score is not None
        np.testing.assert_allclose(score, most, atol=1e-3)


def test_a_beginning_that_may_become_another_word_is_read_again(packs: dict[str, Knowledge]) -> None:
    lexicon = packs["general"].lexicons["en"]
    for whole in ("that isn't for us", "we don’t want cafe\u0301s"):
        grown, once = Scan(lexicon), Scan(lexicon)
        for count in range(1, len(whole) + 1):
            grown.update(whole[:count])
        once.update(whole)
        assert grown.tokens == once.tokens and grown.hits() == once.hits()


@pytest.mark.parametrize(
    ("language", "text", "labels"),
    [
        ("en", "it is way too expensive for us", {"price"}),
        ("en", "it's not that it is too expensive", set()),
        ("en", "my brother says it is too expensive but I don't think so", set()),
        ("de", "das ist mir viel zu teuer", {"price"}),
        ("de", "zu teuer ist es nicht", set()),
        ("pl", "to jest dla mnie za drogo", {"price"}),
        ("pl", "nie chodzi o to że jest za drogo", set()),
        ("pl", "TO JEST ZA DROGO", {"price"}),
        ("de", "ich muss das mit meiner frau besprechen", {"authority"}),
        ("pl", "musze to z zona obgadac", {"authority"}),
        ("en", "I need to talk it over with my wife", {"authority"}),
        ("en", "Is it too expensive at 19.99?", set()),
    ],
)
def test_scope(packs: dict[str, Knowledge], language: Language, text: str, labels: set[str]) -> None:
    objections = {"price", "authority", "timing", "need", "trust", "competition", "product_fit", "stall"}
    assert set(found(packs, text, language)) & objections == labels


def test_quote_is_verbatim_and_short(packs: dict[str, Knowledge]) -> None:
    text = "Well, thank you for all that. But honestly, it is way too expensive for us. And it rains."
    quote = found(packs, text)["price"]
    assert quote in text and len(quote.split()) <= 8


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("ja myślę że to jest dla mnie za drogo", "pl"),
        ("das ist aber nicht so einfach für mich", "de"),
        ("I would have to think about that", "en"),
    ],
)
def test_language(text: str, language: Language) -> None:
    for before in ("pl", "de", "en"):
        assert decide(weigh([t.word for t in tokens(text)], text), before) == language


@pytest.mark.parametrize("text", ["no so", "Ja, ja."])
def test_words_of_two_languages_keep_the_one_there_was(text: str) -> None:
    assert decide(weigh([token.word for token in tokens(text)], text), "en") == "en"


HARMLESS = (
    """So we run three depots, one in Leeds, one in Hull and a small one near York, and I've got forty drivers altogether.
    Some have driven for my father. We start loading at five in the morning, and by seven they're all out. In winter
    it's harder of course, the roads up on the moors get icy, and last February we had two vans in the ditch on the same
    day, nobody hurt thank God. My wife does the rota and my son does the website, and I do everything else, which is
    mostly talking to people who want their parcel yesterday. We've grown about ten percent a year since the pandemic
    and I'd like to keep it there, I want it to run smoothly and be home by six.""",
    """Right, so the house. It was built in nineteen thirty two by a doctor who kept bees, and you can still see where the
    hives stood, there's a row of flat stones behind the garage. We came in the spring of two thousand and nine with a
    baby and a piano, and the piano went in through the window because the stairs turn the wrong way. The kitchen faces
    east, so breakfast is lovely, and in the evening we sit at the front and watch the buses. Upstairs there are three
    rooms and a bathroom with a green bath that everybody laughs at and then takes a photo of.""",
    """Let me tell you how a week goes here. On Monday the fish comes, and my brother cleans it and sings. On Tuesday we do
    the menus, and on Wednesday there is the market, where I meet everybody I went to school with, so that takes all
    morning. Thursday is for the accounts and for my mother, who has her hair done and then wants soup. From Friday on it
    is full until Sunday night, eighty covers at lunch and more in the evening, and the dishwasher has his football on
    the radio. Then we sleep, and then the fish comes again.""",
)


def heard(packs: dict[str, Knowledge], text: str) -> set[str]:
    """The objections in a text that is a final."""
    scan = Scan(packs["general"].lexicons["en"])
    scan.update(text[:8_000])
    return {f.label for f in read_client(scan).findings if f.kind == "objection" and f.strength >= CONFIRM}


def test_long_talk_adds_up_to_less_than_its_sum(packs: dict[str, Knowledge], monkeypatch: pytest.MonkeyPatch) -> None:
    talk = (*HARMLESS, " ".join(HARMLESS))
    found = sum(len(heard(packs, text)) for text in talk)
    monkeypatch.setattr(scanning, "STRETCH", 10_000)
    assert found <= sum(len(heard(packs, text)) for text in talk) / 2
    monkeypatch.undo()
    for text in ("a ", "la la la ", "and then we went home "):
        assert heard(packs, text * 1_000) == set()


@pytest.mark.parametrize("text", [*HARMLESS, "it is too expensive for us and I have to ask my wife about it. "])
def test_what_is_said_again_adds_nothing(packs: dict[str, Knowledge], text: str) -> None:
    assert heard(packs, (text + " ") * 8) <= heard(packs, text)


@pytest.mark.parametrize(
    ("language", "text", "labels"),
    [
        ("en", "It was too expensive last year, but now it's fine.", set()),
        ("en", "Our previous supplier was too expensive, that's why we're here.", set()),
        ("de", "Letztes Jahr war es mir zu teuer, jetzt passt es.", set()),
        ("pl", "Rok temu było za drogo, teraz jest w porządku.", set()),
        ("en", "It is too expensive.", {"price"}),
        ("en", "We love it.", {"agreement"}),
        ("de", "Wir lieben es.", {"agreement"}),
        ("pl", "Bardzo nam się podoba.", {"agreement"}),
        ("en", "Where do I sign?", {"next_step"}),
        ("pl", "Kiedy możemy podpisać umowę?", {"next_step", "timeline"}),
        ("en", "Was it too expensive for your other customers?", {"social_proof"}),
        ("en", "We already use Salesforce and we're happy with it.", {"competition", "need"}),
    ],
)
def test_few_plain_words(packs: dict[str, Knowledge], language: Language, text: str, labels: set[str]) -> None:
    scan = Scan(packs["general"].lexicons[language])
    scan.update(text)
    assert {f.label for f in read_client(scan).findings if f.strength >= CONFIRM} <= labels
    assert not labels or {f.label for f in read_client(scan).findings if f.strength >= CONFIRM}
