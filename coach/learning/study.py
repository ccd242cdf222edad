"""`python -m coach.learning.study LANGUAGE`: what each part and the amount of text are worth, on held-out calls."""

import sys
import zlib
from dataclasses import replace

import numpy as np

from coach.learning.corpus import rows
from coach.learning.train import FALSE_ALARMS, OBJECTIONS, Data, Fitted, Floats, f1, false_alarms, fit, prepare
from coach.packs import knowledge, loader
from coach.taxonomy import LANGUAGES

SHARES = (10, 30, 100)


def ablation(data: Data, alarms: float) -> None:
    """Each part left out."""
    none = data.words * 0
    for name, part in (
        ("everything", data),
        ("without what the seller said before", replace(data, words=data.said)),
        ("without phrases", replace(data, cues=np.zeros_like(data.cues))),
        ("phrases alone", replace(data, words=none)),
        ("without single utterances", data.take(data.in_call)),
    ):
        fitted = fit(part, alarms)
        _print(name, fitted, fitted.held_out, part)


def curve(data: Data, alarms: float) -> None:
    """A part of the calls and blocks learned from, all others the test; with all of it, each held out in turn."""
    draw = np.array([zlib.crc32(group.encode()) % 100 for group in data.groups])
    for share in SHARES:
        chosen = draw < share
        fitted = fit(data.take(chosen), alarms)
        if share == 100:
            _print("100 %", fitted, fitted.held_out, data)
        else:
            rest = data.take(~chosen)
            _print(f"{share} %", fitted, fitted.predict(rest), rest)


def _print(name: str, fitted: Fitted, odds: Floats, data: Data) -> None:
    margins, truth = fitted.margins(odds, data)[data.in_call], data.truth[data.in_call]
    scores = f1(margins, truth)
    print(  # noqa: T201
        f"| {name} | {scores[:OBJECTIONS].mean():.3f} | {scores[OBJECTIONS:].mean():.3f} | "
        f"{false_alarms(margins, truth):.3f} |",
        flush=True,
    )


def main() -> None:
    """Print both tables of one language."""
    language = next(language for language in LANGUAGES if language == sys.argv[1])
    data = prepare(list(rows(language)), language, knowledge.build(loader.load_all(), {}))
    ablation(data, FALSE_ALARMS[language])
    curve(data, FALSE_ALARMS[language])


if __name__ == "__main__":
    main()
