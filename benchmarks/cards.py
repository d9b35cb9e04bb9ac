"""How well cards count wrong labels in pilots of photographs, and find them.

python -m benchmarks.cards --data FOLDER

CIFAR-10: pilots of 1,000 images of which 0, 5, 30 and 60 % are given a wrong label at random;
validation of 2,000, on which the features are trained (`validation_cnn`). Beside the estimated
share: how often its 90 % interval holds the planted one, and the chance that a wrong label is
worth less than a right one, by the calibrated gradients. Writes `benchmarks/results/cards.md`.
"""

import argparse
from functools import partial
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import roc_auc_score

from benchmarks.outcomes import PILOT, RESULTS, data_folder, images, validation
from projektor_ray.data import EmbedderConfig, build_embedder
from projektor_ray.profiles import Reference, held_out, profiles, sample_values
from projektor_ray.storage.hashing import generator
from projektor_ray.transport import PilotFeatures, TransportSettings, ValidationFeatures
from projektor_ray.transport.ground_cost import pilot_moments

EMBEDDER = EmbedderConfig(name="validation_cnn")
PLANTED = (0.0, 0.05, 0.3, 0.6)
CLASSES = 10
REPEATS = 8


class Found(NamedTuple):
    """Of one pilot: planted and estimated share, whether the interval holds it, and the ranking."""

    planted: float
    estimated: float
    held: bool
    ranked: float


def examine(
    features: NDArray[np.float32],
    labels: NDArray[np.int64],
    target: ValidationFeatures,
    reference: Reference,
    share: float,
    repeat: int,
) -> Found:
    """A pilot with so many wrong labels."""
    stream = generator("wrong labels of cards", share, repeat)
    wrong = stream.random(len(labels)) < share
    given = np.where(wrong, (labels + stream.integers(1, CLASSES, len(labels))) % CLASSES, labels)
    pilot = PilotFeatures(features, given, np.zeros(len(labels), dtype=np.int64))
    (profile,) = profiles(pilot, reference)
    assert profile.wrong_labels is not None
    settings = TransportSettings()
    (values,) = sample_values(pilot, target, pilot_moments(pilot, target), settings)
    estimate, planted = profile.wrong_labels, float(wrong.mean())
    ranked = float(roc_auc_score(wrong, -values.values)) if wrong.any() else np.nan
    return Found(planted, estimate.value, estimate.low <= planted <= estimate.high, ranked)


def main(data: Path) -> None:
    pool, target = images(data / "cifar10-train.parquet"), validation(data)
    embed = build_embedder(EMBEDDER, target)
    shown = ValidationFeatures(embed(target.inputs), target.labels)
    reference = held_out(Reference.of(shown), target, partial(build_embedder, EMBEDDER))
    pilots = [pool.take(np.arange(PILOT) + PILOT * repeat) for repeat in range(REPEATS)]
    embedded = [embed(pilot.inputs) for pilot in pilots]
    lines = [
        "# Wrong labels in pilots of photographs\n",
        f"Written by `python -m benchmarks.cards`: CIFAR-10, {REPEATS} pilots of {PILOT:,} for",
        "each row, validation of 2,000; features of `validation_cnn`. Shares in per cent.\n",
        "| planted | estimated | largest error | 90 % interval holds | wrong below right |",
        "|---|---|---|---|---|",
    ]
    for share in PLANTED:
        found = [
            examine(features, np.asarray(pilot.labels), shown, reference, share, repeat)
            for repeat, (features, pilot) in enumerate(zip(embedded, pilots, strict=True))
        ]
        estimated = 100 * np.array([one.estimated for one in found])
        errors = estimated - [100 * one.planted for one in found]
        ranked = np.mean([one.ranked for one in found])
        lines.append(
            f"| {100 * share:.0f} | {estimated.mean():.1f} ± {estimated.std(ddof=1):.1f} "
            f"| {np.abs(errors).max():.1f} | {np.mean([one.held for one in found]):.0%} "
            f"| {'–' if np.isnan(ranked) else f'{ranked:.3f}'} |"
        )
    text = "\n".join(lines) + "\n"
    (RESULTS / "cards.md").write_text(text, encoding="utf-8")
    print(text)


if __name__ == "__main__":
    options = argparse.ArgumentParser(description=__doc__)
    data_folder(options)
    chosen = options.parse_args()
    if chosen.data is None:
        options.error("name the folder of cifar10-train.parquet: --data or PROJEKTOR_DATA")
    main(chosen.data)
