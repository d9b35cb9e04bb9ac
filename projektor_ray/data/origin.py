"""What every kind of source comes down to before its view is taken."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from projektor_ray.data.samples import Samples
from projektor_ray.errors import InputError, rows_named
from projektor_ray.storage.arrays import Floats

Index = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Origin:
    """All rows of a source; inputs are read only for the rows that a view keeps.

    Attributes
    ----------
    where : the source, as messages name it.
    size : number of rows.
    labels : raw labels, shape (size,): integers, booleans, real numbers or names; or None.
    inputs : rows → inputs, shape (k, d) or (k, h, w, c).
    regression : whether the source itself says that its labels are a regression target.
    names : classes' names, where integer labels are indices into them.
    feature_names : of the columns that are features, where each is one.
    """

    where: str
    size: int
    labels: NDArray[Any] | None
    inputs: Callable[[Index], NDArray[Any]]
    regression: bool = False
    names: tuple[str, ...] = ()
    feature_names: tuple[str, ...] = ()


def samples_of(
    origin: Origin,
    index: Index,
    labels: NDArray[np.int64] | Floats | None,
    class_names: tuple[str, ...] = (),
    other_names: tuple[str, ...] = (),
) -> Samples:
    """Samples of the rows at `index`, whose features are all finite.

    Raises
    ------
    InputError
        If a feature is NaN or infinite.
    """
    inputs = origin.inputs(index)
    if inputs.dtype != np.uint8:
        bad = np.flatnonzero(~np.isfinite(inputs).all(axis=1))
        if bad.size:
            raise InputError(
                f"{origin.where}: {bad.size} of {len(inputs)} samples have features that are "
                f"missing, NaN or infinite, in {rows_named(index[bad])}; drop or fill them"
            )
    return Samples(inputs, labels, class_names, other_names, origin.feature_names)
