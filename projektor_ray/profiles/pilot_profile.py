"""One pilot compared with the validation set: wrong labels, outliers, classes, leaked samples."""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from projektor_ray.profiles.label_errors import MIN_JUDGED, Suspect, suspects, wrong_labels
from projektor_ray.profiles.neighbours import (
    Indices,
    Reference,
    classes_of,
    nearest,
    outlyingness,
    vote,
)
from projektor_ray.profiles.prevalence import Share, prevalence, rate_draws
from projektor_ray.profiles.repeats import Repeats, contents
from projektor_ray.storage.array_types import Floats
from projektor_ray.storage.hashing import generator
from projektor_ray.transport import PilotFeatures

OUTLIER_SHARE = 0.02
"""Share of validation samples that lie as far out as what is called an outlier."""


@dataclass(frozen=True)
class PilotProfile:
    """One pilot compared with the validation set.

    Attributes
    ----------
    provider : index among all m.
    size : samples, n_i.
    wrong_labels : share of samples whose label is not their class; None where that is unknown:
        no classes, too few validation samples of the pilot's classes, or features whose neighbours
        do not know the class.
    outliers : share of samples unlike any validation sample; None where that is unknown, since
        validation has too few samples of the pilot's classes.
    duplicates_in_validation : samples that equal a validation sample in every value.
    near_duplicates_in_validation : further samples closer to a validation sample than a quarter of
        the usual distance between validation samples.
    near_duplicates_by_chance : how many such samples independent draws would give.
    covered : classes of validation that the pilot has.
    missing : classes of validation that it lacks.
    unknown : share of samples whose class validation lacks.
    suspects : samples whose label is most likely wrong, the likeliest first.
    duplicates_by_chance : how many duplicates of validation independent draws would give, see
        `Repeats`.
    """

    provider: int
    size: int
    wrong_labels: Share | None
    outliers: Share | None
    duplicates_in_validation: int
    near_duplicates_in_validation: int
    near_duplicates_by_chance: float
    covered: tuple[int, ...]
    missing: tuple[int, ...]
    unknown: float
    suspects: tuple[Suspect, ...] = ()
    duplicates_by_chance: float = 0.0


def pilot_profiles(pilots: PilotFeatures, reference: Reference) -> list[PilotProfile]:
    """The profile of each provider whose pilot is among `pilots`."""
    labels, content = classes_of(pilots.labels), contents(pilots)
    profiles = []
    for provider in np.unique(pilots.provider):
        own = pilots.provider == provider
        points = reference.place(pilots.features[own])
        own_labels = None if labels is None else labels[own]
        profiles.append(_profile(int(provider), points, own_labels, content[own], reference))
    return profiles


def _profile(
    provider: int,
    points: Floats,
    labels: Indices | None,
    content: NDArray[np.uint64],
    reference: Reference,
) -> PilotProfile:
    distance, index = nearest(points, reference.points, reference.neighbours)
    limit = float(np.quantile(reference.outlyingness, 1 - OUTLIER_SHARE))
    far = outlyingness(distance, index, reference.spacing) > limit
    wrong, unknown = None, 0.0
    suspected: tuple[Suspect, ...] = ()
    judged = np.ones(len(points), dtype=bool)
    covered: tuple[int, ...] = ()
    missing: tuple[int, ...] = ()
    if labels is not None and reference.labels is not None:
        covered = tuple(np.intersect1d(reference.classes, labels).tolist())
        missing = tuple(np.setdiff1d(reference.classes, labels).tolist())
        known = np.isin(labels, reference.classes)
        unknown = float(1 - known.mean())
        judged = ~np.isin(labels, reference.rare_classes)
        clear = known & ~far
        neighbours = reference.labels[index[clear]]
        wrong = wrong_labels(labels[clear], vote(neighbours), reference, limit)
        positions = np.flatnonzero(clear)
        suspected = tuple(
            replace(one, sample=int(positions[one.sample]))
            for one in suspects(labels[clear], neighbours, reference, wrong)
        )
    same = np.isin(content, reference.repeats.distinct)
    near = (distance[:, 0] <= reference.near_radius) & ~same
    return PilotProfile(
        provider=provider,
        size=len(points),
        wrong_labels=wrong,
        outliers=outliers(far[judged], len(reference.outlyingness))
        if judged.mean() >= MIN_JUDGED
        else None,
        duplicates_in_validation=int(same.sum()),
        duplicates_by_chance=len(points) * reference.repeats.by_chance(Repeats.of(content)),
        near_duplicates_in_validation=int(near.sum()),
        near_duplicates_by_chance=len(points) * reference.near_by_chance,
        covered=covered,
        missing=missing,
        unknown=unknown,
        suspects=suspected,
    )


def outliers(far: NDArray[np.bool_], references: int) -> Share:
    """Share of outliers: samples farther out than all but `OUTLIER_SHARE` of validation's.

    The validation set itself has that share beyond the limit, up to the uncertainty of a quantile
    of so many references; an outlier is always beyond it. See `prevalence`. Samples of a class that
    is rare in validation are left out before, since they are far from all others rightly.
    """
    stream = generator("outliers", len(far), references)
    beyond = np.array([round(OUTLIER_SHARE * references)])
    false_alarms = rate_draws(beyond, np.array([references]), stream)[:, 0]
    return prevalence(int(far.sum()), len(far), false_alarms, np.zeros(len(false_alarms)))
