"""The ground cost between pilots and validation, in units of the mean feature cost.

c((x, y), (x', y')) = (‖φ(x) − φ(x')‖² + λ W²(i, y; y')) / mean ‖φ(x) − φ(x')‖²

The mean is over all pairs of a pilot point and a validation point. W² is between the features of
provider i's samples labelled y and of the validation set's class y'. A regression target enters as
(y − y')² divided by its own mean over the same pairs, so that λ weighs two terms of mean 1. Without
labels on either side only the feature term remains.

Every piece depends on one provider's pilot and the validation set alone, except for the two means,
which are sums over pilots.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from projektor_ray.errors import InputError
from projektor_ray.storage.array_types import Floats
from projektor_ray.transport.block_correction import cluster
from projektor_ray.transport.features import (
    PilotFeatures,
    ValidationFeatures,
    check_comparable,
    label_type,
)
from projektor_ray.transport.label_distance import LabelKind, choose_kind, class_distances
from projektor_ray.transport.operators import Rows
from projektor_ray.transport.precision import pad_rows
from projektor_ray.transport.transport_settings import LabelDistance


@dataclass(frozen=True)
class PilotMoments:
    """What the cost's units need of some pilots; the moments of several shards add up.

    Attributes
    ----------
    count : number of samples.
    feature_spread : Σ ‖φ(x) − mean of validation‖².
    label_spread : Σ (y − mean of validation)² of a regression target, else 0.
    group_sizes : number of samples of each (provider, class); empty unless labels are classes.
    """

    count: int
    feature_spread: float
    label_spread: float
    group_sizes: tuple[int, ...]

    def __add__(self, other: "PilotMoments") -> "PilotMoments":
        return PilotMoments(
            self.count + other.count,
            self.feature_spread + other.feature_spread,
            self.label_spread + other.label_spread,
            self.group_sizes + other.group_sizes,
        )


@dataclass(frozen=True)
class CostUnits:
    """The units that all parts of the cost share.

    Attributes
    ----------
    feature_scale : mean squared feature distance between pilots and validation.
    label_scale : mean squared difference of regression targets; None unless they are used.
    label_kind : how W² between classes is computed; None unless classes are used.
    label_weight : λ.
    """

    feature_scale: float
    label_scale: float | None
    label_kind: LabelKind | None
    label_weight: float


def pilot_moments(pilots: PilotFeatures, validation: ValidationFeatures) -> PilotMoments:
    """The moments of some providers' pilots.

    Raises
    ------
    InputError
        If the pilots' features or labels are of another kind than the validation set's.
    """
    check_comparable(pilots, validation)
    kind = "none" if validation.labels is None else label_type(pilots.labels)
    centre = validation.features.mean(axis=0, dtype=np.float64)
    label_spread = 0.0
    sizes: tuple[int, ...] = ()
    with np.errstate(over="ignore"):
        spread = float(np.sum((pilots.features - centre) ** 2, dtype=np.float64))
    if kind == "regression":
        assert pilots.labels is not None
        assert validation.labels is not None
        label_spread = float(np.sum((pilots.labels - validation.labels.mean()) ** 2))
    if kind == "classes":
        sizes = tuple(int(k) for k in np.bincount(_provider_groups(pilots)))
    return PilotMoments(len(pilots.features), spread, label_spread, sizes)


def cost_units(
    moments: PilotMoments,
    validation: ValidationFeatures,
    label_weight: float,
    label_distance: LabelDistance,
) -> CostUnits:
    """The cost's units from the moments of all pilots.

    The mean of ‖x − x'‖² over pairs is mean ‖x − c‖² + mean ‖x' − c‖², c the mean of validation.

    Raises
    ------
    InputError
        If features are too large or too small for their squares.
    """
    features = validation.features.astype(np.float64)
    with np.errstate(over="ignore"):
        own = float(np.sum((features - features.mean(axis=0)) ** 2) / len(features))
    scale = own + moments.feature_spread / moments.count
    if not np.isfinite(scale) or (scale == 0 and np.ptp(features, axis=0).any()):
        raise InputError(
            f"the mean squared distance between features is {scale}: they are too large or too "
            "small to be squared in float64. Scale them (embedder: standardize)"
        )
    label_scale, kind = None, None
    labels = validation.labels
    if label_weight > 0 and moments.group_sizes:
        sizes = np.unique(np.asarray(labels), return_counts=True)[1]
        both = [*moments.group_sizes, *sizes.tolist()]
        kind = choose_kind(label_distance, both, both, features.shape[1])
    elif label_weight > 0 and labels is not None and label_type(labels) == "regression":
        label_scale = float(labels.var() + moments.label_spread / moments.count) or 1.0
    return CostUnits(scale or 1.0, label_scale, kind, label_weight)


def cost_dimension(validation: ValidationFeatures, label_weight: float) -> int:
    """Coordinates of a point in the cost's units: the features, and a regression target."""
    regression = label_weight > 0 and label_type(validation.labels) == "regression"
    return int(validation.features.shape[1]) + int(regression)


@dataclass(frozen=True, eq=False)
class LabelledPoints:
    """Points (n, d) in the cost's units, and the group of each: 0 … G − 1, none empty.

    A group is a provider's samples of one class, or a class of the validation set; None where
    classes have no part in the cost.
    """

    points: Floats
    group: NDArray[np.int64] | None

    def groups(self) -> list[Floats]:
        """The points of each group."""
        if self.group is None:
            return []
        order = np.argsort(self.group, kind="stable")
        return np.split(self.points[order], np.cumsum(np.bincount(self.group))[:-1])

    def take(self, index: NDArray[np.int64]) -> "LabelledPoints":
        """Some of the points, and their groups."""
        if self.group is None:
            return LabelledPoints(self.points[index], None)
        group = np.unique(self.group[index], return_inverse=True)[1]
        return LabelledPoints(self.points[index], group.reshape(-1))

    @staticmethod
    def concatenate(parts: Sequence["LabelledPoints"]) -> "LabelledPoints":
        """The points of all parts, which share no group."""
        points = np.concatenate([part.points for part in parts])
        groups, first = [], 0
        for part in parts:
            if part.group is None:
                return LabelledPoints(points, None)
            groups.append(part.group + first)
            first += int(part.group.max()) + 1
        return LabelledPoints(points, np.concatenate(groups))


def pilot_points(
    pilots: PilotFeatures, validation: ValidationFeatures, units: CostUnits
) -> LabelledPoints:
    """Pilots in the cost's units, grouped by provider and class."""
    group = _provider_groups(pilots) if units.label_kind is not None else None
    return _to_units(pilots.features, pilots.labels, group, validation, units)


def validation_points(validation: ValidationFeatures, units: CostUnits) -> LabelledPoints:
    """The validation set in the cost's units, grouped by class."""
    group = None
    if units.label_kind is not None:
        group = np.unique(np.asarray(validation.labels), return_inverse=True)[1]
    return _to_units(validation.features, validation.labels, group, validation, units)


def validation_blocks(targets: LabelledPoints) -> Tensor:
    """Blocks (v,) of the validation set for the solver: classes, or clusters without classes.

    Classes beyond the largest number of blocks are clustered by their means.
    """
    if targets.group is None:
        return cluster(torch.from_numpy(targets.points))
    means = np.stack([points.mean(axis=0) for points in targets.groups()])
    return cluster(torch.from_numpy(means))[torch.from_numpy(targets.group)]


class GroundCost:
    """The ground cost (n, v) between two sets of points, computed by rows from their features.

    With W² between (provider, class) groups and validation classes in a table of their own, a row
    takes one matrix product: ‖x‖² + ‖x'‖² − 2⟨x, x'⟩ + λ W².
    """

    def __init__(
        self,
        left: LabelledPoints,
        right: LabelledPoints,
        units: CostUnits,
        dtype: torch.dtype,
        device: torch.device,
    ) -> None:
        self._left = torch.from_numpy(left.points).to(device, dtype)
        self._right = torch.from_numpy(right.points).to(device, dtype)
        self._left_square = (self._left**2).sum(dim=1)
        self._right_square = (self._right**2).sum(dim=1)
        self._label_rows: Tensor | None = None
        self._group = torch.zeros(len(self._left), dtype=torch.long, device=device)
        label_maximum = self._left.new_zeros(1)
        if units.label_kind is not None:
            table = units.label_weight * class_distances(
                left.groups(), right.groups(), units.label_kind
            )
            if left is right:
                table = (table + table.T) / 2
                np.fill_diagonal(table, 0.0)
            label_maximum = torch.from_numpy(table.max(axis=1)).to(device, dtype)
            self._label_rows = torch.from_numpy(table[:, right.group]).to(device, dtype)
            self._group = torch.from_numpy(np.asarray(left.group)).to(device)
        # (max ‖x‖ + max ‖x'‖)² + max λ W² of every group bounds its cost
        square_maximum = torch.zeros_like(label_maximum)
        square_maximum.scatter_reduce_(0, self._group, self._left_square, "amax")
        distance = square_maximum.sqrt() + self._right_square.max().sqrt()
        self._magnitude = float((distance**2 + label_maximum).max())

    @property
    def shape(self) -> tuple[int, int]:
        return (len(self._left), len(self._right))

    @property
    def magnitude(self) -> float:
        return self._magnitude

    def rows(self, rows: Rows) -> Tensor:
        left = self._left[rows]
        count, left = len(left), pad_rows(left)
        cost = torch.addmm(self._right_square.expand(len(left), -1), left, self._right.T, alpha=-2)
        cost = cost[:count]
        cost += self._left_square[rows, None]
        cost.clamp_min_(0)
        if self._label_rows is not None:
            cost += self._label_rows[self._group[rows]]
        return cost


def _to_units(
    features: NDArray[Any],
    labels: NDArray[Any] | None,
    group: NDArray[np.int64] | None,
    validation: ValidationFeatures,
    units: CostUnits,
) -> LabelledPoints:
    centre = validation.features.mean(axis=0, dtype=np.float64)
    points = (features - centre) / np.sqrt(units.feature_scale)
    if units.label_scale is not None and labels is not None and validation.labels is not None:
        scale = np.sqrt(units.label_weight / units.label_scale)
        column = (labels - validation.labels.mean()) * scale
        points = np.column_stack([points, column])
    return LabelledPoints(np.ascontiguousarray(points, dtype=np.float64), group)


def _provider_groups(pilots: PilotFeatures) -> NDArray[np.int64]:
    """Each sample's (provider, class), numbered by provider, then class."""
    pairs = np.column_stack([pilots.provider, np.asarray(pilots.labels)])
    return np.unique(pairs, axis=0, return_inverse=True)[1].reshape(-1)
