"""Coverage of the intervals on wrong labels and outliers, beside confident learning (cleanlab).

python -m benchmarks.profiles [--draws 100] [--shifted-draws 50]

Handwritten digits (scikit-learn): each draw takes a validation set of about 400 in which digit 0
has 1, 3, 5 or 50 samples, and a pilot of 400 other samples of which 0, 5, 20 or 40 % get another
label at random. Beside the estimate of the provider profile: the share of label issues that
cleanlab counts with predictions of a logistic regression trained on the same validation set. In a
second table the pilot's features are shifted, as another camera or a part of the population would
have them, and digit 0 is as frequent as all others. Writes `benchmarks/results/profiles.md`.
"""

import argparse
import warnings
from pathlib import Path

import numpy as np
from cleanlab.count import num_label_issues
from scipy.ndimage import gaussian_filter, shift
from scipy.stats import binomtest
from sklearn.datasets import load_digits
from sklearn.linear_model import LogisticRegression

from projektor_ray.profiles import Reference, pilot_profiles
from projektor_ray.storage.array_types import Floats
from projektor_ray.transport import PilotFeatures, ValidationFeatures

RESULTS = Path(__file__).parent / "results"
RARE = (1, 3, 5, 50)
WRONG = (0.0, 0.05, 0.2, 0.4)
SIZE = 400
CLASSES = 10
LEVEL = 0.9


def _images(features: Floats) -> Floats:
    return features.reshape(-1, 8, 8)


SHIFTS = {
    "none": lambda x, stream: x,
    "brighter by 2 of 16": lambda x, stream: x + 2,
    "contrast of 0.7": lambda x, stream: 0.7 * x,
    "gamma of 0.5": lambda x, stream: 16 * (x / 16) ** 0.5,
    "gain of each pixel, ±20%": lambda x, stream: x * np.exp(0.2 * stream.normal(size=x.shape[1])),
    "blur of 0.7 pixels": lambda x, stream: gaussian_filter(_images(x), (0, 0.7, 0.7)).reshape(
        x.shape
    ),
    "moved by 0.6 pixels": lambda x, stream: shift(_images(x), (0, 0, 0.6), order=1).reshape(
        x.shape
    ),
    "noise of 1.5": lambda x, stream: x + 1.5 * stream.normal(size=x.shape),
    "the heavier half of each digit": lambda x, stream: x,
}
HEAVIER = "the heavier half of each digit"


def shifted_draw(
    kind: str, wrong: float, seed: int
) -> tuple[ValidationFeatures, PilotFeatures, float]:
    """A validation set, a pilot whose features are shifted, and its share of wrong labels."""
    stream = np.random.default_rng([1 + list(SHIFTS).index(kind), int(100 * wrong), seed])
    features, labels = load_digits(return_X_y=True)
    order = stream.permutation(len(labels))
    known, rest = order[:SIZE], order[SIZE:]
    if kind == HEAVIER:
        ink = features.sum(axis=1)
        usual = np.array([np.median(ink[labels == c]) for c in range(CLASSES)])
        rest = rest[ink[rest] > usual[labels[rest]]]
    rest = rest[:SIZE]
    flawed = stream.random(len(rest)) < wrong
    moved = (labels[rest] + stream.integers(1, CLASSES, len(rest))) % CLASSES
    given = np.where(flawed, moved, labels[rest]).astype(np.int64)
    return (
        ValidationFeatures(features[known], labels[known].astype(np.int64)),
        PilotFeatures(SHIFTS[kind](features[rest], stream), given, np.zeros(len(rest), np.int64)),
        float(flawed.mean()),
    )


def shifted_row(kind: str, wrong: float, draws: int) -> str:
    errors, widths, inside = [], [], []
    for seed in range(draws):
        validation, pilot, truth = shifted_draw(kind, wrong, seed)
        (profile,) = pilot_profiles(pilot, Reference.of(validation))
        share = profile.wrong_labels
        if share is not None:
            errors.append(share.value - truth)
            widths.append(share.high - share.low)
            inside.append(share.low <= wrong <= share.high)
    silent = draws - len(inside)
    if not inside:
        return f"| {kind} | {100 * wrong:.0f} | – | – | – | {silent} of {draws} |"
    return (
        f"| {kind} | {100 * wrong:.0f} | {np.mean(inside):.2f} | {100 * np.mean(widths):.1f} "
        f"| {100 * np.mean(errors):+.1f} | {silent} of {draws} |"
    )


def draw(rare: int, wrong: float, seed: int) -> tuple[ValidationFeatures, PilotFeatures, float]:
    """A validation set, a pilot, and the share of its labels that are wrong."""
    stream = np.random.default_rng([rare, int(100 * wrong), seed])
    features, labels = load_digits(return_X_y=True)
    order = stream.permutation(len(labels))
    zeros, others = order[labels[order] == 0], order[labels[order] != 0]
    known = np.concatenate([zeros[:rare], others[:360]])
    rest = stream.permutation(np.concatenate([zeros[rare:], others[360:]]))[:SIZE]
    flawed = stream.random(SIZE) < wrong
    moved = (labels[rest] + stream.integers(1, CLASSES, SIZE)) % CLASSES
    given = np.where(flawed, moved, labels[rest]).astype(np.int64)
    provider = np.zeros(SIZE, dtype=np.int64)
    return (
        ValidationFeatures(features[known], labels[known].astype(np.int64)),
        PilotFeatures(features[rest], given, provider),
        float(flawed.mean()),
    )


def confident_learning(validation: ValidationFeatures, pilot: PilotFeatures) -> float:
    """Share of label issues that cleanlab counts."""
    model = LogisticRegression(max_iter=2000).fit(validation.features / 16, validation.labels)
    columns = np.full((len(pilot.features), CLASSES), 1e-6)
    columns[:, model.classes_] = model.predict_proba(pilot.features / 16)
    columns /= columns.sum(axis=1, keepdims=True)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        found = num_label_issues(np.asarray(pilot.labels), columns)
    return float(found) / len(pilot.features)


def row(rare: int, wrong: float, draws: int) -> str:
    ours, theirs, widths, inside, silent = [], [], [], [], 0
    outliers_inside, seen = [], []
    for seed in range(draws):
        validation, pilot, truth = draw(rare, wrong, seed)
        (profile,) = pilot_profiles(pilot, Reference.of(validation))
        interval = binomtest(round(truth * SIZE), SIZE).proportion_ci(LEVEL, method="exact")
        seen.append(interval.low <= wrong <= interval.high)
        theirs.append(confident_learning(validation, pilot) - truth)
        outliers_inside.append(profile.outliers.low <= 0)
        if profile.wrong_labels is None:
            silent += 1
            continue
        share = profile.wrong_labels
        ours.append(share.value - truth)
        widths.append(share.high - share.low)
        # The interval is of the rate at which labels are made wrong, not of its draw.
        inside.append(share.low <= wrong <= share.high)

    def error(found: list[float]) -> str:
        array: Floats = np.array(found)
        return f"{100 * np.mean(array):+.1f} | {100 * np.sqrt(np.mean(array**2)):.1f}"

    return (
        f"| {rare} | {100 * wrong:.0f} | {np.mean(inside):.2f} | {np.mean(seen):.2f} "
        f"| {100 * np.mean(widths):.1f} | {error(ours)} | {error(theirs)} | {silent} "
        f"| {np.mean(outliers_inside):.2f} |"
    )


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--draws", type=int, default=100)
    options.add_argument("--shifted-draws", type=int, default=50)
    given = options.parse_args()
    draws, shifted = given.draws, given.shifted_draws
    lines = [
        "# Wrong labels and outliers of a pilot: estimates and intervals\n",
        f"Written by `python -m benchmarks.profiles`: digits, {draws} draws a row, a pilot of",
        f"{SIZE} samples, a validation set of about 400. Widths and errors in percentage points.",
        "Coverage: how often the 90 % interval holds the share by which labels were made wrong.",
        "`binomial`: coverage of the binomial interval of somebody who knows every wrong label;",
        "both vary with the draws. cleanlab gives no interval.\n",
        "| rare class in validation | wrong % | coverage | binomial | width | our bias "
        "| our rms error | cleanlab bias | cleanlab rms error | cannot tell "
        "| outliers: interval holds 0 |",
        "|---|---|---|---|---|---|---|---|---|---|---|",
        *(row(rare, wrong, draws) for rare in RARE for wrong in WRONG),
        "\n## Shifted features\n",
        f"{shifted} draws a row; coverage, width and bias of those that are not *cannot tell*.\n",
        "| shift of the pilot | wrong % | coverage | width | bias | cannot tell |",
        "|---|---|---|---|---|---|",
        *(shifted_row(kind, wrong, shifted) for kind in SHIFTS for wrong in WRONG),
    ]
    text = "\n".join(lines) + "\n"
    (RESULTS / "profiles.md").write_text(text, encoding="utf-8")
    print(text)


if __name__ == "__main__":
    main()
