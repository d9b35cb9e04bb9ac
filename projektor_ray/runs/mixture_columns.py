"""What both estimators share: DataFrames in and out, the metric's range and logarithm."""

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator, RegressorMixin

from projektor_ray.data import read_table
from projektor_ray.errors import InputError, row_named
from projektor_ray.predictors.probe_arrays import ProbeArrays, mixture_groups
from projektor_ray.runs.column_names import require
from projektor_ray.runs.identifiability import unidentified
from projektor_ray.runs.metric_direction import Bounds, guess_bounds, guess_direction
from projektor_ray.runs.numeric_columns import column
from projektor_ray.runs.run_checks import check_shares, check_values
from projektor_ray.selection import Direction
from projektor_ray.storage.arrays import Floats

DIRECTIONS = ("maximize", "minimize")


class OfMixtures(RegressorMixin, BaseEstimator):  # type: ignore[misc]
    """An estimator of a metric from mixtures, in the manner of scikit-learn.

    `X` is a DataFrame (pandas, polars, Arrow) with a column of shares for each provider, or an
    array (k, m). What comes in as a pandas DataFrame goes out with its index.
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
        extra = [name for name in (self.distance, size) if name is not None]
        if self.direction not in (None, *DIRECTIONS):
            raise InputError(
                f"the direction must be 'maximize' or 'minimize'; got {self.direction!r}"
            )
        self.metric_ = str(getattr(y, "name", None) or "y")
        if hasattr(X, "columns") or hasattr(X, "column_names"):
            names = [str(n) for n in getattr(X, "column_names", getattr(X, "columns", ()))]
            for name in extra:
                require(name, names)
            providers = [name for name in names if name not in extra]
            self.feature_names_in_ = np.array(names, dtype=object)
        else:
            providers = [f"provider_{i}" for i in range(np.atleast_2d(np.asarray(X)).shape[1])]
        self.providers_ = tuple(providers)
        self.n_features_in_ = len(providers) + len(extra)
        mixtures = self._mixtures(X)
        values = np.asarray(y, dtype=np.float64).reshape(-1)
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
        self.notes_ = tuple(unidentified(mixtures, self.providers_, distances))
        sizes = self._numbers(X, size) if size is not None else sizes
        return ProbeArrays.check(mixtures, distances, self._forth(values), sizes)

    def _mixtures(self, X: Any) -> Floats:
        if hasattr(X, "columns") or hasattr(X, "column_names"):
            table = read_table(X)
            for name in self.providers_:
                require(name, table.column_names)
            return check_shares(
                np.column_stack([column(table, name) for name in self.providers_]), self.providers_
            )
        shares = np.asarray(X, dtype=np.float64)
        if shares.ndim != 2 or shares.shape[1] != len(self.providers_):
            raise InputError(
                f"expected mixtures of shape (k, {len(self.providers_)}), a column for each of "
                f"{', '.join(self.providers_[:5])}…; got shape {shares.shape}"
            )
        return check_shares(shares, self.providers_)

    def _numbers(self, X: Any, name: str | None) -> Floats | None:
        """A column of X that is no provider; None where the estimator uses none."""
        if name is None:
            return None
        if not (hasattr(X, "columns") or hasattr(X, "column_names")):
            raise InputError(
                f"the column {name!r} is to be read from X, which must then be a DataFrame; "
                f"got {type(X).__name__}"
            )
        table = read_table(X)
        require(name, table.column_names)
        return column(table, name)

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
        return _like(X, ranks, "rank")


def _like(X: Any, values: NDArray[Any], name: str) -> Any:
    """A Series with the index of X where X is a pandas DataFrame; else the array itself."""
    if type(X).__module__.split(".")[0] != "pandas":
        return values
    import pandas as pd

    return pd.Series(values, index=X.index, name=name)


def interval_like(X: Any, bounds: Floats) -> Any:
    """A DataFrame of `low` and `high` where X is one of pandas; else an array (q, 2)."""
    if type(X).__module__.split(".")[0] != "pandas":
        return bounds
    import pandas as pd

    return pd.DataFrame(bounds, index=X.index, columns=["low", "high"])


def values_like(X: Any, values: Floats) -> Any:
    return _like(X, values, "predicted")
