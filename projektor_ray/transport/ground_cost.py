"""The ground cost between pilots and validation, in units of the mean feature cost.

c((x, y), (x', y')) = (‖φ(x) − φ(x')‖² + λ W²(i, y; y')) / mean ‖φ(x) − φ(x')‖², the mean over all
pairs of a pooled pilot and a validation point, W² between the features of provider i's samples
labelled y and of validation's class y'. A regression target enters as (y − y')², divided by its own
mean over the same pairs, so that λ weighs two terms of mean 1. Without labels on either side only
the feature term remains.

Every piece is a function of one provider's pilot and the validation set, but for the two means,
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
from projektor_ray.storage.arrays import Floats
from projektor_ray.transport.block_correction import cluster
from projektor_ray.transport.label_distance import LabelKind, choose_kind, class_table
from projektor_ray.transport.operators import Rows
from projektor_ray.transport.stable_matmul import enough_rows
from projektor_ray.transport.transport_settings import LabelDistance


@dataclass(frozen=True, eq=False)
class PilotFeatures:
    """Embedded pilots of some providers, pooled.

    Attributes
    ----------
    features : (n, d), floating.
    labels : (n,) integer classes, floating regression targets, or None.
    provider : (n,), index of each sample's provider among all m.
    """

    features: NDArray[Any]
    labels: NDArray[Any] | None
    provider: NDArray[np.int64]

    def __post_init__(self) -> None:
        _check_points("pilot", self.features, self.labels)
        if self.provider.shape != (len(self.features),) or self.provider.min(initial=0) < 0:
            raise InputError(
                f"provider must be one index of 0 or more for each of {len(self.features)} pilot "
                f"samples; got shape {self.provider.shape}"
            )


def by_provider(parts: Sequence[PilotFeatures]) -> PilotFeatures:
    """The pilots of all parts, sorted by provider; samples of one provider keep their order."""
    labels = [part.labels for part in parts if part.labels is not None]
    provider = np.concatenate([part.provider for part in parts])
    order = np.argsort(provider, kind="stable")
    return PilotFeatures(
        np.concatenate([part.features for part in parts])[order],
        np.concatenate(labels)[order] if len(labels) == len(parts) else None,
        provider[order],
    )


@dataclass(frozen=True, eq=False)
class ValidationFeatures:
    """The embedded validation set: features (v, d), and labels (v,) as pilots have them."""

    features: NDArray[Any]
    labels: NDArray[Any] | None = None

    def __post_init__(self) -> None:
        _check_points("validation", self.features, self.labels)


@dataclass(frozen=True)
class PilotMoments:
    """What the cost's units need of some pilots; those of several shards add up.

    Attributes
    ----------
    count : samples.
    feature_spread : Σ ‖φ(x) − mean of validation‖².
    label_spread : Σ (y − mean of validation)² of a regression target, else 0.
    group_sizes : samples of each (provider, class), empty unless labels are classes.
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
    """The units all parts of the cost share.

    Attributes
    ----------
    feature_scale : mean squared feature distance between pilots and validation.
    label_scale : mean squared difference of regression targets; None unless they are used.
    label_kind : how W² between classes is computed; None unless they are used.
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
    check_same_kind(pilots, validation)
    kind = _shared_label_kind(pilots.labels, validation.labels)
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
    """The cost's units from the moments of all pilots: mean of ‖x − x'‖² over pairs is the mean of
    ‖x − m‖² plus that of ‖x' − m‖², m being validation's mean.

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
    elif label_weight > 0 and labels is not None and np.issubdtype(labels.dtype, np.floating):
        label_scale = float(labels.var() + moments.label_spread / moments.count) or 1.0
    return CostUnits(scale or 1.0, label_scale, kind, label_weight)


def cost_dimension(validation: ValidationFeatures, label_weight: float) -> int:
    """Coordinates of a point in the cost's units: the features, and a regression target."""
    regression = label_weight > 0 and _label_kind(validation.labels) == "regression"
    return int(validation.features.shape[1]) + int(regression)


@dataclass(frozen=True, eq=False)
class LabelledPoints:
    """Points (n, d) in the cost's units, and the group each belongs to: 0 … G − 1, none empty.

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
    return _in_units(pilots.features, pilots.labels, group, validation, units)


def validation_points(validation: ValidationFeatures, units: CostUnits) -> LabelledPoints:
    """The validation set in the cost's units, grouped by class."""
    group = None
    if units.label_kind is not None:
        group = np.unique(np.asarray(validation.labels), return_inverse=True)[1]
    return _in_units(validation.features, validation.labels, group, validation, units)


def validation_blocks(targets: LabelledPoints) -> Tensor:
    """Blocks (v,) of the validation set for the solver: classes, or clusters where there are none.

    Too many classes are put together by their means.
    """
    if targets.group is None:
        return cluster(torch.from_numpy(targets.points))
    means = np.stack([points.mean(axis=0) for points in targets.groups()])
    return cluster(torch.from_numpy(means))[torch.from_numpy(targets.group)]


class FeatureCost:
    """The ground cost between two sets of points, computed by blocks of rows from their features.

    Parameters
    ----------
    table : (groups of left, groups of right), λ W² between them, or None without classes.
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
        highest = self._left.new_zeros(1)
        if units.label_kind is not None:
            table = units.label_weight * class_table(
                left.groups(), right.groups(), units.label_kind
            )
            if left is right:
                table = (table + table.T) / 2
                np.fill_diagonal(table, 0.0)
            highest = torch.from_numpy(table.max(axis=1)).to(device, dtype)
            self._label_rows = torch.from_numpy(table[:, right.group]).to(device, dtype)
            self._group = torch.from_numpy(np.asarray(left.group)).to(device)
        farthest = torch.zeros_like(highest)
        farthest.scatter_reduce_(0, self._group, self._left_square, "amax")
        reach = farthest.sqrt() + self._right_square.max().sqrt()
        self._magnitude = float((reach**2 + highest).max())

    @property
    def shape(self) -> tuple[int, int]:
        return (len(self._left), len(self._right))

    @property
    def magnitude(self) -> float:
        return self._magnitude

    def rows(self, rows: Rows) -> Tensor:
        left = self._left[rows]
        count, left = len(left), enough_rows(left)
        cost = torch.addmm(self._right_square.expand(len(left), -1), left, self._right.T, alpha=-2)
        cost = cost[:count]
        cost += self._left_square[rows, None]
        cost.clamp_min_(0)
        if self._label_rows is not None:
            cost += self._label_rows[self._group[rows]]
        return cost


def check_same_kind(pilots: PilotFeatures, validation: ValidationFeatures) -> None:
    """Raise InputError unless pilots and validation can be compared."""
    if pilots.features.shape[1] != validation.features.shape[1]:
        raise InputError(
            "pilots and validation must be embedded in the same space; got "
            f"{pilots.features.shape[1]} and {validation.features.shape[1]} dimensions"
        )
    both = pilots.labels is not None and validation.labels is not None
    if both and _label_kind(pilots.labels) != _label_kind(validation.labels):
        raise InputError(
            "labels of pilots and validation must both be integer classes or both floating "
            f"regression targets; got {_dtype(pilots.labels)} and {_dtype(validation.labels)}"
        )


def _in_units(
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


def _shared_label_kind(one: NDArray[Any] | None, other: NDArray[Any] | None) -> str:
    return "none" if one is None or other is None else _label_kind(one)


def _label_kind(labels: NDArray[Any] | None) -> str:
    if labels is None:
        return "none"
    return "regression" if np.issubdtype(labels.dtype, np.floating) else "classes"


def _dtype(labels: NDArray[Any] | None) -> str:
    return "none" if labels is None else str(labels.dtype)


def _check_points(what: str, features: NDArray[Any], labels: NDArray[Any] | None) -> None:
    if features.ndim != 2 or len(features) == 0 or not np.issubdtype(features.dtype, np.floating):
        raise InputError(
            f"{what} features must be a floating array of shape (samples, dimensions) with at "
            f"least one sample; got {features.dtype} of shape {features.shape}"
        )
    if not np.isfinite(features).all():
        bad = int((~np.isfinite(features)).any(axis=1).sum())
        raise InputError(
            f"{what} features must be finite; {bad} of {len(features)} samples hold NaN or "
            "infinity. Check the embedder's output on these samples"
        )
    if labels is None:
        return
    if labels.shape != (len(features),) or labels.dtype.kind not in "iuf":
        raise InputError(
            f"{what} labels must be one integer class or one floating target for each of "
            f"{len(features)} samples; got {labels.dtype} of shape {labels.shape}"
        )
    if not np.isfinite(labels).all():
        raise InputError(f"{what} labels must be finite; some are NaN or infinite")
