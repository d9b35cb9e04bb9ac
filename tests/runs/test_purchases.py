"""Plans from a table beside a linear program, and offers that cannot be used."""

from bisect import bisect_left
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from scipy.optimize import linprog

from projektor_ray.errors import InfeasibleError, InputError
from projektor_ray.runs import Offers, ScaleRegressor, from_arrow, to_arrow
from projektor_ray.selection import PurchaseRequest
from projektor_ray.storage.array_types import Floats

NAMES = ["b", "c", "a"]
WORTH = np.array([-0.1, 0.05, 0.3])


def trained(sizes: tuple[int, ...] = (250, 1000), **settings: Any) -> ScaleRegressor:
    shares = np.random.default_rng(0).dirichlet(np.ones(3), size=15)
    X = pd.concat(
        [pd.DataFrame(shares, columns=NAMES).assign(size=size) for size in sizes],
        ignore_index=True,
    )
    y = 0.5 + X[NAMES] @ WORTH + 0.02 * np.log(X["size"])
    said = {"direction": "maximize", **settings}
    projection = "eq3" if len(sizes) > 1 else "none"
    return ScaleRegressor(projection, predictor="linear", **said).fit(X, y)


OFFERS = pd.DataFrame(
    {"provider": ["a", "b", "c"], "price": [0.05, 0.001, 0.01], "capacity": [6000, None, 5000]}
)


@pytest.mark.parametrize("budget", [None, 300.0, 150.0, 60.0])
def test_a_linear_surface_is_bought_as_a_linear_program_would(budget: float | None) -> None:
    table = trained().select(OFFERS, size=10_000, budget=budget)
    assert isinstance(table, pd.DataFrame)
    plan = table[table["plan"] == "selected"].set_index("provider")
    exact = linprog(
        -WORTH,
        A_ub=[[0.001, 0.01, 0.05]],
        b_ub=[1e9 if budget is None else budget / 10_000],
        A_eq=[[1, 1, 1]],
        b_eq=[1],
        bounds=[(0, 1), (0, 0.5), (0, 0.6)],
    )
    value = float(plan.loc[NAMES, "share"] @ WORTH)
    assert value == pytest.approx(-exact.fun, abs=2e-4)
    assert plan["samples"].sum() == 10_000
    assert budget is None or plan["cost"].sum() <= budget
    truth = 0.5 + value + 0.02 * np.log(10_000)
    np.testing.assert_allclose(plan["predicted"], truth, atol=1e-4)


def test_less_is_better_where_asked() -> None:
    plans = trained(direction="minimize").plans(PurchaseRequest(500)).plans
    assert dict(zip(plans["selected"].names, plans["selected"].samples, strict=True))["b"] == 500
    assert plans["selected"].predicted <= min(plan.predicted for plan in plans.values()) + 1e-12


def test_terms_are_kept() -> None:
    offers = OFFERS.assign(
        minimum_order=[None, 1000, None],
        required=[False, True, False],
        excluded=[False, False, True],
    )
    plan = trained().plans(PurchaseRequest(10_000), Offers.read(offers, NAMES)).selected
    bought = dict(zip(plan.names, plan.samples, strict=True))
    assert bought == {"a": 6000, "b": 4000, "c": 0}
    arrow = trained().select(pa.Table.from_pandas(offers), size=10_000)
    assert isinstance(arrow, pa.Table)


def test_a_provider_nobody_trained_with_is_not_bought() -> None:
    shares = np.random.default_rng(0).dirichlet(np.ones(2), size=12)
    X = pd.DataFrame(shares, columns=["a", "b"]).assign(c=0.0, size=100)
    model = ScaleRegressor(direction="maximize").fit(X, 0.5 + 0.1 * X["a"])
    assert "has any of c" in model.notes_[0]
    plan = model.plans(PurchaseRequest(100)).selected
    assert dict(zip(plan.names, plan.samples, strict=True))["c"] == 0
    must = pd.DataFrame({"provider": ["a", "b", "c"], "required": [0, 0, 1]})
    with pytest.raises(InputError, match="'c' must be bought"):
        model.select(must, size=100)


@pytest.mark.parametrize("log", [False, True])
def test_the_gradient_is_that_of_the_predictions(log: bool) -> None:
    rng = np.random.default_rng(1)
    shares = rng.dirichlet(np.ones(3), size=20)
    X = pd.DataFrame(np.vstack([shares, shares]), columns=NAMES)
    X["size"] = np.repeat([250, 1000], 20)
    X["ot"] = 1 + np.exp(-X["a"]) + X["b"] ** 2
    y = 3 - 0.2 * np.log(X["size"]) + 0.4 * X["ot"]
    model = ScaleRegressor("joint", distance="ot", log=log).fit(X, y)
    objective = model.objective(2000)
    point, along = shares[:1], np.array([0.5, -0.8, 0.3])
    step = 1e-5
    up, down = objective(point + step * along)[0], objective(point - step * along)[0]
    assert float((objective(point)[1] @ along)[0]) == pytest.approx(
        float((up - down)[0] / (2 * step)), rel=1e-4
    )
    larger, smaller = (model.objective(size).predict(point)[0] for size in (2001, 1999))
    assert objective.size_slope(point)[0] == pytest.approx((larger - smaller) / 2, rel=1e-3)
    gain = objective.predict(point) - objective.predict(shares[1:2])
    low, high = objective.gain_interval(point, shares[1:2], 0.9)[0]
    assert low < gain[0] < high
    assert high - low < 0.8 * np.diff(objective.interval(point, 0.9)).item()
    drawn = objective.sample_posterior(shares[:2], 4000, rng)
    assert drawn is not None
    np.testing.assert_allclose(drawn.mean(axis=0), objective.predict(shares[:2]), rtol=1e-3)


@pytest.mark.parametrize(
    ("offers", "message"),
    [
        (OFFERS.iloc[:2], "no row for c"),
        (OFFERS.assign(provider=["a", "b", "x"]), "no row for c; no mixture has shares of x"),
        (pd.concat([OFFERS, OFFERS.iloc[:1]]), "'a' has 2 rows of offers"),
        (OFFERS.assign(above_quantity=[5, None, None]), "'a' has 1 rows of offers"),
        (
            OFFERS.assign(above_quantity=[None, 0.5, None]).iloc[[0, 1, 2, 1]],
            "'b' has 2 rows of offers",
        ),
        (OFFERS.rename(columns={"price": "cost"}), "no column 'cost'; known: provider"),
        (OFFERS.rename(columns={"capacity": "capcity"}), "no column 'capcity'; .* 'capacity'"),
        (OFFERS.drop(columns="provider"), "need the column 'provider', .* got price, capacity"),
        (OFFERS.assign(price=[-1, 0, 0]), "price must be 0 or more"),
        (
            OFFERS.assign(price=[0.1, None, 0]),
            "provider 'b' has no price in row 2 .*0 where it costs",
        ),
        (OFFERS.assign(capacity=[1.5, 1, 1]), "whole number of samples; got 1.5"),
        (OFFERS.assign(price=["dear", "", ""]), "'price' must hold numbers"),
    ],
)
def test_bad_offers(offers: pd.DataFrame, message: str) -> None:
    with pytest.raises(InputError, match=message):
        Offers.read(offers, NAMES)


def exact(size: int, budget: float, prices: Floats, capacities: Floats) -> float:
    """The best value of the planted surface at a size, by a linear program; −∞ if infeasible."""
    bounds = [(0, min(capacity / size, 1)) for capacity in capacities]
    found = linprog(
        -WORTH, A_ub=[prices], b_ub=[budget / size], A_eq=[[1] * 3], b_eq=[1], bounds=bounds
    )
    return 0.5 - found.fun + 0.02 * np.log(size) if found.status == 0 else -np.inf


def test_sizes_are_chosen_as_linear_programs_at_every_size_would() -> None:
    prices, capacities = np.array([0.01, 0.02, 0.2]), np.array([1500, 1500, 1500])
    offers = Offers.read(
        pd.DataFrame({"provider": NAMES, "price": prices, "capacity": capacities}), NAMES
    )
    model = trained()

    def best(money: float) -> float:
        return max(exact(size, money, prices, capacities) for size in range(250, 4501, 50))

    plan = model.plans(PurchaseRequest(budget=100), offers).selected
    assert plan.cost <= 100
    assert plan.predicted == pytest.approx(best(100), abs=3e-4)
    plans = model.plans(PurchaseRequest(frontier=(100, 50)), offers)
    values = [one.predicted for one in plans.frontier.values()]
    assert plans.selected is plans.frontier[100]
    assert values == pytest.approx([best(100), best(50)], abs=3e-4)

    target = 0.85
    sizes = np.arange(250, 1500)
    fewest = sizes[bisect_left(sizes, target, key=lambda n: exact(n, 1e9, prices, capacities))]
    plans = model.plans(PurchaseRequest(target=target, minimize="samples"), offers)
    answer = plans.target_result
    assert answer is not None
    assert answer.reached
    assert abs(plans.selected.size - fewest) <= 2
    moneys = np.arange(20.0, 120.0, 0.5)
    least = moneys[bisect_left(moneys, target, key=best)]
    cheapest = model.plans(PurchaseRequest(target=target), offers).target_result
    assert cheapest is not None
    assert cheapest.plan.predicted >= target
    assert cheapest.plan.cost == pytest.approx(least, abs=1.0)
    assert cheapest.plan.cost < answer.plan.cost


def test_at_one_size_nothing_else_is_searched() -> None:
    plan = trained((500,)).plans(PurchaseRequest()).selected
    assert plan.size == 500


def test_what_cannot_be_kept_is_named() -> None:
    model = trained()
    with pytest.raises(InfeasibleError, match="budget"):
        model.select(OFFERS, size=10_000, budget=1.0)
    with pytest.raises(InfeasibleError, match="capacit"):
        model.select(OFFERS.assign(capacity=[10, 10, 10]), size=10_000)
    with pytest.raises(InputError, match=r"all trainings.* 500"):
        trained((500,)).select(OFFERS, size=10_000)


def test_a_gain_in_the_logarithm_is_one_of_the_metric() -> None:
    """Where the logarithms are sure, so is what the metrics differ by; and trials are metrics."""
    rng = np.random.default_rng(4)
    X = pd.DataFrame(rng.dirichlet(np.ones(3), size=12), columns=NAMES).assign(size=100)
    y = np.exp(1 + X["a"] - X["b"])
    model = ScaleRegressor("none", predictor="linear", log=True, direction="minimize").fit(X, y)
    objective = model.objective(100)
    p, q = (np.array([[float(name == alone) for name in NAMES]]) for alone in "ab")
    gain = objective.predict(p) - objective.predict(q)
    assert gain == pytest.approx(np.e**2 - 1, rel=1e-3)
    assert objective.gain_interval(p, q, 0.9)[0] == pytest.approx(gain[[0, 0]], rel=1e-3)
    trials = model.problem().trials
    assert trials is not None
    np.testing.assert_allclose(trials[1], y)


def test_a_loss_is_made_smaller_by_its_name_and_what_has_no_name_is_not_bought_for() -> None:
    """The value is 0.1 of the share of a: a loss is best with none of it, an accuracy with most."""
    X = pd.DataFrame(np.random.default_rng(0).dirichlet(np.ones(3), 12), columns=NAMES)
    y = 0.5 + 0.1 * X["a"]
    share = {}
    for name in ("val_loss", "accuracy"):
        model = ScaleRegressor("none", predictor="linear").fit(X, y.rename(name), size=[100.0] * 12)
        share[name] = model.plans(PurchaseRequest(100)).selected.mixture[2]
        again = from_arrow(to_arrow(model))
        assert again.goal == model.goal
    assert share == {"val_loss": 0.0, "accuracy": 1.0}
    with pytest.raises(InputError, match=r"got 100\..*size=100"):
        model.select(100)
    model = ScaleRegressor("none", predictor="linear").fit(X, y.to_numpy(), size=[100.0] * 12)
    with pytest.raises(InputError, match="say direction 'maximize' or 'minimize'"):
        model.plans(PurchaseRequest(100))
