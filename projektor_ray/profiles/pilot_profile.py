"""One pilot compared with the validation set: wrong labels, outliers, classes, leaked samples."""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from projektor_ray.profiles.label_errors import (
    MIN_JUDGED,
    Suspect,
    suspects,
    union,
    with_unseen,
    wrong_labels,
)
from projektor_ray.profiles.neighbours import (
    Indices,
    Reference,
    classes_of,
    nearest,
    outlyingness,
)
from projektor_ray.profiles.prevalence import DRAWS, Share, prevalence, rate_draws
from projektor_ray.profiles.repeats import Repeats, contents
from projektor_ray.profiles.shift import Placed, aligned, is_shifted
from projektor_ray.storage.array_types import Floats
from projektor_ray.storage.hashing import generator
from projektor_ray.transport import PilotFeatures

OUTLIER_SHARE = 0.02
"""Share of validation samples that lie as far out as what is called an outlier."""
MOST_WRONG = 0.95
"""A larger share of wrong labels leaves no right ones to compare with."""


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
        wrong, suspected = _judge_labels(points, labels, reference, limit)
    same = np.isin(content, reference.repeats.distinct)
    near = (distance[:, 0] <= reference.near_radius) & ~same
    return PilotProfile(
        provider=provider,
        size=len(points),
        wrong_labels=wrong,
        outliers=_outliers(far, labels, wrong, reference) if judged.mean() >= MIN_JUDGED else None,
        duplicates_in_validation=int(same.sum()),
        duplicates_by_chance=len(points) * reference.repeats.by_chance(Repeats.of(content)),
        near_duplicates_in_validation=int(near.sum()),
        near_duplicates_by_chance=len(points) * reference.near_by_chance,
        covered=covered,
        missing=missing,
        unknown=unknown,
        suspects=suspected,
    )


def _judge_labels(
    points: Floats, labels: Indices, reference: Reference, limit: float
) -> tuple[Share | None, tuple[Suspect, ...]]:
    """The share of wrong labels, and the samples that are suspected.

    Where the features are shifted, an affine map must explain it. As nobody knows whether it does,
    the interval is that of both readings: with the map and without it.
    """
    judged = np.isin(labels, np.setdiff1d(reference.classes, reference.rare_classes))
    if not judged.any():
        return None, ()
    placed, shares = Placed.of(points, judged, reference), []
    if is_shifted(placed, reference, limit):
        shares.append(_share_of_wrong(placed, labels, reference, limit))
        placed = aligned(placed, reference, limit)
        if is_shifted(placed, reference, limit):
            return None, ()
    shares.append(_share_of_wrong(placed, labels, reference, limit))
    wrong = union(shares)
    clear = np.flatnonzero(np.isin(labels, reference.classes) & (placed.outlyingness <= limit))
    suspected = suspects(labels[clear], placed.neighbours[clear], reference, wrong)
    return wrong, tuple(replace(one, sample=int(clear[one.sample])) for one in suspected)


def _share_of_wrong(
    placed: Placed, labels: Indices, reference: Reference, limit: float
) -> Share | None:
    near = placed.outlyingness <= limit
    judged = near & placed.judged
    if judged.sum() < MIN_JUDGED * len(labels):
        return None
    share = wrong_labels(labels[judged], placed.voted[judged], reference, limit)
    return share and with_unseen(share, _far_for_rarity(~near, labels, reference) / judged.sum())


def _outliers(
    far: NDArray[np.bool_], labels: Indices | None, wrong: Share | None, reference: Reference
) -> Share:
    """The share of outliers among samples whose label is not of a rare class.

    Samples of a rare class with a wrong label are among these, and are far from all others rightly:
    F·w/(1 − w) of them, where F have their own label, and w is the share of wrong labels.
    """
    if labels is None:
        return outliers(far, len(reference.outlyingness))
    judged = ~np.isin(labels, reference.rare_classes)
    low, high = (0.0, 0.5) if wrong is None else (wrong.low, min(wrong.high, MOST_WRONG))
    shares = np.linspace(low, high, DRAWS)
    rightly = _far_for_rarity(far, labels, reference) * shares / (1 - shares)
    return outliers(far[judged], len(reference.outlyingness), rightly / judged.sum())


def _far_for_rarity(far: NDArray[np.bool_], labels: Indices, reference: Reference) -> float:
    """F, how many samples of rare classes are far since validation has so few of their class: those
    beyond the share that is far among all others."""
    rare = np.isin(labels, reference.rare_classes)
    if not rare.any() or rare.all():
        return 0.0
    return max(0.0, float(far[rare].sum() - rare.sum() * far[~rare].mean()))


def outliers(far: NDArray[np.bool_], references: int, rightly: Floats | float = 0.0) -> Share:
    """Share of outliers: samples farther out than all but `OUTLIER_SHARE` of validation's.

    The validation set itself has that share beyond the limit, up to the uncertainty of a quantile
    of so many references; an outlier is always beyond it. See `prevalence`. Samples of a class that
    is rare in validation are left out before, since they are far from all others rightly.

    Parameters
    ----------
    rightly : draws of the share of `far` that are far rightly for another reason.
    """
    stream = generator("outliers", len(far), references)
    beyond = np.array([round(OUTLIER_SHARE * references)])
    false_alarms = rate_draws(beyond, np.array([references]), stream)[:, 0]
    false_alarms = np.minimum(false_alarms + rightly, 1.0)
    return prevalence(int(far.sum()), len(far), false_alarms, np.zeros(len(false_alarms)))
