"""What validation's samples look like to an embedder that was fitted without them."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from projektor_ray.data.samples import Samples
from projektor_ray.profiles.neighbours import Reference, nearest, outlyingness, vote
from projektor_ray.storage.hashing import generator
from projektor_ray.transport import ValidationFeatures

FOLDS = 10

Embed = Callable[[NDArray[np.generic]], NDArray[np.float32]]


def held_out(
    reference: Reference, validation: Samples, build: Callable[[Samples], Embed]
) -> Reference:
    """The reference with `outlyingness` and `predicted` of its samples as if not seen before.

    Each tenth of the reference's samples is embedded and judged by the other nine.

    Features that were trained on the validation set's labels separate its own classes better than
    those of any pilot: compared with that, pilots without a flaw look wrong and far out.

    Parameters
    ----------
    reference : of the whole validation set.
    build : samples → an embedder fitted to them.
    """
    samples = validation.take(reference.positions)
    count = len(samples)
    fold = generator("folds of validation", count).permutation(count) % min(FOLDS, count)
    far, predicted = np.empty(count), np.zeros(count, dtype=np.int64)
    for one in range(int(fold.max()) + 1):
        out, rest = np.flatnonzero(fold == one), samples.take(np.flatnonzero(fold != one))
        embed = build(rest)
        others = Reference.of(ValidationFeatures(embed(rest.inputs), rest.labels))
        points = others.place(embed(samples.inputs[out]))
        distance, index = nearest(points, others.points, others.neighbours)
        far[out] = outlyingness(distance, index, others.spacing)
        if others.labels is not None:
            predicted[out] = vote(others.labels[index])
    return replace(
        reference,
        outlyingness=far,
        predicted=None if reference.labels is None else predicted,
        unseen=False,
    )
