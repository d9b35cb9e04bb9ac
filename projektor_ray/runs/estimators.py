"""The method in the manner of scikit-learn: `MixtureRegressor` at one size, `ScaleRegressor`."""

from copy import copy
from numbers import Real
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.utils.validation import check_is_fitted

from projektor_ray.errors import InputError
from projektor_ray.predictors import Choice, Predictor, choose
from projektor_ray.predictors.predictor import one_per_mixture
from projektor_ray.predictors.registry import predictor_class
from projektor_ray.projection import JointPower, ScaleModel, choose_scale_model
from projektor_ray.projection.scale_model import ScaledProbes
from projektor_ray.projection.scale_models import scale_model_class
from projektor_ray.runs.identifiability import unseen
from projektor_ray.runs.metric_direction import Bounds
from projektor_ray.runs.mixture_columns import OfMixtures, interval_like, values_like
from projektor_ray.runs.offers import Offers
from projektor_ray.selection import (
    ProjectedObjective,
    PurchasePlans,
    PurchaseProblem,
    PurchaseRequest,
    buy,
)
from projektor_ray.selection.objective import ExponentialObjective, MetricObjective
from projektor_ray.storage.arrays import Floats
from projektor_ray.transport import InterpolatedDistances

AUTO = "auto"
PREDICTORS_BY_MIXTURE = ("gp", "linear", "pseudo_quadratic", "quadratic", "log_linear_law")
PREDICTORS_BY_DISTANCE = ("gp", "cs", "pq", "pseudo_quadratic", "quadratic", "log_linear_law")
MANY, TOO_SLOW = 32, {"log_linear_law"}
"""Of more providers, what `auto` leaves out: minutes of least squares for each fold."""
PROJECTIONS = ("joint_power", "joint", "eq3", "saturating", "none")


class MixtureRegressor(OfMixtures):
    """The metric of a mixture at the one size of the trainings.

    Parameters
    ----------
    predictor : name in `projektor_ray.predictors.PREDICTORS`, or "auto": the least cross-validated
        error, told in `choice_.reason`.
    direction : "maximize" or "minimize", which ranks and purchases go by; None: as the name of y, a
        Series, tells ("val_loss"), and refused where it does not.
    distance : column of X with each mixture's distance to the validation set, if there is one.
    bounds : range of the metric, (0, 1) for an accuracy; predictions stay in it.
    log : fit the logarithm of the metric, as for a loss.

    Attributes
    ----------
    predictor_ : the fitted `Predictor`.
    choice_ : the predictors that were compared.
    providers_ : names of the columns of shares.
    notes_ : what the mixtures cannot tell, a sentence each.

    Examples
    --------
    >>> import pyarrow as pa
    >>> import projektor_ray as pr
    >>> mixtures = pa.table({"clinic": [1.0, 0.8, 0.5, 0.2, 0.0], "web": [0.0, 0.2, 0.5, 0.8, 1.0]})
    >>> model = pr.MixtureRegressor("linear", direction="maximize")
    >>> model = model.fit(mixtures, [0.70, 0.66, 0.60, 0.54, 0.50])
    >>> prediction = model.predict(pa.table({"clinic": [0.6], "web": [0.4]}))
    >>> round(float(prediction[0]), 3)
    0.62
    """

    def __init__(
        self,
        predictor: str = "gp",
        *,
        direction: str | None = None,
        distance: str | None = None,
        bounds: Bounds | None = None,
        log: bool = False,
    ) -> None:
        self.predictor = predictor
        self.direction = direction
        self.distance = distance
        self.bounds = bounds
        self.log = log

    def fit(self, X: Any, y: ArrayLike) -> "MixtureRegressor":
        """Fit to trainings of one size.

        Raises
        ------
        TooFewProbesError
            If the predictor needs more rows; says which one would do.
        InputError
            If a row cannot be used; says which, and what to do.
        """
        given = self._start(X, y)
        names: tuple[str, ...] = (self.predictor,)
        if self.predictor == AUTO:
            names = PREDICTORS_BY_MIXTURE if given.distances is None else PREDICTORS_BY_DISTANCE
            if len(self.providers_) > MANY:
                names = tuple(name for name in names if name not in TOO_SLOW)
        self.choice_: Choice = choose(names, given.mixtures, given.distances, given.values)
        self.predictor_: Predictor = self.choice_.predictor
        return self

    def __sklearn_is_fitted__(self) -> bool:
        """Whether a `fit` came to its end; one that was refused leaves other attributes behind."""
        return hasattr(self, "predictor_")

    def predict(self, X: Any) -> Any:
        """The metric of each mixture: (q,), a Series where X is a pandas DataFrame."""
        check_is_fitted(self)
        distances = self._numbers(X, self.distance)
        return values_like(X, self._back(self.predictor_.predict(self._mixtures(X), distances)))

    def predict_interval(self, X: Any, level: float = 0.9) -> Any:
        """Where a new training's metric would lie: (q, 2), a DataFrame of `low` and `high`."""
        check_is_fitted(self)
        distances = self._numbers(X, self.distance)
        return interval_like(
            X, self._back(self.predictor_.interval(self._mixtures(X), distances, level))
        )


class ScaleRegressor(OfMixtures):
    """The metric of a mixture at any size, from trainings at several.

    Parameters
    ----------
    projection : name in `projektor_ray.projection.SCALE_MODELS`, or "auto": the least error on the
        largest size held out; `joint_power` where there are too few sizes to hold one out, `joint`
        for a metric without bounds.
    predictor : at each size, for the projections that join one per size.
    size : column of X with the size of each training; `fit` and `predict` take sizes also apart.
    direction, distance, bounds, log : as `MixtureRegressor`.

    Attributes
    ----------
    model_ : the fitted `ScaleModel`.
    scales_ : the sizes of the trainings, ascending.
    models_ : every model that was fitted, by name.
    reason_ : why this one was chosen.
    distance_function_ : mixtures → their distances, interpolated.
    providers_, notes_ : as `MixtureRegressor`.

    Examples
    --------
    >>> import numpy as np
    >>> import pyarrow as pa
    >>> import projektor_ray as pr
    >>> share, size = np.tile(np.linspace(0, 1, 6), 2), np.repeat([100, 400], 6)
    >>> runs = pa.table({"clinic": share, "web": 1 - share, "size": size})
    >>> accuracy = 0.5 + 0.2 * share + 0.05 * np.log(size / 100)
    >>> model = pr.ScaleRegressor("eq3", predictor="linear", direction="maximize", bounds=(0, 1))
    >>> model = model.fit(runs, accuracy)
    >>> half = pa.table({"clinic": [0.5], "web": [0.5]})
    >>> round(float(model.predict(half, size=1600)[0]), 3)
    0.739
    >>> plans = model.plans(pr.PurchaseRequest(size=1000))
    >>> plans.selected.samples.tolist()
    [1000, 0]
    """

    def __init__(
        self,
        projection: str = AUTO,
        *,
        predictor: str = "gp",
        size: str = "size",
        direction: str | None = None,
        distance: str | None = None,
        bounds: Bounds | None = None,
        log: bool = False,
    ) -> None:
        self.projection = projection
        self.predictor = predictor
        self.size = size
        self.direction = direction
        self.distance = distance
        self.bounds = bounds
        self.log = log

    def fit(self, X: Any, y: ArrayLike, size: ArrayLike | None = None) -> "ScaleRegressor":
        """Fit to trainings of several sizes: a column of X, or `size` (k,).

        With one size only the model predicts there, and refuses to project.

        Raises
        ------
        TooFewProbesError
            If a size has too few rows.
        InputError
            If a row cannot be used; says which, and what to do.
        """
        given = self._start(X, y, self.size if size is None else None)
        said = self._numbers(X, self.size) if size is None else size
        sizes = one_per_mixture("sizes", said, len(given.values))
        if given.distances is None and predictor_class(self.predictor).uses_distance:
            raise InputError(
                f"the predictor {self.predictor!r} needs the distance of each mixture to the "
                "validation set; name its column, or use 'gp'"
            )
        self.mixtures_, self.values_, self.sizes_ = given.mixtures, given.values, sizes
        self.distances_ = given.distances
        # A table has no pilots to solve transport for.
        distances = np.zeros(len(sizes)) if given.distances is None else given.distances
        self.distance_function_ = InterpolatedDistances.fit(given.mixtures, distances)
        numbers = (given.mixtures, given.distances, sizes, given.values)
        self.scales_ = ScaledProbes.check(*numbers).scales
        bounds = None if self.log else self.bounds
        choice = choose_scale_model(self._projections(), *numbers, bounds, self.predictor)
        self.model_: ScaleModel = choice.model
        self.models_: dict[str, ScaleModel] = dict(choice.fitted)
        self.reason_ = choice.reason
        if len(self.scales_) == 1:
            self.reason_ = "one size only: nothing to project from"
        return self

    def _projections(self) -> list[str]:
        """Names of the models to fit: what was asked for, or all that so many sizes allow."""
        if len(self.scales_) > 1 and self.projection != AUTO:
            return [self.projection]
        fewest = {name: scale_model_class(name).fewest_scales for name in PROJECTIONS}
        bounded = self.bounds is not None and not self.log
        return [
            name
            for name in PROJECTIONS
            if fewest[name] <= len(self.scales_) and (bounded or name != JointPower.name)
        ]

    def __sklearn_is_fitted__(self) -> bool:
        """Whether a `fit` came to its end; one that was refused leaves other attributes behind."""
        return hasattr(self, "model_")

    def predict(self, X: Any, size: float | None = None) -> Any:
        """The metric of each mixture at `size`; without it, at the size in each row's column."""
        check_is_fitted(self)
        mixtures, distances = self._mixtures(X), self._numbers(X, self.distance)
        predicted = np.empty(len(mixtures))
        for at, rows in self._groups(X, size, len(mixtures)):
            predicted[rows] = self.model_.predict(mixtures[rows], _take(distances, rows), at)
        return values_like(X, self._back(predicted))

    def predict_interval(self, X: Any, size: float | None = None, level: float = 0.9) -> Any:
        """Where a new training's metric would lie: (q, 2), a DataFrame of `low` and `high`."""
        check_is_fitted(self)
        mixtures, distances = self._mixtures(X), self._numbers(X, self.distance)
        bounds = np.empty((len(mixtures), 2))
        for at, rows in self._groups(X, size, len(mixtures)):
            bounds[rows] = self.model_.interval(mixtures[rows], _take(distances, rows), at, level)
        return interval_like(X, self._back(bounds))

    def by(self, name: str) -> "ScaleRegressor":
        """The same fitted estimator, but predicting by another of `models_`."""
        check_is_fitted(self)
        other = copy(self)
        other.model_ = self.models_[name]
        return other

    def objective(self, size: float) -> MetricObjective:
        """The metric of mixtures at a size, with gradients; distances are interpolated."""
        check_is_fitted(self)
        objective = ProjectedObjective(self.model_, size, self.distance_function_)
        return ExponentialObjective(objective) if self.log else objective

    def problem(self, offers: Offers | None = None) -> PurchaseProblem:
        """What may be bought of these offers; without any, everything is free and without limit.

        At the trained size where there is one only, else from the smallest upwards. Providers
        without a share in any training are not bought: nothing tells their worth.

        Raises
        ------
        InputError
            If one of these must be bought.
        """
        check_is_fitted(self)
        offers = (offers or Offers.free(self.providers_)).without(
            np.array(self.providers_)[unseen(self.mixtures_)].tolist()
        )
        at_largest = self.sizes_ == self.scales_[-1]
        values = np.exp(self.values_) if self.log else self.values_
        return PurchaseProblem(
            self.objective,
            offers.providers,
            offers.terms,
            self.scales_[0],
            self.scales_[0] if len(self.scales_) == 1 else None,
            direction=self.goal,
            trials=(self.mixtures_[at_largest], values[at_largest]),
            trained_at=self.scales_[-1],
            bounds=self.bounds,
        )

    def plans(self, asked: PurchaseRequest, offers: Offers | None = None) -> PurchasePlans:
        """The plan predicted best (`selected`), and the plans to compare it with.

        Parameters
        ----------
        asked : what kind of purchase is wanted.

        Raises
        ------
        InfeasibleError
            If no plan keeps every constraint; names the one that cannot be kept.
        InputError
            If a size cannot be predicted at, or nothing bounds it.
        """
        if asked.size is not None:
            self.check_target(asked.size)
        return buy(self.problem(offers), asked)

    def select(
        self, offers: Any = None, *, size: int | None = None, budget: float | None = None
    ) -> Any:
        """`plans` of a size or a budget as a table, a row for each provider in each plan.

        Parameters
        ----------
        offers : a table with a row for each provider (see `Offers.read`): `provider`, `price`,
            `capacity`, …; absent: free and without limit.
        size : samples to buy; absent: any number that the budget and the capacities allow.
        budget : most money to spend.

        Returns
        -------
        a pandas DataFrame where the offers are one; else an Arrow table.

        Raises
        ------
        InfeasibleError, InputError
            As `plans`; and if the offers are a number.
        """
        check_is_fitted(self)
        if isinstance(offers, Real):
            raise InputError(
                f"the offers must be a table; got {offers}. A number of samples is said by its "
                f"name, size={offers}, and so is money, budget={offers}"
            )
        read = None if offers is None else Offers.read(offers, self.providers_)
        table = self.plans(PurchaseRequest(size, budget), read).table()
        return table.to_pandas() if type(offers).__module__.startswith("pandas") else table

    def check_target(self, size: float) -> float:
        """The size, if it can be predicted at.

        Raises
        ------
        InputError
            If there is one size only and it is another, or if it is below the smallest.
        """
        check_is_fitted(self)
        if len(self.scales_) == 1 and size != self.scales_[0]:
            raise InputError(
                f"all trainings are of size {self.scales_[0]:,}, so that nothing tells how the "
                f"metric grows; predict at {self.scales_[0]:,}, or train mixtures at another size, "
                f"a factor of 4 away, to project to {size:,.0f}"
            )
        if size < self.scales_[0]:
            raise InputError(
                f"the size {size:,.0f} is below the smallest trained one, {self.scales_[0]:,}; "
                "predict at that size or above, or train smaller"
            )
        return size

    def _groups(
        self, X: Any, size: float | None, count: int
    ) -> list[tuple[float, NDArray[np.intp]]]:
        if size is not None:
            return [(self.check_target(float(size)), np.arange(count))]
        sizes = self._numbers(X, self.size)
        found = np.unique(one_per_mixture("sizes", sizes, count))
        return [(self.check_target(float(at)), np.flatnonzero(sizes == at)) for at in found]


def _take(numbers: Floats | None, rows: NDArray[np.intp]) -> Floats | None:
    return None if numbers is None else numbers[rows]
