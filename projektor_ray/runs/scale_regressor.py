"""The method in the manner of scikit-learn, from trainings at several sizes."""

from copy import copy
from dataclasses import replace
from numbers import Real
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.utils.validation import check_is_fitted

from projektor_ray.errors import InputError
from projektor_ray.predictors import ProbeArrays
from projektor_ray.predictors.probe_arrays import one_per_mixture
from projektor_ray.projection import ClassShares, FittedModels, ScaleModel, choose_model
from projektor_ray.projection.choose import AUTO
from projektor_ray.projection.joint_power import ACCURACY
from projektor_ray.projection.law_error import UNKNOWN
from projektor_ray.runs.identifiability import unseen
from projektor_ray.runs.metric_direction import Bounds
from projektor_ray.runs.mixture_columns import OfMixtures, rows_at
from projektor_ray.runs.offers import Offers
from projektor_ray.runs.run_checks import NEAR_SIZES, join_near_sizes
from projektor_ray.selection import (
    ProjectedObjective,
    PurchasePlans,
    PurchaseProblem,
    PurchaseRequest,
    buy,
)
from projektor_ray.selection.objective import ExponentialObjective, MetricObjective
from projektor_ray.transport import InterpolatedDistances


class ScaleRegressor(OfMixtures):
    """The metric of a mixture at any size, from trainings at several.

    Parameters
    ----------
    projection, predictor : as `projektor_ray.projection.choose_model`.
    compare : whether models that cannot be chosen under these options are fitted as well.
    size : column of X with the size of each training; `fit` and `predict` take sizes also apart.
    direction, distance, bounds, log, robust : as `MixtureRegressor`.
    learner_family : network, flexible, saturating, unknown: how accuracies grow beyond scales.
    classes : of an accuracy, which classes each provider holds, in the order of the mixtures'
        columns, see `read_class_shares`; predictions then flatten towards the classes of a mixture.

    Attributes
    ----------
    probes_ : the trainings as arrays; of values their logarithms where `log` is asked for.
    fitted_ : every model that was fitted, and why one was chosen.
    model_ : the `ScaleModel` that predicts.
    models_ : the fitted models by the names of their projections.
    scales_ : the sizes of the trainings, ascending.
    distance_function_ : mixtures → their distances, interpolated.
    providers_, notes_ : as `MixtureRegressor`.

    Examples
    --------
    >>> import numpy as np
    >>> import pyarrow as pa
    >>> import projektor_ray as pr
    >>> share, size = np.tile(np.linspace(0, 1, 6), 2), np.repeat([100, 400], 6)
    >>> runs = pa.table({"clinic": share, "web": 1 - share, "size": size})
    >>> model = pr.ScaleRegressor("eq3", predictor="linear", direction="maximize", bounds=(0, 1))
    >>> model = model.fit(runs, 0.5 + 0.2 * share + 0.05 * np.log(size / 100))
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
        predictor: str = AUTO,
        compare: bool = True,
        size: str = "size",
        direction: str | None = None,
        distance: str | None = None,
        bounds: Bounds | None = None,
        log: bool = False,
        learner_family: str = UNKNOWN,
        classes: ClassShares | None = None,
        robust: bool = True,
    ) -> None:
        self.projection = projection
        self.predictor = predictor
        self.compare = compare
        self.size = size
        self.direction = direction
        self.distance = distance
        self.bounds = bounds
        self.log = log
        self.learner_family = learner_family
        self.classes = classes
        self.robust = robust

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
        probes = self._joined(self._read(X, y, self.size if size is None else None, size))
        self._check_classes(probes.n_providers)
        fitted = choose_model(
            probes,
            None if self.log else self.bounds,
            predictor=self.predictor,
            projection=self.projection,
            compare=self.compare,
            family=self.learner_family,
            classes=self.classes,
            robust=self.robust,
        )
        return self._set(probes, fitted)

    def _check_classes(self, providers: int) -> None:
        """Refuse classes of other providers, or of a metric that has no ceilings."""
        if self.classes is None:
            return
        if self.log or self.bounds is None or tuple(self.bounds) != ACCURACY:
            got = "the logarithm of the metric" if self.log else f"the bounds {self.bounds}"
            raise InputError(
                f"classes bound an accuracy, whose bounds are (0, 1); got {got}. Leave out the "
                "classes, or give the bounds (0, 1)"
            )
        if len(self.classes.providers) != providers:
            raise InputError(
                f"the mixtures have {providers} providers; the classes are of "
                f"{len(self.classes.providers)}. Give a row of classes for each provider"
            )

    def _joined(self, probes: ProbeArrays) -> ProbeArrays:
        """The trainings with sizes that are nearly the same as one; a note tells how many."""
        sizes = join_near_sizes(probes.sizes)
        changed = int(np.count_nonzero(sizes != probes.sizes))
        if not changed:
            return probes
        from projektor_ray.explain.reading_line import joined_sizes_text  # needs runs

        self.notes_ = (*self.notes_, joined_sizes_text(changed))
        return replace(probes, sizes=sizes)

    def _set(self, probes: ProbeArrays, fitted: FittedModels) -> "ScaleRegressor":
        """Become fitted. A table has no pilots to solve transport for: distances of mixtures are
        interpolated between those of the trainings.
        """
        self.probes_, self.fitted_, self.scales_ = probes, fitted, probes.scales
        self.distance_function_ = InterpolatedDistances.fit(probes.mixtures, probes.distances)
        self.models_: dict[str, ScaleModel] = fitted.by_projection
        self.model_ = fitted.model
        return self

    def __sklearn_is_fitted__(self) -> bool:
        """Whether a `fit` came to its end; one that was refused leaves other attributes behind."""
        return hasattr(self, "model_")

    def predict(self, X: Any, size: float | None = None) -> Any:
        """The metric of each mixture at `size`; without it, at the size in each row's column."""
        check_is_fitted(self)
        mixtures, distances = self._mixtures(X), self._numbers(X, self.distance)
        predicted = np.empty(len(mixtures))
        for at, rows in self._groups(X, size, len(mixtures)):
            predicted[rows] = self.model_.predict(mixtures[rows], rows_at(distances, rows), at)
        return self._output(X, self._back(predicted), "predicted")

    def predict_interval(self, X: Any, size: float | None = None, level: float = 0.9) -> Any:
        """Where a new training's metric would lie: (q, 2), low and high; see `set_output`."""
        check_is_fitted(self)
        mixtures, distances = self._mixtures(X), self._numbers(X, self.distance)
        bounds = np.empty((len(mixtures), 2))
        for at, rows in self._groups(X, size, len(mixtures)):
            bounds[rows] = self.model_.interval(mixtures[rows], rows_at(distances, rows), at, level)
        return self._output(X, self._back(bounds), "low", "high")

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
            np.array(self.providers_)[unseen(self.probes_.mixtures)].tolist()
        )
        at_largest = self.fitted_.probes.at(self.scales_[-1])
        values = np.exp(at_largest.values) if self.log else at_largest.values
        return PurchaseProblem(
            self.objective,
            offers.providers,
            offers.terms,
            self.scales_[0],
            self.scales_[0] if len(self.scales_) == 1 else None,
            direction=self.goal,
            trials=(at_largest.mixtures, values),
            trained_at=self.scales_[-1],
            bounds=self.bounds,
        )

    def plans(self, request: PurchaseRequest, offers: Offers | None = None) -> PurchasePlans:
        """The plan predicted best (`selected`), and the plans to compare it with.

        Parameters
        ----------
        request : the kind of purchase.

        Raises
        ------
        InfeasibleError
            If no plan keeps every constraint; names the one that cannot be kept.
        InputError
            If a size cannot be predicted at, or nothing bounds it.
        """
        if request.size is not None:
            self.check_target(request.size)
        return buy(self.problem(offers), request)

    def select(
        self, offers: Any = None, *, size: int | None = None, budget: float | None = None
    ) -> Any:
        """`plans` of a size or a budget as a table, a row for each provider in each plan.

        Parameters
        ----------
        offers : a table for `Offers.read`; absent: free and without limit.
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
                f"the offers must be a table; got {offers}. Give a number of samples "
                f"by its name, size={offers}, and money likewise, budget={offers}"
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
        sizes = one_per_mixture("sizes", sizes, count)
        smallest, only = self.scales_[0], len(self.scales_) == 1
        near = np.maximum(sizes, smallest) < NEAR_SIZES * np.minimum(sizes, smallest)
        sizes = np.where(near & (only | (sizes < smallest)), smallest, sizes)
        distinct = np.unique(sizes)
        return [(self.check_target(float(at)), np.flatnonzero(sizes == at)) for at in distinct]
