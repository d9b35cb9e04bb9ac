"""Choosing a predictor by its cross-validated error, and restoring a fitted one."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from numpy.typing import ArrayLike

from projektor_ray.errors import InputError, TooFewProbesError
from projektor_ray.predictors.predictor import Predictor
from projektor_ray.predictors.registry import predictor_class
from projektor_ray.storage.one_row import the_row


@dataclass(frozen=True, eq=False)
class Choice:
    """Fitted predictors, and the one to use.

    Attributes
    ----------
    name : of the predictor with the least cross-validated error.
    fitted : every predictor that could be fitted, by name.
    refused : why the others could not.
    reason : one sentence that says why this one was chosen.
    """

    name: str
    fitted: Mapping[str, Predictor]
    refused: Mapping[str, str]
    reason: str

    @property
    def predictor(self) -> Predictor:
        return self.fitted[self.name]


def choose(
    names: Iterable[str], mixtures: ArrayLike, distances: ArrayLike | None, values: ArrayLike
) -> Choice:
    """Fit predictors to the same probes and choose by cross-validated mean absolute error.

    Each mixture, with all its seeds, is predicted from the others. Of equal errors the name that
    comes first is chosen.

    Raises
    ------
    TooFewProbesError
        If none of them can be fitted to so few probes.
    InputError
        If a name is unknown or the probes cannot be used.
    """
    fitted: dict[str, Predictor] = {}
    refused: dict[str, str] = {}
    for name in names:
        try:
            fitted[name] = predictor_class(name)().fit(mixtures, distances, values)
        except TooFewProbesError as failure:
            refused[name] = str(failure)
    if not fitted:
        raise TooFewProbesError(_too_few(refused, np.shape(mixtures)))
    ranked = sorted(fitted, key=lambda name: fitted[name].report.mae_cv)
    return Choice(ranked[0], fitted, refused, _reason(ranked, fitted, refused))


def _too_few(refused: Mapping[str, str], shape: tuple[int, ...]) -> str:
    """What would be needed; of several predictors, those that need as many together."""
    if len(refused) < 2:
        return next(iter(refused.values()), "no predictor was named")
    count, providers = shape
    needs: dict[int, list[str]] = {}
    for name in refused:
        needs.setdefault(predictor_class(name).fewest_probes(providers), []).append(name)
    said = "; ".join(f"{', '.join(names)} {needed}" for needed, names in sorted(needs.items()))
    missing = min(needs) - count
    return (
        f"no predictor can be fitted to {count} probes of {providers} providers; at least needed "
        f"are, by predictor: {said}. Train {missing} more mixture{'s' * (missing > 1)}"
    )


def _reason(ranked: list[str], fitted: Mapping[str, Predictor], refused: Mapping[str, str]) -> str:
    errors = [f"{name} {fitted[name].report.mae_cv:.3g}" for name in ranked]
    if len(ranked) == 1:
        reason = f"{ranked[0]} is the only one fitted (cross-validated error {errors[0]})"
    else:
        reason = (
            f"{ranked[0]} has the least cross-validated error: {errors[0]}, "
            f"against {', '.join(errors[1:])}"
        )
    return f"{reason}; too few probes for {', '.join(refused)}" if refused else reason


def restore(table: pa.Table) -> Predictor:
    """The fitted predictor that `Predictor.to_arrow` wrote.

    Raises
    ------
    InputError
        If the predictor's name is absent or unknown.
    """
    name = the_row(table).get("predictor")
    if name is None:
        raise InputError("expected a fitted predictor with the column 'predictor'; it is absent")
    return predictor_class(name).from_arrow(table)
