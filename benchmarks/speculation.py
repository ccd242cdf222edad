"""How often the model has begun before the customer has finished: `python -m benchmarks.speculation`.

The packs' calls through the core in virtual time, word by word at 150 words a minute, with a model that needs 600 ms
to its first token. Counted are suggestions for objections that the final confirmed.
"""

import sys
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from coach.analyze import START_MS, Conversation, rehearse
from coach.packs import knowledge, loader
from coach.packs.knowledge import Knowledge

FIRST_TOKEN_MS = 600
TAIL_WORDS = 4
"""A quote that ends so many words before its utterance leaves time to be early."""


@dataclass(slots=True)
class Shares:
    """Suggestions, and those of them whose first token came before the utterance ended."""

    all: int = 0
    all_early: int = 0
    tailed: int = 0
    """Those whose quote ends `TAIL_WORDS` or more words before the utterance does."""
    tailed_early: int = 0

    @property
    def share(self) -> float:
        """Of all."""
        return self.all_early / max(1, self.all)

    @property
    def tailed_share(self) -> float:
        """Of those with a tail."""
        return self.tailed_early / max(1, self.tailed)


def files() -> list[Path]:
    """The shipped packs' calls."""
    return sorted(loader.SHIPPED.glob("*/*/calls/*.json"))


def measure(paths: Iterable[Path], packs: dict[str, Knowledge]) -> Shares:
    """The shares over these calls."""
    shares = Shares()
    for path in paths:
        call = Conversation.model_validate_json(path.read_bytes())
        # Times are those of reading aloud at an even pace, not the recording's.
        turns = [turn.model_copy(update={"start_ms": None, "end_ms": None}) for turn in call.spoken()]
        _count(call.model_copy(update={"turns": turns}), packs, shares)
    return shares


def _count(call: Conversation, packs: dict[str, Knowledge], shares: Shares) -> None:
    rehearsal = rehearse(call, packs, words=True, provider=("measured", "measured"))
    view = rehearsal.session.view
    finals = {final["utterance"]: final for final in view.transcript}
    cards = {e["id"]: e for e in rehearsal.events if e["type"] == "card" and e["status"] == "open"}
    over = {e["card"]: e["at"] for e in rehearsal.events if e["type"] == "suggestion" and e["status"] != "started"}
    confirmed = {e["id"]: e for e in rehearsal.events if e["type"] == "objection" and e["status"] == "confirmed"}
    for event in rehearsal.events:
        if event["type"] != "suggestion" or event["status"] != "started":
            continue
        finding = confirmed.get(cards[event["card"]]["trigger"]["id"])
        if finding is None:
            continue
        final = finals[finding["utterance"]]
        first = event["at"] + FIRST_TOKEN_MS
        early = first <= START_MS + final["end_ms"] and first <= over.get(event["card"], first)
        place = final["text"].find(finding["quote"])
        tail = len(final["text"][place + len(finding["quote"]) :].split())
        shares.all += 1
        shares.all_early += early
        if tail >= TAIL_WORDS:
            shares.tailed += 1
            shares.tailed_early += early


def main() -> int:
    """Print the figures."""
    shares = measure(files(), knowledge.build(loader.load_all()))
    print(f"first token before the utterance ended: {shares.share:.1%} of {shares.all} suggestions")
    print(
        f"of those whose quote ends {TAIL_WORDS} or more words before it: {shares.tailed_share:.1%} of {shares.tailed}"
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
