"""What people say first, in a few plain words: the labelled calls have next to none of it.

`plain/LANGUAGE.examples`: a client's utterance a line, `vertical: words`, with `[category|quote]` and `{signal|quote}`.
"""

import re
from pathlib import Path

import pytest

from coach.detect.scan import Scan
from coach.detect.score import read_client
from coach.packs.knowledge import Knowledge
from coach.session.hearing import CONFIRM
from coach.taxonomy import LANGUAGES, Language

FOLDER = Path(__file__).parent / "plain"
FOUND_LEAST = 0.95
FALSE_MOST = 3
_MARK = re.compile(r"\[(\w+)\|([^]]+)\]|\{(\w+)\|([^}]+)\}")


@pytest.mark.parametrize("language", LANGUAGES)
def test_plain_objections_are_heard_and_plain_talk_is_not(packs: dict[str, Knowledge], language: Language) -> None:
    meant, heard, talk, false = 0, 0, 0, list[str]()
    for line in (FOLDER / f"{language}.examples").read_text(encoding="utf-8").splitlines():
        vertical, _, marked = line.partition(": ")
        if not marked:
            continue
        categories = {found[1] for found in _MARK.finditer(marked) if found[1]}
        text = _MARK.sub(lambda found: found[2] or found[4], marked)
        scan = Scan((packs.get(vertical) or packs["general"]).lexicons[language])
        scan.update(text)
        findings = read_client(scan).findings
        found = {each.label for each in findings if each.kind == "objection" and each.strength >= CONFIRM}
        if categories:
            meant += 1
            heard += bool(found & categories)
        elif _MARK.search(marked) is None:
            talk += 1
            false += [text] if found else []
    assert meant >= 120 and talk >= 80
    assert heard / meant >= FOUND_LEAST
    assert len(false) <= FALSE_MOST, false
