"""Probes trained together by a learner that can."""

import itertools
from collections.abc import Mapping, Sequence

from projektor_ray.data import Samples
from projektor_ray.errors import InputError, LearnerError
from projektor_ray.learners import Learner, TrainsMany
from projektor_ray.probes.training import (
    Outcome,
    Values,
    drawn_set,
    metric_value,
    outcomes_of,
    train_probe,
    training_seed,
)
from projektor_ray.study import Probe


def packs_of(probes: Sequence[Probe], most: int) -> tuple[tuple[int, ...], ...]:
    """Indices of probes that stand together and have one size, at most `most` a pack."""
    packs: list[tuple[int, ...]] = []
    for _, group in itertools.groupby(range(len(probes)), key=lambda i: probes[i].size):
        same = tuple(group)
        packs += [same[first : first + most] for first in range(0, len(same), most)]
    return tuple(packs)


def check_pack(pack: int, name: str, learner: Learner) -> None:
    """Refuse packs of a learner that trains one probe at a time.

    Raises
    ------
    InputError
        If it cannot train many at once.
    """
    if pack > 1 and not isinstance(learner, TrainsMany):
        raise InputError(
            f"probes.pack: {pack} needs a learner that trains many at once, such as small_cnn; "
            f"got {name!r}. Set probes.pack: 1"
        )


def train_pack(
    probes: Sequence[Probe],
    pilots: Mapping[str, Samples],
    validations: Sequence[Samples],
    learner: Learner,
    *,
    replacement: bool,
    attempts: Sequence[int],
) -> list[Outcome]:
    """Train probes together; where that fails, each has failed as one of its pack."""
    if len(probes) > 1 and isinstance(learner, TrainsMany):
        return outcomes_of(
            probes, attempts, lambda: _together(probes, pilots, validations, learner, replacement)
        )
    return [
        train_probe(probe, pilots, validations, learner, replacement=replacement, attempt=attempt)
        for probe, attempt in zip(probes, attempts, strict=True)
    ]


def _together(
    probes: Sequence[Probe],
    pilots: Mapping[str, Samples],
    validations: Sequence[Samples],
    learner: TrainsMany,
    replacement: bool,
) -> list[Values]:
    trains = [drawn_set(probe, pilots, replacement=replacement) for probe in probes]
    found = learner.train_many(trains, validations, [training_seed(probe) for probe in probes])
    if len(found) != len(probes):
        raise LearnerError(
            f"train_many must return the metrics of each of {len(probes)} drawn sets; got "
            f"{len(found)}"
        )
    return [
        tuple(metric_value(one, probe.metric) for one in each)
        for each, probe in zip(found, probes, strict=True)
    ]
