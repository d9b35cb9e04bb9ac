"""What both estimators share: DataFrames in and out, the metric's range and logarithm."""

from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator, RegressorMixin
from sklearn.utils import check_array, column_or_1d

from projektor_ray.data import read_table
from projektor_ray.errors import InputError, row_named
from projektor_ray.predictors.probe_arrays import ProbeArrays, mixture_groups
from projektor_ray.runs.column_names import require
from projektor_ray.runs.metric_direction import Bounds, guess_bounds, guess_direction
from projektor_ray.runs.numeric_columns import column
from projektor_ray.runs.run_checks import check_shares, check_values
from projektor_ray.selection import Direction
from projektor_ray.storage.array_types import Floats

DIRECTIONS = ("maximize", "minimize")
Container = Literal["default", "pandas", "polars"]
CONTAINERS: tuple[Container, ...] = ("default", "pandas", "polars")
SHOWN = 5


class OfMixtures(RegressorMixin, BaseEstimator):  # type: ignore[misc]
    """An estimator of a metric from mixtures, in the manner of scikit-learn.

    `X` is a DataFrame (pandas, polars, Arrow) with a column of shares for each provider, in any
    order, or an array (k, m). Predictions are arrays unless `set_output` chooses otherwise.
    """

    distance: str | None
    bounds: Bounds | None
    direction: str | None
    log: bool

    def _read(
        self, X: Any, y: ArrayLike, size: str | None = None, sizes: ArrayLike | None = None
    ) -> ProbeArrays:
        """Check settings and data; set what scikit-learn expects of a fitted estimator.

        Parameters
        ----------
        size : column of X with the sizes, where they are not given apart.
        sizes : of the trainings, shape (k,); absent with `size`: all of one size.
        """
        if self.direction not in (None, *DIRECTIONS):
            raise InputError(
                f"the direction must be 'maximize' or 'minimize'; got {self.direction!r}"
            )
        if y is None:
            raise InputError(
                f"{type(self).__name__} requires y to be passed, but the target y is None"
            )
        extra = [name for name in (self.distance, size) if name is not None]
        self.metric_ = str(getattr(y, "name", None) or "y")
        names = column_names(X)
        if names is not None:
            extra = [require(name, names) for name in extra]
            providers = [name for name in names if name not in extra]
            self.feature_names_in_ = np.array(names, dtype=object)
        else:
            for name in extra:
                self._numbers(X, name)  # refuses an array
            providers = [f"provider_{i}" for i in range(_array(X, self).shape[1])]
        self.providers_ = tuple(providers)
        self.n_features_in_ = len(providers) + len(extra)
        mixtures = self._mixtures(X)
        values = np.asarray(column_or_1d(y, warn=True), dtype=np.float64)
        if len(values) != len(mixtures):
            raise InputError(
                f"expected one y for each of {len(mixtures)} mixtures; got {len(values)}"
            )
        check_values(values, self.metric_, self.bounds or guess_bounds(self.metric_))
        self.highest_value_ = float(values.max())
        if len(mixtures) > 1 and len(mixture_groups(mixtures)) == 1:
            raise InputError(
                f"all {len(mixtures)} rows are of one mixture, so that nothing tells how the "
                "metric depends on the shares; add trainings of other mixtures"
            )
        distances = self._numbers(X, self.distance)
        from projektor_ray.explain.unidentified_effects import unidentified_effects  # needs runs

        effects = unidentified_effects(mixtures, self.providers_, distances)
        self.notes_ = tuple(map(str, effects))
        sizes = self._numbers(X, size) if size is not None else sizes
        return ProbeArrays.check(mixtures, distances, self._forth(values), sizes)

    def _mixtures(self, X: Any) -> Floats:
        """The mixtures (k, m) in X, checked."""
        return check_shares(self._shares(X), self.providers_)

    def _shares(self, X: Any) -> Floats:
        """The shares (k, m) in X, of columns in the order of `providers_`."""
        if column_names(X) is not None:
            table = read_table(X)
            columns = [require(name, table.column_names) for name in self.providers_]
            return np.column_stack([column(table, name) for name in columns])
        shares = _array(X, self)
        if shares.shape[1] != len(self.providers_):
            raise InputError(
                f"X has {shares.shape[1]} features, but {type(self).__name__} is expecting "
                f"{len(self.providers_)} features as input: the shares of "
                f"{', '.join(self.providers_[:SHOWN])}"
            )
        return shares

    def _numbers(self, X: Any, name: str | None) -> Floats | None:
        """A column of X that is no provider; None where the estimator uses none."""
        if name is None:
            return None
        if column_names(X) is None:
            raise InputError(
                f"the column {name!r} is to be read from X, which must then be a DataFrame; "
                f"got {type(X).__name__}"
            )
        table = read_table(X)
        return column(table, require(name, table.column_names))

    def _forth(self, values: Floats) -> Floats:
        """From the metric to what is fitted: its logarithm where `log` is asked for."""
        if not self.log:
            return values
        if values.min() <= 0:
            raise InputError(
                f"log=True needs a metric above 0; it is {values.min():g} in "
                f"{row_named(int(values.argmin()))}. Use log=False"
            )
        return np.asarray(np.log(values))

    def _back(self, fitted: Floats) -> Floats:
        values = np.exp(fitted) if self.log else fitted
        return np.asarray(values if self.bounds is None else np.clip(values, *self.bounds))

    @property
    def goal(self) -> Direction:
        """Whether more of the metric is better: as was said, else by the metric's name.

        Raises
        ------
        InputError
            If neither tells.
        """
        if self.direction is None:
            return guess_direction(self.metric_, self.highest_value_)
        return "minimize" if self.direction == "minimize" else "maximize"

    def rank(self, X: Any, **settings: Any) -> Any:
        """Position of each mixture by its prediction, 1 the best, in the metric's direction."""
        values = np.asarray(self.predict(X, **settings))
        order = np.argsort(values if self.goal == "minimize" else -values, kind="stable")
        ranks = np.empty(len(order), dtype=np.int64)
        ranks[order] = np.arange(1, len(order) + 1)
        return self._output(X, ranks, "rank")

    def set_output(self, *, transform: Container | None = None) -> "OfMixtures":
        """Choose what `predict`, `predict_interval` and `rank` return.

        Parameters
        ----------
        transform : "default", an array; "pandas" or "polars", a Series or a DataFrame, with the
            index of X where X is a pandas DataFrame; None, what was chosen before.

        Raises
        ------
        InputError
            If it is something else.
        """
        if transform not in (None, *CONTAINERS):
            raise InputError(
                f"the output must be one of {', '.join(CONTAINERS)}; got {transform!r}"
            )
        if transform is not None:
            self._sklearn_output_config = {"transform": transform}  # which `clone` copies
        return self

    def _output(self, X: Any, values: NDArray[Any], *names: str) -> Any:
        """Values (q,) or (q, 2) in the container that `set_output` chose."""
        chosen = getattr(self, "_sklearn_output_config", {}).get("transform", "default")
        columns = dict(zip(names, np.atleast_2d(values.T), strict=True))
        if chosen == "pandas":
            import pandas as pd

            frame = pd.DataFrame(columns, index=getattr(X, "index", None))
            return frame if values.ndim == 2 else frame[names[0]]
        if chosen == "polars":
            import polars as pl

            table = pl.DataFrame(columns)
            return table if values.ndim == 2 else table[names[0]]
        return values

    def __sklearn_tags__(self) -> Any:
        """Tell scikit-learn that shares are not negative, and that few fit any data at random."""
        tags = super().__sklearn_tags__()
        tags.input_tags.positive_only = True
        tags.regressor_tags.poor_score = True
        return tags


def column_names(X: Any) -> list[str] | None:
    """Names of the columns of a DataFrame (pandas, polars, Arrow); None where X is an array."""
    names = getattr(X, "column_names", getattr(X, "columns", None))
    return None if names is None else [str(name) for name in names]


def _array(X: Any, estimator: OfMixtures) -> Floats:
    """X as an array of numbers, checked as scikit-learn does."""
    try:
        checked = check_array(
            X, dtype=np.float64, ensure_all_finite=False, estimator=estimator, input_name="X"
        )
    except (TypeError, ValueError) as failure:
        raise InputError(str(failure)) from None
    return np.asarray(checked)


def rows_at(numbers: Floats | None, rows: NDArray[np.intp]) -> Floats | None:
    """Some of the numbers; None where there are none."""
    return None if numbers is None else numbers[rows]
