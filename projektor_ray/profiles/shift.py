"""Whether a pilot's features are distributed as validation's, and an affine map that makes them so.

Rates at which neighbours outvote right labels are known of validation's own samples. They hold for
a pilot if its samples of each class are distributed as validation's are; another camera, gain,
offset or part of the population breaks that. Both functions see features alone, never labels: wrong
labels are no shift. Classes are those that neighbours vote for, so that another mix of classes is
none either.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri

from projektor_ray.profiles.neighbours import Indices, Reference, nearest, outlyingness, vote
from projektor_ray.storage.array_types import Floats
from projektor_ray.storage.hashing import generator

RARELY = 0.02
"""How often a pilot that is distributed as validation is gets taken for a shifted one, at most."""
TESTS = 2
"""Tests that share `RARELY` (Bonferroni)."""
PERMUTATIONS = 299
MOST_COMPARED = 300
"""Samples of a class that are compared on each side, drawn at random."""
ROUNDS = 5
"""How often the map is fitted, as votes change with it."""
PRIOR_FREEDOM = 10
"""Degrees of freedom that speak for equal spreads: a feature that hardly varies in a small pilot is
not stretched without limit.
"""


@dataclass(frozen=True, eq=False)
class Placed:
    """Samples in the coordinates of a reference that has classes.

    Attributes
    ----------
    points : (n, d).
    outlyingness : (n,), see `outlyingness`.
    neighbours : (n, k), classes of the nearest samples of the reference.
    voted : (n,), the class that they vote for.
    judged : (n,), which of them have a label of a class that validation has enough samples of; the
        others lie where validation has no samples, whatever the features.
    """

    points: Floats
    outlyingness: Floats
    neighbours: Indices
    voted: Indices
    judged: NDArray[np.bool_]

    @staticmethod
    def of(points: Floats, judged: NDArray[np.bool_], reference: Reference) -> "Placed":
        """Look up the neighbours of points."""
        assert reference.labels is not None
        distance, index = nearest(points, reference.points, reference.neighbours)
        far = outlyingness(distance, index, reference.spacing)
        neighbours = reference.labels[index]
        return Placed(points, far, neighbours, vote(neighbours), judged)


def is_shifted(pilot: Placed, reference: Reference, limit: float) -> bool:
    """Whether the pilot is farther from validation than validation's own samples from one another.

    Two tests over all classes, of samples that are no outliers. The energy distance (Székely and
    Rizzo, 2004) between as many samples of both sides, by permutations, sees where they lie;
    outlyingness, by ranks (van Elteren, 1960), sees how far they are from the nearest others.

    Parameters
    ----------
    limit : outlyingness beyond which a sample is an outlier.

    Returns
    -------
    bool
        False where an embedder that was fitted to the reference's labels shows its samples: they
        lie otherwise than all others, and nothing can be compared.
    """
    from scipy.stats import rankdata

    strata = list(_strata(pilot, reference, limit))
    if not strata or not reference.unseen:
        return False
    score, variance = 0.0, 0.0
    for own, known in strata:
        count = len(own) + len(known) + 1
        both = np.concatenate([pilot.outlyingness[own], reference.outlyingness[known]])
        excess = rankdata(both)[: len(own)].sum() - len(own) * count / 2
        score += excess / count
        variance += len(own) * len(known) / (12 * count)
    if score > -ndtri(RARELY / TESTS) * np.sqrt(variance):
        return True
    return _energy_probability(pilot, reference, strata) <= RARELY / TESTS


def aligned(pilot: Placed, reference: Reference, limit: float) -> Placed:
    """The pilot after the map x → a∘x + b that gives it validation's means and spreads.

    For each feature the spread within classes becomes validation's, then the mean what validation's
    samples of the same classes have. Of both sides the half that is nearest to the others counts,
    and in the last round all that are no outliers: half the samples would have twice the variance.

    Parameters
    ----------
    limit : outlyingness beyond which a sample is an outlier.
    """
    voted = reference.voted
    median = float(np.median(reference.outlyingness))
    for last in (False,) * (ROUNDS - 1) + (True,):
        own_median = float(np.median(pilot.outlyingness[pilot.judged]))
        near = reference.outlyingness <= (limit if last else median)
        chosen = pilot.judged & (pilot.outlyingness <= (limit if last else own_median))
        own_mean, own_variance, known_mean, known_variance, counts = [], [], [], [], []
        for c in np.intersect1d(pilot.voted[chosen], voted[near]):
            own, known = (
                pilot.points[chosen & (pilot.voted == c)],
                reference.points[near & (voted == c)],
            )
            counts.append(len(own))
            own_mean.append(own.mean(axis=0))
            known_mean.append(known.mean(axis=0))
            own_variance.append(own.var(axis=0, ddof=min(1, len(own) - 1)))
            known_variance.append(known.var(axis=0, ddof=min(1, len(known) - 1)))
        weights = np.array(counts)
        if len(weights) == 0:
            break
        gain = _gain(np.array(own_variance), np.array(known_variance), weights - 1)
        offset = np.average(known_mean, axis=0, weights=weights)
        offset -= gain * np.average(own_mean, axis=0, weights=weights)
        pilot = Placed.of(pilot.points * gain + offset, pilot.judged, reference)
    return pilot


def _gain(own: Floats, known: Floats, freedom: Indices) -> Floats:
    """Ratio of the pooled spreads within classes, shape (d,), from variances (classes, d)."""
    gain, count = np.ones(own.shape[1]), freedom.sum()
    if count > 0:
        pooled, target = (np.average(one, axis=0, weights=freedom) for one in (own, known))
        pooled = (count * pooled + PRIOR_FREEDOM * target) / (count + PRIOR_FREEDOM)
        gain[target > 0] = np.sqrt(target[target > 0] / pooled[target > 0])
    return gain


def _strata(pilot: Placed, reference: Reference, limit: float) -> Iterator[tuple[Indices, Indices]]:
    """Of each class that is voted for on both sides: positions of the samples of each side."""
    near = pilot.judged & (pilot.outlyingness <= limit)
    known_near = reference.outlyingness <= limit
    for c in np.intersect1d(pilot.voted[near], reference.voted[known_near]):
        own = np.flatnonzero(near & (pilot.voted == c))
        known = np.flatnonzero(known_near & (reference.voted == c))
        if min(len(own), len(known)) > 1:
            yield own, known


def _energy_probability(
    pilot: Placed, reference: Reference, strata: list[tuple[Indices, Indices]]
) -> float:
    """How rarely a random split of the same samples lies as far apart."""
    stream = generator("shift", len(pilot.points), len(reference.points))
    observed, by_chance = 0.0, np.zeros(PERMUTATIONS)
    for own, known in strata:
        count = min(len(own), len(known), MOST_COMPARED)
        both = np.concatenate(
            [
                pilot.points[stream.permutation(own)[:count]],
                reference.points[stream.permutation(known)[:count]],
            ]
        )
        side = np.repeat([1.0, -1.0], count)
        splits = np.stack([side, *(stream.permutation(side) for _ in range(PERMUTATIONS))])
        energy = -np.einsum("ri,ri->r", splits @ _distances(both), splits) / count
        observed += energy[0]
        by_chance += energy[1:]
    return float((1 + (by_chance >= observed).sum()) / (1 + PERMUTATIONS))


def _distances(points: Floats) -> NDArray[np.float64]:
    from scipy.spatial.distance import cdist

    return np.asarray(cdist(points, points), dtype=np.float64)
