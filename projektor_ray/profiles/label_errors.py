"""What one pilot looks like beside the validation set: wrong labels, outliers, classes."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from projektor_ray.profiles.neighbours import Indices, Reference, classes_of, nearest, oddity, vote
from projektor_ray.storage.arrays import Floats
from projektor_ray.transport import PilotFeatures

ODD_SHARE = 0.02
"""Share of validation samples that are as odd as what is called an outlier."""
LEAST_POWER = 0.2
"""Sensitivity + specificity − 1 below which neighbours tell nothing of labels."""
NORMAL_90 = 1.6449


@dataclass(frozen=True)
class Share:
    """An estimated share of a pilot's samples, and its 90 % interval."""

    value: float
    low: float
    high: float


@dataclass(frozen=True)
class Profile:
    """One pilot beside the validation set.

    Attributes
    ----------
    provider : index among all m.
    size : samples.
    wrong_labels : share of samples whose label is not their class; None where that cannot be told:
        no classes, or features whose neighbours do not know the class.
    outliers : share of samples unlike any validation sample.
    in_validation : samples that are near-copies of a validation sample.
    covered : classes of validation that the pilot has.
    missing : classes of validation that it lacks.
    unknown : share of samples whose class validation lacks.
    """

    provider: int
    size: int
    wrong_labels: Share | None
    outliers: Share
    in_validation: int
    covered: tuple[int, ...]
    missing: tuple[int, ...]
    unknown: float


def profiles(pilots: PilotFeatures, reference: Reference) -> list[Profile]:
    """Of each provider whose pilot is among `pilots`."""
    labels = classes_of(pilots.labels)
    found = []
    for provider in np.unique(pilots.provider):
        own = pilots.provider == provider
        points = pilots.features[own] - reference.centre
        found.append(
            _profile(int(provider), points, None if labels is None else labels[own], reference)
        )
    return found


def _profile(
    provider: int, points: Floats, labels: Indices | None, reference: Reference
) -> Profile:
    distance, index = nearest(points, reference.points, reference.neighbours)
    limit = float(np.quantile(reference.oddity, 1 - ODD_SHARE))
    odd = oddity(distance, index, reference.reach) > limit
    wrong, unknown = None, 0.0
    covered: tuple[int, ...] = ()
    missing: tuple[int, ...] = ()
    if labels is not None and reference.labels is not None:
        covered = tuple(np.intersect1d(reference.classes, labels).tolist())
        missing = tuple(np.setdiff1d(reference.classes, labels).tolist())
        known = np.isin(labels, reference.classes)
        unknown = float(1 - known.mean())
        clear = known & ~odd
        wrong = wrong_labels(labels[clear], vote(reference.labels[index[clear]]), reference, limit)
    return Profile(
        provider=provider,
        size=len(points),
        wrong_labels=wrong,
        outliers=outliers(odd, len(reference.oddity)),
        in_validation=int((distance[:, 0] <= reference.copy_radius).sum()),
        covered=covered,
        missing=missing,
        unknown=unknown,
    )


def outliers(odd: NDArray[np.bool_], references: int) -> Share:
    """Share of outliers: samples odder than all but `ODD_SHARE` of validation's, corrected.

    (D − α) / (1 − α), D the share of samples that odd, α the share that validation itself has.
    """
    rate = float(odd.mean())
    variance = _variance(rate, len(odd)) + (1 - rate) ** 2 * _variance(ODD_SHARE, references)
    return _share((rate - ODD_SHARE) / (1 - ODD_SHARE), np.sqrt(variance) / (1 - ODD_SHARE))


def wrong_labels(
    labels: Indices, predicted: Indices, reference: Reference, limit: float
) -> Share | None:
    """Share of labels that are wrong, by how often the nearest of validation disagree.

    w = (D − e) / (1 − e − r): D the share of samples whose neighbours vote for another class, e
    the same among right labels, r the share of wrong labels that neighbours vote for by mistake;
    e and r as validation's samples show them among themselves, class by class, weighed by the
    pilot's labels. This is the prevalence by a test of known errors (Rogan and Gladen, 1978). It
    takes wrong labels to fall on other classes as these occur in validation.

    Parameters
    ----------
    labels, predicted : (n,), of samples of known classes that are no outliers.
    limit : oddity beyond which a sample of the reference is left out, as the pilot's are.
    """
    if reference.labels is None or reference.predicted is None or len(labels) == 0:
        return None
    clear = reference.oddity <= limit
    true, voted = reference.labels[clear], reference.predicted[clear]
    classes = reference.classes
    counts = np.array([(labels == c).sum() for c in classes]) / len(labels)
    missed = float(counts @ _class_rates(true, voted, classes, false_alarm=False))
    taken = float(counts @ _class_rates(true, voted, classes, false_alarm=True))
    power = 1 - missed - taken
    if power < LEAST_POWER:
        return None
    rate = float((labels != predicted).mean())
    share = (rate - missed) / power
    inside = min(max(share, 0.0), 1.0)
    variance = (
        _variance(rate, len(labels))
        + (1 - inside) ** 2 * _variance(missed, len(true))
        + inside**2 * _variance(taken, len(true))
    )
    return _share(share, np.sqrt(variance) / power)


def _class_rates(true: Indices, voted: Indices, classes: Indices, *, false_alarm: bool) -> Floats:
    """Per class: how often it is not voted for where it is true; or voted for where it is not.

    Drawn to the rate over all classes by two samples' weight, as a class may have few.
    """
    hits, of = [], []
    for c in classes:
        here = (true != c) if false_alarm else (true == c)
        hits.append(((voted == c) == false_alarm)[here].sum())
        of.append(here.sum())
    overall = float(np.sum(hits)) / max(1, int(np.sum(of)))
    return np.asarray((np.array(hits) + 2 * overall) / (np.array(of) + 2))


def _variance(rate: float, count: int) -> float:
    """Of an observed rate, with two samples' doubt added so that 0 of n is not certain."""
    doubtful = (rate * count + 1) / (count + 2)
    return doubtful * (1 - doubtful) / (count + 2)


def _share(value: float, error: float) -> Share:
    inside = min(max(float(value), 0.0), 1.0)
    apart = NORMAL_90 * float(error)
    return Share(inside, max(inside - apart, 0.0), min(inside + apart, 1.0))
