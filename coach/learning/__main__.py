"""`make model`: trains the shipped models on the packs' labelled text and prints what held-out calls say."""

import numpy as np

from coach.detect.files import MODELS, save
from coach.detect.linear import LABELS
from coach.learning.corpus import fingerprint, rows
from coach.learning.train import FALSE_ALARMS, OBJECTIONS, calibration_error, f1, false_alarms, fit, fit_kinds, prepare
from coach.packs import knowledge, loader
from coach.taxonomy import LANGUAGES


def main() -> None:
    """Train every language, save, print."""
    packs = knowledge.build(loader.load_all(), {})
    for language in LANGUAGES:
        data = prepare(list(rows(language)), language, packs)
        fitted = fit(data, FALSE_ALARMS[language])
        kinds = fit_kinds(data)
        weights = np.concatenate([fitted.weights, kinds.weights], axis=1)
        save(MODELS / f"{language}.npz", weights, fingerprint(language), **fitted.columns, **kinds.columns)
        odds, truth = fitted.held_out[data.in_call], data.truth[data.in_call]
        margins = fitted.margins(fitted.held_out, data)[data.in_call]
        scores = f1(margins, truth)
        print(  # noqa: T201
            f"{language}: {len(data.groups)} rows, {len(truth)} in calls; objections macro-F1 "
            f"{np.mean(scores[:OBJECTIONS]):.3f}, signals {np.mean(scores[OBJECTIONS:]):.3f}, "
            f"false alarms a clean turn {false_alarms(margins, truth):.3f}, "
            f"calibration error {calibration_error(odds[:, :OBJECTIONS], truth[:, :OBJECTIONS]):.3f}"
        )
        print("  " + "  ".join(f"{name} {share:.2f}" for name, share in kinds.right.items()))  # noqa: T201
        print("  " + "  ".join(f"{label} {score:.2f}" for label, score in zip(LABELS, scores, strict=True)))  # noqa: T201


if __name__ == "__main__":
    main()
