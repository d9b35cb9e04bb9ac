"""The method in the manner of scikit-learn, from trainings at one size."""

from typing import Any

from numpy.typing import ArrayLike
from sklearn.utils.validation import check_is_fitted

from projektor_ray.projection import FittedModels, choose_model
from projektor_ray.projection.choose import AUTO
from projektor_ray.runs.metric_direction import Bounds
from projektor_ray.runs.mixture_columns import OfMixtures


class MixtureRegressor(OfMixtures):
    """The metric of a mixture at the one size of the trainings.

    Parameters
    ----------
    predictor : name in `projektor_ray.predictors.PREDICTORS`; "auto": `gp`, or `ensemble` where
        bounds are (0, 1); or "least_error": by cross-validation.
    direction : "maximize" or "minimize", which ranks and purchases go by; None: as the name of y, a
        Series, tells ("val_loss"), and refused where it does not.
    distance : column of X with each mixture's distance to the validation set, if there is one.
    bounds : range of the metric, (0, 1) for an accuracy; predictions stay in it.
    log : fit the logarithm of the metric, as for a loss.
    robust : whether runs far from all others weigh less; `fitted_.far` lists them.

    Attributes
    ----------
    predictor_ : the fitted `Predictor`.
    fitted_ : the predictors that were compared, and why this one was chosen.
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
        predictor: str = AUTO,
        *,
        direction: str | None = None,
        distance: str | None = None,
        bounds: Bounds | None = None,
        log: bool = False,
        robust: bool = True,
    ) -> None:
        self.predictor = predictor
        self.direction = direction
        self.distance = distance
        self.bounds = bounds
        self.log = log
        self.robust = robust

    def fit(self, X: Any, y: ArrayLike) -> "MixtureRegressor":
        """Fit to trainings of one size.

        Raises
        ------
        TooFewProbesError
            If the predictor needs more rows; says which one would do.
        InputError
            If a row cannot be used; says which, and what to do.
        """
        probes = self._read(X, y)
        self.fitted_: FittedModels = choose_model(
            probes,
            None if self.log else self.bounds,
            predictor=self.predictor,
            compare=False,
            robust=self.robust,
        )
        (self.predictor_,) = self.fitted_.predictors[str(self.fitted_.predictor)].values()
        return self

    def __sklearn_is_fitted__(self) -> bool:
        """Whether a `fit` came to its end; one that was refused leaves other attributes behind."""
        return hasattr(self, "predictor_")

    def predict(self, X: Any) -> Any:
        """The metric of each mixture: (q,); see `set_output`."""
        check_is_fitted(self)
        distances = self._numbers(X, self.distance)
        values = self.predictor_.predict(self._mixtures(X), distances)
        return self._output(X, self._back(values), "predicted")

    def predict_interval(self, X: Any, level: float = 0.9) -> Any:
        """Where a new training's metric would lie: (q, 2), low and high; see `set_output`."""
        check_is_fitted(self)
        distances = self._numbers(X, self.distance)
        bounds = self.predictor_.interval(self._mixtures(X), distances, level)
        return self._output(X, self._back(bounds), "low", "high")
