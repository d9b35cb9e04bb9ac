"""The wrong labels in a pilot, by how often its neighbours in validation disagree."""

from dataclasses import dataclass

import numpy as np

from projektor_ray.profiles.neighbours import Indices, Reference, vote
from projektor_ray.profiles.prevalence import Share, prevalence, rate_draws
from projektor_ray.storage.array_types import Floats
from projektor_ray.storage.hashing import generator

MIN_POWER = 0.2
"""Sensitivity + specificity − 1 below which neighbours cannot tell wrong labels."""
MIN_JUDGED = 0.5
"""Share of a pilot's samples whose class must have enough samples in validation."""
MOST_UNSEEN = 0.5
"""Share F of wrong labels that no neighbour can judge, beyond which the others tell too little."""
WIDEST = 0.5
"""An interval wider than this says nothing that helps to decide."""
MOST_SUSPECTS = 6


@dataclass(frozen=True)
class Suspect:
    """A sample whose label is suspected: its position in the pilot, and the class suggested."""

    sample: int
    suggested: int


def wrong_labels(
    labels: Indices, predicted: Indices, reference: Reference, limit: float
) -> Share | None:
    """Share of wrong labels; None where the validation set cannot tell.

        P(disagree) = (1 − w)·e + w·(1 − r)

    e is how often neighbours outvote a right label, r how often they vote for a wrong one, as
    validation's samples show among themselves, class by class, weighted by the pilot's labels (see
    `prevalence`). Wrong labels are taken to fall on other classes as these occur in validation.
    Samples of a class that has no more than `NEIGHBOURS` samples in validation are left out, since
    their neighbours cannot form a majority for the class.

    Parameters
    ----------
    labels, predicted : (n,), of samples of known classes that are no outliers.
    limit : outlyingness beyond which a sample of the reference is left out, as the pilot's are.
    """
    if reference.labels is None or reference.predicted is None or len(labels) == 0:
        return None
    clear = reference.outlyingness <= limit
    true, voted = reference.labels[clear], reference.predicted[clear]
    classes = np.setdiff1d(reference.classes, reference.rare_classes)
    judged = np.isin(labels, classes)
    if judged.sum() < max(1.0, MIN_JUDGED * len(labels)):
        return None
    labels, predicted = labels[judged], predicted[judged]
    weights = np.array([(labels == c).mean() for c in classes])
    stream = generator("label errors", len(true), len(labels))
    outvoted = _draws(true, voted, classes, stream) @ weights
    agreeing = _draws(true, voted, classes, stream, of_others=True) @ weights
    if 1 - outvoted.mean() - agreeing.mean() < MIN_POWER:
        return None
    share = prevalence(int((labels != predicted).sum()), len(labels), outvoted, agreeing)
    return None if share.high - share.low > WIDEST else share


def with_unseen(share: Share, unseen: float) -> Share | None:
    """The share with the wrong labels among samples that no neighbour can judge.

    None where these are too many.

    Samples of a class that is rare in validation lie far from all of it. Those F with their own
    label are left out for their class, those with another label for their distance: F·w/(1 − w),
    all wrong. So w_c of what is judged becomes w = w_c / (1 − F).

    Parameters
    ----------
    unseen : F, in units of the samples that are judged.
    """
    if unseen > MOST_UNSEEN:
        return None
    value, low, high = (
        float(min(end / (1 - unseen), 1.0)) for end in (share.value, share.low, share.high)
    )
    return Share(value, low, high)


def union(shares: list[Share | None]) -> Share | None:
    """The last share, in an interval that holds those of all; None where one is unknown, or the
    interval too wide.
    """
    known = [one for one in shares if one is not None]
    if len(known) < len(shares):
        return None
    low, high = min(one.low for one in known), max(one.high for one in known)
    return None if high - low > WIDEST else Share(known[-1].value, low, high)


def suspects(
    labels: Indices, neighbours: Indices, reference: Reference, share: Share | None
) -> list[Suspect]:
    """Samples whose neighbours vote most clearly for another class, the clearest first.

    No more than the estimated share of wrong labels, and none where that is unknown. `sample` is
    the position within `labels`.

    Parameters
    ----------
    labels, neighbours : (n,) and (n, k), of the samples and of their neighbours in validation.
    """
    if share is None:
        return []
    judged = ~np.isin(labels, reference.rare_classes)
    voted = vote(neighbours)
    lead = (neighbours == voted[:, None]).sum(axis=1) - (neighbours == labels[:, None]).sum(axis=1)
    doubted = np.flatnonzero(judged & (voted != labels))
    count = min(MOST_SUSPECTS, round(share.value * int(judged.sum())))
    clearest = doubted[np.argsort(-lead[doubted], kind="stable")[:count]]
    return [Suspect(int(x), int(voted[x])) for x in clearest]


def _draws(
    true: Indices,
    voted: Indices,
    classes: Indices,
    stream: np.random.Generator,
    *,
    of_others: bool = False,
) -> Floats:
    """Draws (S, c) of how often each class is outvoted where it is true; or voted for elsewhere."""
    errors, counts = [], []
    for c in classes:
        among = (true != c) if of_others else (true == c)
        errors.append(int(((voted == c) == of_others)[among].sum()))
        counts.append(int(among.sum()))
    return rate_draws(np.array(errors), np.array(counts), stream)
