"""What people get wrong in a pack is named with its file, its line and the way out; nothing is read in part."""

from datetime import date
from pathlib import Path

import pytest

from coach.packs.loader import PackError, load_all, read_pack

TODAY = date(2026, 11, 27)
GOOD = {
    "pack.yaml": "id: kitchens\nversion: 1\nnames: {en: Kitchens}\n",
    "en/cues.yaml": 'objections:\n  price:\n    strong: [kitchen money, "*geld"]\n',
    "en/knowledge.yaml": "market:\n  - {id: vat, text: t, source: s, valid_until: 2027-01-31}\n",
    "en/README.md": "notes\n",
}


def pack(root: Path, **files: str) -> Path:
    folder = root / "kitchens"
    for name, text in {**GOOD, **files}.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return folder


def told(folder: Path) -> list[str]:
    return [str(problem).removeprefix(f"{folder}/") for problem in read_pack(folder, TODAY)[1]]


def test_a_good_pack_has_no_problem(tmp_path: Path) -> None:
    assert told(pack(tmp_path)) == []


@pytest.mark.parametrize(
    ("file", "text", "expected"),
    [
        (
            "en/knowledge.yaml",
            "market:\n  - {id: vat, text: t, source: s, valid_until: 2026-02-30}\n",
            "en/knowledge.yaml:2: market.0.valid_until: `2026-02-30` is no date: YYYY-MM-DD",
        ),
        (
            "en/knowledge.yaml",
            "market:\n  - {id: vat, text: t, source: s, valid_until: 2026-01-31}\n",
            "en/knowledge.yaml:2: warning: vat ran out on 2026-01-31: no card shows it",
        ),
        (
            "en/cues.yaml",
            "objections:\n  price:\n    strong:\n      - *vertrag\n",
            'en/cues.yaml:4: a word that begins with `*` must stand in quotes: "*vertrag"',
        ),
        (
            "en/cues.yaml",
            "objections:\n  price: {strong: [geld, *preis*]}\n",
            'en/cues.yaml:2: a word that begins with `*` must stand in quotes: "*preis*"',
        ),
        (
            "en/cues.yaml",
            "objections:\n  price: {strong: [12]}\n",
            "en/cues.yaml:2: objections.price.strong.0: `12` must stand in quotes",
        ),
        (
            "en/cues.yaml",
            "objections:\n  prise: {strong: [money]}\n",
            "en/cues.yaml:2: objections.prise: `prise` is unknown: did you mean `price`?",
        ),
        (
            "en/responses.yaml",
            "objections:\n  price:\n    xyzzy: {title: T, say: s}\n",
            "en/responses.yaml:3: objections.price.xyzzy: `xyzzy` is unknown: there are default, achiever, analyst, "
            "idealist, guardian, enthusiast, innovator, economizer, sceptic",
        ),
        (
            "pack.yaml",
            "id: Kitchens!\nversion: 1\nnames: {en: Kitchens}\n",
            "pack.yaml:1: id: may have small letters a–z, digits and `_`, and begins with a letter",
        ),
        (
            "en/knowlege.yaml",
            "market: []\n",
            "en/knowlege.yaml:1: warning: is not read: `knowlege.yaml` is unknown: did you mean `knowledge.yaml`?",
        ),
        ("DE/cues.yaml", "", "DE:1: warning: is not read: `DE` is unknown: did you mean `de`?"),
    ],
)
def test_a_mistake_is_told_once_with_the_way_out(tmp_path: Path, file: str, text: str, expected: str) -> None:
    found = told(pack(tmp_path, **{file: text}))
    assert [line for line in found if "folder's name" not in line] == [expected]


def test_words_that_yaml_takes_for_something_else_are_words(tmp_path: Path) -> None:
    folder = pack(tmp_path, **{"en/cues.yaml": "accepted: [yes, no, on, Off]\n"})
    loaded = read_pack(folder, TODAY)[0]
    assert loaded is not None
    assert loaded.languages["en"].cues.accepted == ["yes", "no", "on", "Off"]


def test_a_server_does_not_start_with_an_impossible_date(tmp_path: Path) -> None:
    pack(tmp_path, **{"en/knowledge.yaml": "market:\n  - {id: a, text: t, source: s, valid_until: 2026-02-30}\n"})
    with pytest.raises(PackError, match="is no date"):
        load_all([tmp_path])
