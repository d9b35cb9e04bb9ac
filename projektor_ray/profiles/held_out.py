"""What validation's samples look like to an embedder that was fitted without them."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from projektor_ray.data import Samples
from projektor_ray.profiles.neighbours import Reference, nearest, oddity, vote
from projektor_ray.storage.hashing import generator
from projektor_ray.transport import ValidationFeatures

FOLDS = 10

Embed = Callable[[NDArray[np.generic]], NDArray[np.float32]]


def held_out(
    reference: Reference, validation: Samples, build: Callable[[Samples], Embed]
) -> Reference:
    """The reference, with its samples' `oddity` and `predicted` as of samples not seen before.

    Each tenth of the validation set, embedded and judged by the other nine.

    Features that were trained on the validation set's labels separate its own classes better than
    those of any pilot: held against that, pilots without a flaw look wrong and odd.

    Parameters
    ----------
    reference : of the whole validation set.
    build : samples → an embedder fitted to them.
    """
    count = len(validation)
    fold = generator("folds of validation", count).permutation(count) % min(FOLDS, count)
    odd, predicted = np.empty(count), np.zeros(count, dtype=np.int64)
    for one in range(int(fold.max()) + 1):
        out, kept = np.flatnonzero(fold == one), validation.take(np.flatnonzero(fold != one))
        embed = build(kept)
        others = Reference.of(ValidationFeatures(embed(kept.inputs), kept.labels))
        points = embed(validation.inputs[out]) - others.centre
        distance, index = nearest(points, others.points, others.neighbours)
        odd[out] = oddity(distance, index, others.reach)
        if others.labels is not None:
            predicted[out] = vote(others.labels[index])
    told = None if reference.labels is None else predicted
    return replace(reference, oddity=odd, predicted=told)
