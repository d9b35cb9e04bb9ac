"""The estimators beside the method's own functions, and as scikit-learn uses them."""

from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sklearn.metrics import r2_score
from sklearn.model_selection import GridSearchCV, cross_val_predict

from projektor_ray.errors import InputError, TooFewProbesError
from projektor_ray.projection import project
from projektor_ray.runs import MixtureRegressor, ScaleRegressor, to_arrow
from projektor_ray.selection import PurchaseRequest


def frame(rows: int = 30, seed: int = 0) -> pd.DataFrame:
    shares = np.random.default_rng(seed).dirichlet(np.ones(3), size=rows)
    return pd.DataFrame(shares, columns=["b", "c", "a"], index=[f"run-{i}" for i in range(rows)])


def linear(X: pd.DataFrame) -> pd.Series:
    return 0.5 + 0.3 * X["a"] - 0.1 * X["b"]


def test_a_planted_plane_comes_back() -> None:
    X, new = frame(), frame(8, seed=1)
    model = MixtureRegressor("linear").fit(X, linear(X))
    np.testing.assert_allclose(model.predict(new), linear(new), atol=1e-6)
    assert model.score(new, linear(new)) == pytest.approx(1, abs=1e-6)


def test_columns_go_by_name_not_by_position() -> None:
    X = frame()
    model = MixtureRegressor("linear").fit(X, linear(X))
    np.testing.assert_array_equal(model.predict(X), model.predict(X[["a", "b", "c"]]))


def test_it_is_an_estimator_of_scikit_learn() -> None:
    X = frame()
    y = linear(X) + np.random.default_rng(2).normal(scale=0.01, size=len(X))
    model = MixtureRegressor("gp", direction="minimize", log=True)
    assert clone(model).get_params() == model.get_params()
    left_out = cross_val_predict(model, X, y, cv=5)
    assert r2_score(y, left_out) > 0.9
    bent = y + 2 * (X["a"] - 0.4) ** 2
    search = GridSearchCV(model, {"predictor": ["linear", "quadratic"]}, cv=3).fit(X, bent)
    assert search.best_params_ == {"predictor": "quadratic"}


@pytest.mark.parametrize(
    "asks",
    [
        lambda model: model.predict(frame()),
        lambda model: model.predict_interval(frame(), 100),
        lambda model: model.rank(frame(), size=100),
        lambda model: model.select(size=100),
        lambda model: model.select(pd.DataFrame({"provider": ["a", "b", "c"]}), size=100),
        lambda model: model.plans(PurchaseRequest(100)),
        lambda model: model.problem(),
        lambda model: model.by("joint"),
        lambda model: to_arrow(model),
    ],
)
def test_what_is_not_fitted_says_so_whatever_it_is_asked(asks: Any) -> None:
    with pytest.raises(NotFittedError):
        asks(ScaleRegressor())
    refused, few = ScaleRegressor(), frame(3)
    with pytest.raises(TooFewProbesError):
        refused.fit(few, linear(few), size=np.full(3, 100))
    with pytest.raises(NotFittedError):
        asks(refused)


def test_a_refused_fit_at_one_size_is_none() -> None:
    few = frame(3)
    model = MixtureRegressor("linear")
    with pytest.raises(TooFewProbesError):
        model.fit(few, linear(few))
    with pytest.raises(NotFittedError):
        model.predict(few)


def test_arrays_in_arrays_out() -> None:
    X = frame()
    model = MixtureRegressor().fit(X.to_numpy(), linear(X).to_numpy())
    assert type(model.predict(X.to_numpy())) is np.ndarray
    assert model.predict_interval(X.to_numpy()).shape == (30, 2)


def test_rank_follows_the_direction() -> None:
    X = frame()
    up = MixtureRegressor("linear").fit(X, linear(X).rename("accuracy")).rank(X)
    down = MixtureRegressor("linear", direction="minimize").fit(X, linear(X)).rank(X)
    assert up.argmin() == linear(X).argmax()
    assert down.argmin() == linear(X).argmin()
    assert sorted(up) == sorted(down) == list(range(1, 31))


def test_the_logarithm_is_undone_in_predictions_and_intervals() -> None:
    X = frame()
    loss = np.exp(1 - 0.7 * X["a"] + 0.2 * X["b"])
    model = MixtureRegressor("linear", log=True).fit(X, loss)
    np.testing.assert_allclose(model.predict(X), loss, rtol=1e-6)
    low, high = model.predict_interval(X).T
    assert ((low <= loss + 1e-6) & (loss <= high + 1e-6)).all()


def test_intervals_cover_what_they_say() -> None:
    rng = np.random.default_rng(3)
    new, inside = frame(200, seed=9), []
    for seed in range(12):
        X = frame(25, seed=20 + seed)
        model = MixtureRegressor().fit(X, linear(X) + rng.normal(scale=0.02, size=25))
        low, high = model.predict_interval(new, level=0.9).T
        drawn = linear(new) + rng.normal(scale=0.02, size=200)
        inside.append(((low <= drawn) & (drawn <= high)).mean())
    assert 0.85 < np.mean(inside) < 0.985


def test_a_predictor_is_chosen_by_cross_validation() -> None:
    X = frame()
    model = MixtureRegressor("least_error").fit(X, linear(X) + 0.5 * X["a"] * X["c"])
    assert model.fitted_.predictor in ("quadratic", "gp", "pseudo_quadratic")
    errors = model.fitted_.reason.predictor_errors
    assert {"linear", "gp", "quadratic"} <= set(errors)
    assert min(errors, key=lambda name: errors[name]) == model.fitted_.predictor
    assert model.predictor_.name == model.fitted_.predictor
    assert MixtureRegressor().fit(X, linear(X)).predictor_.name == "gp"
    assert MixtureRegressor(bounds=(0, 1)).fit(X, linear(X)).predictor_.name == "ensemble"


def test_a_distance_column_is_used() -> None:
    X = frame(12)
    X["ot"] = 1 + np.sin(5 * X["a"])
    y = 0.9 - 0.2 * X["ot"]
    model = MixtureRegressor("cs", distance="ot").fit(X, y)
    np.testing.assert_allclose(model.predict(X), y, atol=1e-9)
    assert model.providers_ == ("b", "c", "a")
    with pytest.raises(InputError, match="needs the distance"):
        MixtureRegressor("cs").fit(X[["a", "b", "c"]], y)


@pytest.mark.parametrize(
    ("model", "X", "y", "message"),
    [
        (MixtureRegressor(), frame() * 100, linear(frame()), "Divide the columns"),
        (MixtureRegressor("gpp"), frame(), linear(frame()), "did you mean 'gp'"),
        (MixtureRegressor(direction="up"), frame(), linear(frame()), "'maximize' or 'minimize'"),
        (MixtureRegressor(log=True), frame(), linear(frame()) - 1, "log=True needs a metric above"),
        (MixtureRegressor(bounds=(0, 1)), frame(), 100 * linear(frame()), "per cent"),
        (MixtureRegressor(), frame(), linear(frame(4)), "one y for each of 30 mixtures; got 4"),
        (MixtureRegressor(distance="ot"), frame(), linear(frame()), "no column 'ot'"),
        (
            MixtureRegressor(),
            frame().assign(a=np.nan),
            linear(frame()),
            r"'a' is empty \(NaN\) in row 1",
        ),
    ],
)
def test_bad_input(model: MixtureRegressor, X: Any, y: Any, message: str) -> None:
    with pytest.raises(InputError, match=message):
        model.fit(X, y)


def test_missing_columns_at_prediction_and_too_few_rows() -> None:
    X = frame()
    with pytest.raises(InputError, match="no column 'c'"):
        MixtureRegressor().fit(X, linear(X)).predict(X.drop(columns="c"))
    few, values = X.iloc[:3].assign(ot=[1.0, 2.0, 3.0]), linear(X.iloc[:3])
    with pytest.raises(TooFewProbesError, match="'cs' would do with 3"):
        MixtureRegressor("gp", distance="ot").fit(few, values)
    with pytest.raises(TooFewProbesError, match=r"fewer than 4.*distances"):
        MixtureRegressor("gp").fit(X.iloc[:3], values)


def scaled(sizes: tuple[int, ...], slope: float = 0.03) -> tuple[pd.DataFrame, pd.Series]:
    parts = [frame(15, seed=0).assign(size=size) for size in sizes]
    X = pd.concat(parts, ignore_index=True)
    return X, linear(X) + slope * np.log(X["size"] / 1000)


def test_eq3_is_recovered_exactly_from_planted_lines_in_the_logarithm() -> None:
    X, y = scaled((250, 1000))
    model = ScaleRegressor("eq3", predictor="linear").fit(X, y)
    new = frame(6, seed=5)
    truth = project(8000, (250, 1000), [linear(new) + 0.03 * np.log(0.25), linear(new)])
    np.testing.assert_allclose(model.predict(new, size=8000), truth, atol=1e-6)
    np.testing.assert_allclose(
        model.predict(new.assign(size=8000)), model.predict(new, size=8000), atol=1e-12
    )
    low, high = model.predict_interval(new, size=8000).T
    assert ((low <= truth) & (truth <= high)).all()


def test_each_row_is_predicted_at_its_own_size() -> None:
    X, y = scaled((250, 1000, 4000))
    model = ScaleRegressor().fit(X, y)
    assert model.scales_ == (250, 1000, 4000)
    assert {"joint", "eq3"} < set(model.fitted_.reason.errors)
    np.testing.assert_allclose(model.predict(X), y, atol=0.01)
    assert model.score(X, y) > 0.99


def test_sizes_may_be_given_apart_from_an_array() -> None:
    X, y = scaled((250, 1000))
    apart = ScaleRegressor("joint").fit(X[["a", "b", "c"]].to_numpy(), y, size=X["size"])
    within = ScaleRegressor("joint").fit(X[["a", "b", "c", "size"]], y)
    np.testing.assert_allclose(
        apart.predict(X[["a", "b", "c"]].to_numpy(), size=4000), within.predict(X, size=4000)
    )


def test_one_size_predicts_there_and_refuses_to_project() -> None:
    X, y = scaled((500,))
    model = ScaleRegressor().fit(X, y)
    np.testing.assert_allclose(model.predict(X, size=500), y, atol=0.01)
    with pytest.raises(InputError, match=r"all trainings.* 500"):
        model.predict(X, size=2000)


def test_a_predictor_of_distances_is_not_fitted_without_them() -> None:
    X, y = scaled((250, 1000))
    with pytest.raises(InputError, match="'cs' needs the distance"):
        ScaleRegressor("eq3", predictor="cs").fit(X, y)


def test_a_size_below_the_scales_is_refused() -> None:
    X, y = scaled((250, 1000))
    with pytest.raises(InputError, match=r"smallest.* 250"):
        ScaleRegressor().fit(X, y).predict(X, size=100)


@pytest.mark.parametrize("apart", [False, True])
def test_sizes_that_are_nearly_the_same_count_as_one(apart: bool) -> None:
    shares = frame(24)
    exact = np.repeat([1000, 4000], 12)
    sizes = exact.copy()
    sizes[[3, 15]] = 990, 4100
    y = linear(shares) + 0.05 * np.log(exact)
    fit = {"size": sizes} if apart else {}
    table = shares if apart else shares.assign(size=sizes)
    model = ScaleRegressor("eq3", predictor="linear").fit(table, y, **fit)
    assert model.scales_ == (1000, 4000)
    assert any("changed in 2 runs" in note for note in model.notes_)
    if not apart:
        at_their_sizes = linear(shares) + 0.05 * np.log(np.where(sizes == 990, 1000, sizes))
        np.testing.assert_allclose(model.predict(table), at_their_sizes, atol=1e-6)
    with pytest.raises(InputError, match="below the smallest"):
        model.predict(shares, size=900)
