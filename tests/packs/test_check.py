"""What a pack's author is told: every mistake with its file and line, in words that name the fix."""

from datetime import date
from pathlib import Path

import pytest

from coach.packs.loader import SHIPPED, PackError, load_all, pack_folders, read_pack, search

TODAY = date(2026, 11, 27)
FACT = "market:\n- id: vat\n  text: VAT\n  source: law\n  valid_until: {}\n"


@pytest.fixture
def pack(tmp_path: Path) -> Path:
    """A pack without mistakes."""
    folder = tmp_path / "packs" / "mine"
    (folder / "en").mkdir(parents=True)
    (folder / "pack.yaml").write_text("id: mine\nversion: 1\nnames: {en: Mine}\n")
    (folder / "en" / "cues.yaml").write_text("objections:\n  price:\n    strong: [too dear]\n")
    return folder


def said(pack: Path) -> list[str]:
    """The problems, each without the path to the pack."""
    return [str(problem).removeprefix(f"{pack}/") for problem in read_pack(pack, TODAY)[1]]


def cues(pack: Path, text: str) -> list[str]:
    (pack / "en" / "cues.yaml").write_text(text, encoding="utf-8")
    return said(pack)


def test_shipped_packs_have_nothing_to_say() -> None:
    for folder in pack_folders(SHIPPED):
        assert not said(folder)


@pytest.mark.parametrize("day", ["2026-02-30", '"2026-02-30"', "31.3.2027", "2027-03-31 10:00:00"])
def test_what_is_no_date_is_told_with_its_line(pack: Path, day: str) -> None:
    """A bare 2026-02-30 once ended every command in a traceback."""
    (pack / "en" / "knowledge.yaml").write_text(FACT.format(day))
    assert said(pack) == [
        f"en/knowledge.yaml:5: market.0.valid_until: `{day.strip(chr(34))}` is no date:"
        " write year-month-day, as in 2027-03-31"
    ]


def test_a_date_without_a_value_is_empty(pack: Path) -> None:
    (pack / "en" / "knowledge.yaml").write_text(FACT.format(""))
    assert said(pack) == ["en/knowledge.yaml:5: market.0.valid_until: is empty"]


@pytest.mark.parametrize("bare", ["*vertrag", "*preis*", "@product", "%off"])
def test_what_yaml_reads_in_another_way_must_be_quoted(pack: Path, bare: str) -> None:
    for text in (f"fillers: [um]\naccepted: [fine, {bare}, good]\n", f"fillers: [um]\naccepted: [{bare}]\n"):
        assert cues(pack, text) == [f"en/cues.yaml:2: YAML reads `{bare}` in another way: put it in quotes"]
    assert cues(pack, f"fillers: [um]\naccepted:\n- {bare}\n")[0].endswith(": put it in quotes")


def test_other_traps_of_yaml_name_the_way_out(pack: Path) -> None:
    assert cues(pack, "fillers: [no, yes, on, 100]\n") == [
        "en/cues.yaml:1: fillers.3: YAML reads 100 as a number: put it in quotes"
    ]
    assert cues(pack, "accepted: [{a: b}, [c], null]\n") == [
        "en/cues.yaml:1: accepted.0: must be one text: put a text with a colon in quotes",
        "en/cues.yaml:1: accepted.1: must be one text, not a list",
        "en/cues.yaml:1: accepted.2: is empty",
    ]
    assert "`#`" in cues(pack, "fillers: [um]\naccepted: [more than # thousand]\n")[0]
    assert cues(pack, "accepted: yes: no\n") == ["en/cues.yaml:1: put a text with a colon in quotes"]
    assert cues(pack, "accepted:\n\t- fine\n") == ["en/cues.yaml:2: a tab: indent with spaces"]


def test_a_file_that_is_not_utf8_is_told(pack: Path) -> None:
    (pack / "en" / "cues.yaml").write_bytes("fillers: [um]\naccepted: [schön]\n".encode("latin-1"))
    (pack / "en" / "examples.jsonl").write_bytes('{"text": "schön", "language": "de"}\n'.encode("latin-1"))
    assert said(pack) == [
        "en/cues.yaml:2: has a character that no text has: is the file saved as UTF-8?",
        "en/examples.jsonl:1: is not JSON in UTF-8: one `{…}` a line",
    ]


def test_rules_are_told_in_words(pack: Path) -> None:
    (pack / "pack.yaml").write_text("id: My pack\nversion: 0\nnames: {en: ''}\n")
    (pack / "en" / "knowledge.yaml").write_text(
        "products:\n- {id: Oslo, name: O, text: " + "x" * 401 + "}\ncompetitors: none\n"
    )
    (pack / "en" / "responses.yaml").write_text("objections:\n  price:\n    default: {title: T}\n")
    assert said(pack) == [
        "pack.yaml:1: id: `My pack` must be 1–32 lower-case letters a–z, digits or `_`, a letter first",
        "pack.yaml:2: version: must be 1 or more",
        "pack.yaml:3: names.en: is empty",
        "en/responses.yaml:3: objections.price.default.say: is missing",
        "en/knowledge.yaml:2: products.0.id: `Oslo` must be 1–48 lower-case letters a–z, digits or `_`, no `_` first",
        "en/knowledge.yaml:2: products.0.text: is longer than 400 characters",
        "en/knowledge.yaml:3: competitors: must be a list: [one, two]",
    ]


def test_a_name_that_is_not_known_is_told_once_with_the_nearest(pack: Path) -> None:
    (pack / "en" / "responses.yaml").write_text("objections:\n  price:\n    analist: {title: T, say: Hello}\n")
    assert said(pack) == [
        "en/responses.yaml:3: objections.price.analist: `analist` is none of default, achiever, analyst, idealist,"
        " guardian, enthusiast, innovator, economizer, sceptic: did you mean `analyst`?"
    ]
    (pack / "en" / "responses.yaml").unlink()
    assert cues(pack, "objections:\n  price:\n    stronk: [x]\nscope:\n  zebra: [y]\n") == [
        "en/cues.yaml:3: objections.price.stronk: is not a known field: did you mean `strong`?",
        "en/cues.yaml:5: scope.zebra: is not a known field",
    ]
    (pack / "en" / "playbook.yaml").write_text("follow_up:\n  subjekt: S\n  subject: S\n  body: B\n")
    assert said(pack)[-1] == "en/playbook.yaml:2: follow_up.subjekt: is not a known field: did you mean `subject`?"


def test_misspelt_names_of_files_and_folders_are_errors(pack: Path) -> None:
    (pack / "en" / "cues.yaml").rename(pack / "en" / "cue.yml")
    (pack / "DEU").mkdir()
    (pack / "knowledge.yaml").write_text("")
    (pack / "README.md").write_text("")
    assert said(pack) == [
        "DEU:1: is not read: did you mean `de`?",
        "en/cue.yml:1: is not read: did you mean `cues.yaml`?",
        "knowledge.yaml:1: is not read here: put it into a language's folder (pl, de, en)",
    ]
    with pytest.raises(PackError, match="cue.yml"):
        load_all([pack])


def test_what_is_beside_the_right_name_or_near_none_only_warns(pack: Path) -> None:
    (pack / "en" / "cues.yaml.bak").write_text("")
    (pack / "en" / "slides.yaml").write_text("")
    (pack / "fr").mkdir()
    assert said(pack) == [
        "en/cues.yaml.bak:1: warning: is not read, `cues.yaml` is",
        "en/slides.yaml:1: warning: is not read; what is read here:"
        " cues.yaml, responses.yaml, knowledge.yaml, playbook.yaml, examples.jsonl, calls",
        "fr:1: warning: is not read; what is read here: pack.yaml, pl, de, en",
    ]
    assert "mine" in load_all([pack])


def test_a_folder_that_was_meant_as_a_pack_is_told(pack: Path) -> None:
    """Beside a pack that is found it went unnoticed."""
    packs = pack.parent
    for name, head in (("a", "pack.yml"), ("b", None)):
        (packs / name / "en").mkdir(parents=True)
        (packs / name / "en" / "cues.yaml").write_text("")
        if head:
            (packs / name / head).write_text("id: a\n")
    (packs / "pictures").mkdir()
    folders, problems = search(packs)
    assert folders == [pack]
    assert [str(problem) for problem in problems] == [
        f"{packs}/a/pack.yml:1: is not read: did you mean `pack.yaml`?",
        f"{packs}/b/pack.yaml:1: is missing",
    ]
    assert search(packs / "a") == ([], problems[:1])
    assert [problem.message[:12] for problem in search(packs / "pictures")[1]] == ["no pack here"]
    with pytest.raises(PackError, match=r"pack\.yml"):
        load_all([packs])
