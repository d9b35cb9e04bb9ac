"""D(N, p): draw the training set of a mixture at a size, after exact rounding of p·N."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from projektor_ray.designs.mixtures import SHARE_DIGITS
from projektor_ray.errors import InputError
from projektor_ray.storage.array_types import Floats
from projektor_ray.storage.hashing import generator
from projektor_ray.storage.largest_remainder import round_counts


def largest_feasible_size(mixture: Floats, pilot_sizes: NDArray[np.int64]) -> int:
    """Largest N with p_i N ≤ n_i for every provider: what can be drawn without replacement."""
    used = np.asarray(mixture) > 0
    return int(np.floor(np.min(np.asarray(pilot_sizes)[used] / np.asarray(mixture)[used]) + 1e-9))


@dataclass(frozen=True)
class Repetition:
    """Samples that a drawn set repeats, where a purchase of its size would repeat none.

    Attributes
    ----------
    revealed : n_i, samples of the provider's pilot.
    drawn : the most that a mixture draws of it, more than n_i.
    size : N, of that drawn set.
    """

    provider: str
    revealed: int
    drawn: int
    size: int

    @property
    def different(self) -> float:
        """How many different samples are expected among those drawn: n (1 − (1 − 1/n)^c)."""
        return self.revealed * (1 - (1 - 1 / self.revealed) ** self.drawn)


def repetitions(
    mixtures: Floats, size: int, pilot_sizes: NDArray[np.int64], names: Sequence[str]
) -> list[Repetition]:
    """Of each provider whose pilot is smaller than what some mixture (b, m) draws at a size."""
    most = np.max([round_counts(mixture, size, names) for mixture in mixtures], axis=0)
    return [
        Repetition(name, int(revealed), int(drawn), size)
        for name, revealed, drawn in zip(names, pilot_sizes, most, strict=True)
        if drawn > revealed
    ]


def draw(
    mixture: Floats,
    size: int,
    seed: int,
    pilot_sizes: NDArray[np.int64],
    names: Sequence[str],
    *,
    replacement: bool = False,
) -> list[NDArray[np.int64]]:
    """The drawn set D(N, p): for each provider, which samples of its pilot are in it.

    Depends on (seed, size, mixture, provider name) alone. Without replacement within a pilot;
    where `replacement` is allowed and p_i N exceeds the pilot, with replacement from that pilot.

    Returns
    -------
    list of m index arrays, each of shape (|S_i|,), whose lengths sum to `size`.

    Raises
    ------
    InputError
        If a provider has fewer samples than asked and replacement is not allowed; names the
        largest feasible size.
    """
    counts = round_counts(mixture, size, names)
    shares = sorted(
        [name, round(float(share), SHARE_DIGITS)]
        for share, name in zip(mixture, names, strict=True)
        if share > 0
    )
    drawn = []
    for count, available, name in zip(counts, pilot_sizes, names, strict=True):
        if count > available and not replacement:
            raise InputError(
                f"provider {name!r} has revealed {available} samples, but a mixture of size {size} "
                f"asks {count} of it; the largest size that this mixture can be drawn at is "
                f"{largest_feasible_size(mixture, pilot_sizes)}. Use smaller scales, mixtures with "
                "less of this provider, a larger pilot, or allow replacement"
            )
        stream = generator("draw", seed, size, shares, name)
        drawn.append(stream.choice(int(available), int(count), replace=bool(count > available)))
    return drawn
