"""The estimators among scikit-learn's own: its checks, meta-estimators, clones and pickles."""

import pickle
from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pytest
from scipy.sparse import issparse
from sklearn.base import clone
from sklearn.compose import TransformedTargetRegressor
from sklearn.ensemble import BaggingRegressor, StackingRegressor, VotingRegressor
from sklearn.linear_model import LinearRegression
from sklearn.model_selection import (
    GridSearchCV,
    KFold,
    cross_val_predict,
    cross_val_score,
    learning_curve,
)
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer
from sklearn.utils.estimator_checks import check_estimator

from projektor_ray.errors import InputError
from projektor_ray.runs import MixtureRegressor, ScaleRegressor
from projektor_ray.storage.array_types import Floats

NAMES = ["web", "code", "books"]
SHARES = np.random.default_rng(0).dirichlet(np.ones(3), 24)
X = pd.DataFrame(SHARES, columns=NAMES, index=[f"run-{i}" for i in range(24)])
Y = pd.Series(0.4 + SHARES @ [0.0, 0.1, 0.3] + 0.05 * SHARES[:, 0] ** 2, X.index, name="acc")
SIZED = X.assign(size=np.tile([500, 2000], 12))
GROWN = Y + 0.03 * np.log(SIZED["size"])

EXPECTED = {
    "check_positive_only_tag_during_fit": "the message names the provider and the row",
    "check_dtype_object": "a mistake of the user's is an InputError, which is a ValueError",
    "check_fit2d_1sample": "the message names how many trainings each predictor needs",
    "check_fit2d_1feature": "a mixture has two providers or more",
}


def on_the_simplex(shares: Floats) -> Floats:
    """Numbers of a check as shares; what cannot be shares as it is."""
    if not np.isfinite(shares).all() or (shares < 0).any():
        return shares
    return np.asarray((shares + 1e-9) / (shares + 1e-9).sum(axis=1, keepdims=True))


class AnyMixture(MixtureRegressor):
    """A `MixtureRegressor` whose input need not sum to 1."""

    def _shares(self, X: Any) -> Floats:
        return on_the_simplex(super()._shares(X))


class AnyScale(ScaleRegressor):
    """The same of a `ScaleRegressor`, at one size."""

    def _shares(self, X: Any) -> Floats:
        return on_the_simplex(super()._shares(X))

    def fit(self, X: Any, y: Any) -> "AnyScale":  # type: ignore[override]
        count = X.shape[0] if issparse(X) else np.atleast_1d(np.asarray(X)).shape[0]
        super().fit(X, y, size=np.full(count, 100.0))
        return self

    def predict(self, X: Any) -> Any:  # type: ignore[override]
        return super().predict(X, size=100)


@pytest.mark.parametrize(
    "estimator",
    [AnyMixture("linear"), AnyScale("none", predictor="linear", compare=False)],
    ids=repr,
)
@pytest.mark.filterwarnings("ignore")
def test_checks_of_scikit_learn_pass_but_for_those_with_a_reason(estimator: Any) -> None:
    found: list[Mapping[str, Any]] = check_estimator(
        estimator, expected_failed_checks=EXPECTED, on_fail=None, on_skip=None
    )
    failed = {one["check_name"]: one["exception"] for one in found if one["status"] == "failed"}
    assert failed == {}
    assert {one["check_name"] for one in found if one["status"] == "xfail"} == set(EXPECTED)
    assert sum(one["status"] == "passed" for one in found) > 40


PAIR = [("ours", MixtureRegressor("linear")), ("theirs", LinearRegression())]
META = {
    "target": TransformedTargetRegressor(
        MixtureRegressor("linear"), func=np.log, inverse_func=np.exp
    ),
    "stacking": StackingRegressor(
        [("ours", MixtureRegressor("linear")), ("theirs", LinearRegression())]
    ),
    "voting": VotingRegressor(
        [("ours", MixtureRegressor("linear")), ("theirs", LinearRegression())]
    ),
    "bagging": BaggingRegressor(MixtureRegressor("linear"), n_estimators=3, random_state=0),
    "pipeline": make_pipeline(FunctionTransformer(), MixtureRegressor("linear")),
    "search": GridSearchCV(
        MixtureRegressor(direction="maximize"),
        {"predictor": ["gp", "linear"], "bounds": [None, (0, 1)]},
        cv=KFold(3),
        error_score="raise",
    ),
}


@pytest.mark.parametrize("kind", META)
def test_meta_estimators_fit_and_predict(kind: str) -> None:
    model = clone(META[kind]).fit(X, Y)
    predicted = model.predict(X)
    assert isinstance(predicted, np.ndarray)
    assert np.corrcoef(predicted, Y)[0, 1] > 0.95
    again = pickle.loads(pickle.dumps(model))
    np.testing.assert_array_equal(again.predict(X), predicted)


def test_sizes_in_a_column_go_through_meta_estimators() -> None:
    model = TransformedTargetRegressor(ScaleRegressor(), func=np.log, inverse_func=np.exp)
    assert np.corrcoef(model.fit(SIZED, GROWN).predict(SIZED), GROWN)[0, 1] > 0.95
    shuffled = KFold(3, shuffle=True, random_state=0)
    assert cross_val_score(ScaleRegressor(), SIZED, GROWN, cv=shuffled).min() > 0.5
    assert cross_val_predict(MixtureRegressor("linear"), X, Y, cv=3).shape == (24,)
    sizes, train, _ = learning_curve(MixtureRegressor("linear"), X, Y, cv=3, train_sizes=[0.5, 1.0])
    assert (sizes.tolist(), train.shape) == ([8, 16], (2, 3))
    with pytest.raises(InputError, match=r"'size'.*DataFrame"):
        ScaleRegressor().fit(SIZED.to_numpy(), GROWN)


@pytest.mark.parametrize("kind", ["pandas", "polars"])
def test_what_goes_out_is_chosen(kind: Any) -> None:
    model = MixtureRegressor("linear", direction="maximize").fit(X, Y)
    assert isinstance(model.predict(X), np.ndarray)
    assert isinstance(model.rank(X), np.ndarray)
    bounds = model.predict_interval(X)
    assert bounds.shape == (24, 2)
    chosen = clone(model.set_output(transform=kind)).fit(X, Y)
    predicted, interval = chosen.predict(X), chosen.predict_interval(X)
    series, frame = (pd.Series, pd.DataFrame) if kind == "pandas" else (pl.Series, pl.DataFrame)
    assert isinstance(predicted, series)
    assert predicted.name == "predicted"
    assert isinstance(interval, frame)
    assert list(interval.columns) == ["low", "high"]
    np.testing.assert_array_equal(interval.to_numpy(), bounds)
    if kind == "pandas":
        assert predicted.index.equals(X.index)
        assert interval.index.equals(X.index)
    assert chosen.set_output(transform=None).predict(X).name == "predicted"
    with pytest.raises(InputError, match="polars"):
        model.set_output(transform="numpy")  # type: ignore[arg-type]


def test_columns_are_found_by_name_in_any_order_and_spelling() -> None:
    model = MixtureRegressor("linear").fit(X, Y)
    turned = X[NAMES[::-1]].rename(columns=lambda name: f" {name.upper()}").assign(lr=1.0)
    np.testing.assert_allclose(model.predict(turned), model.predict(X))
    with pytest.raises(InputError, match="'web'"):
        model.predict(X.rename(columns={"web": "net"}))
    with pytest.raises(InputError, match="X has 2 features, but MixtureRegressor is expecting 3"):
        MixtureRegressor("linear").fit(SHARES, Y).predict(SHARES[:, :2])


def test_values_at_most_0_of_a_loss_are_negated_ones() -> None:
    best = MixtureRegressor("linear").fit(X, (Y - 1).rename("val_loss")).rank(X)
    assert Y.iloc[int(np.argmin(best))] == pytest.approx(Y.max())
