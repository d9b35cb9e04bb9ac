"""Embedded pilots and the embedded validation set: what transport compares."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from projektor_ray.errors import InputError

LabelType = Literal["none", "classes", "regression"]


@dataclass(frozen=True, eq=False)
class PilotFeatures:
    """Embedded pilots of some providers.

    Attributes
    ----------
    features : (n, d), floating.
    labels : (n,) integer classes, floating regression targets, or None.
    provider : (n,), index of each sample's provider among all m.
    content : (n,), hash of each sample as it was read, see `row_digests`; None: of its features.
    """

    features: NDArray[Any]
    labels: NDArray[Any] | None
    provider: NDArray[np.int64]
    content: NDArray[np.uint64] | None = None

    def __post_init__(self) -> None:
        _check_points("pilot", self.features, self.labels)
        if self.provider.shape != (len(self.features),) or self.provider.min(initial=0) < 0:
            raise InputError(
                f"provider must be one index of 0 or more for each of {len(self.features)} pilot "
                f"samples; got shape {self.provider.shape}"
            )


@dataclass(frozen=True, eq=False)
class ValidationFeatures:
    """The embedded validation set: features (v, d); labels and content (v,) as pilots have them."""

    features: NDArray[Any]
    labels: NDArray[Any] | None = None
    content: NDArray[np.uint64] | None = None

    def __post_init__(self) -> None:
        _check_points("validation", self.features, self.labels)


def sort_by_provider(parts: Sequence[PilotFeatures]) -> PilotFeatures:
    """Concatenate pilots, sorted by provider; samples of one provider keep their order."""
    labels = [part.labels for part in parts if part.labels is not None]
    provider = np.concatenate([part.provider for part in parts])
    order = np.argsort(provider, kind="stable")
    return PilotFeatures(
        np.concatenate([part.features for part in parts])[order],
        np.concatenate(labels)[order] if len(labels) == len(parts) else None,
        provider[order],
    )


def label_type(labels: NDArray[Any] | None) -> LabelType:
    """Whether labels are integer classes or floating regression targets, or absent."""
    if labels is None:
        return "none"
    return "regression" if np.issubdtype(labels.dtype, np.floating) else "classes"


def check_comparable(pilots: PilotFeatures, validation: ValidationFeatures) -> None:
    """Check that pilots and validation have features of one width and labels of one type.

    Raises
    ------
    InputError
        If they have not.
    """
    if pilots.features.shape[1] != validation.features.shape[1]:
        raise InputError(
            "pilots and validation must be embedded in the same space; got "
            f"{pilots.features.shape[1]} and {validation.features.shape[1]} dimensions"
        )
    if pilots.labels is None or validation.labels is None:
        return
    if label_type(pilots.labels) != label_type(validation.labels):
        raise InputError(
            "labels of pilots and validation must both be integer classes or both floating "
            f"regression targets; got {pilots.labels.dtype} and {validation.labels.dtype}"
        )


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
