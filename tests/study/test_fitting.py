"""From the ledgers to the models, without Ray; and a study beside a table of the same runs."""

from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest

from projektor_ray.data import Samples
from projektor_ray.errors import InputError
from projektor_ray.predictors import PREDICTORS, ProbeArrays
from projektor_ray.projection import FittedModels, JointPower, ScaleModel
from projektor_ray.projection.choose import AUTO, LEAST_ERROR, PROJECTIONS
from projektor_ray.runs import Offers, Runs, ScaleRegressor
from projektor_ray.selection import PurchasePlans, buy
from projektor_ray.storage.schemas import Key, Row
from projektor_ray.study import Study
from projektor_ray.study.fitting import (
    class_shares,
    distance_rows,
    fit_study,
    join_ledgers,
    unmeasured,
)
from projektor_ray.study.purchasing import SetFit, plan_purchases
from projektor_ray.transport import InterpolatedDistances
from tests.helpers.distances import paraboloid
from tests.helpers.job_studies import config
from tests.helpers.job_studies import resolved as resolved_job
from tests.helpers.predictor_data import accuracy, distance
from tests.helpers.studies import VALUES, resolved

SCALES = (10, 40, 160)
PRICES = {"ada": 3.0, "bob": 1.0, "cyd": 0.0}
FITS: dict[Any, ScaleModel] = {}
CAPACITIES = {"ada": 300, "bob": 300, "cyd": 300}


def study(scales: tuple[int, ...], **selection: Any) -> Study:
    """Ten mixtures at each scale; where there is one scale it is what is bought."""
    size = scales[0] if len(scales) == 1 else 600
    providers = [
        {**provider, "price": PRICES[name], "capacity": CAPACITIES[name]}
        for provider in VALUES["providers"]
        for name in [provider["name"]]
    ]
    return resolved(
        {
            **VALUES,
            "providers": providers,
            "probes": {"scales": list(scales), "lattice": 3, "seeds": 1, "replacement": True},
            "selection": {"size": size, "budget": 0.8 * size, "restarts": 4, **selection},
        }
    )


def value(mixture: Any, size: int) -> float:
    """The metric of a probe: a smooth accuracy, and noise that depends on the probe alone."""
    p = np.asarray(mixture)
    noise = np.random.default_rng([size, *np.round(1000 * p).astype(int)]).normal()
    return float(accuracy(p[None])[0] + 0.05 * np.log(size / 160) + 0.006 * noise)


def ledgers(asked: Study) -> tuple[dict[Key, Row], dict[Key, Row]]:
    """The ledgers of a study all of whose probes are done."""
    probes: dict[Key, Row] = {
        probe.key: {"status": "done", "value": value(probe.mixture, probe.size)}
        for probe in asked.wanted_probes()
    }
    distances: dict[Key, Row] = {
        (identity,): {"value": float(distance(mixture[None])[0]), "gradient": [0.0, 0.0, 0.0]}
        for identity, mixture in zip(asked.mixture_ids, asked.mixtures, strict=True)
    }
    return probes, distances


def table(asked: Study) -> pd.DataFrame:
    """The same runs as a table."""
    rows = [
        [*probe.mixture, probe.size, float(distance(np.array([probe.mixture]))[0])]
        for probe in asked.wanted_probes()
    ]
    return pd.DataFrame(rows, columns=[*asked.names, "size", "distance"])


@pytest.fixture(autouse=True)
def remembered_fits(monkeypatch: pytest.MonkeyPatch) -> None:
    """Fit the same kind of model to the same bits once only: fits are most of the time."""
    fit = ScaleModel.fit_arrays

    def remember(model: Any, probes: ProbeArrays) -> Any:
        arrays = (probes.mixtures, probes.distances, probes.sizes, probes.values)
        key = (type(model), getattr(model, "predictor", None), model.bounds, probes.measured)
        key = (*key, *(array.tobytes() for array in arrays))
        if key not in FITS:
            FITS[key] = fit(model, probes)
        vars(model).update(vars(FITS[key]))
        return model

    monkeypatch.setattr(ScaleModel, "fit_arrays", remember)


def choice(fitted: FittedModels) -> dict[str, Any]:
    """What a study and a table must choose the same."""
    return {
        "models": list(fitted.models),
        "refused": sorted(fitted.refused),
        "chosen": fitted.chosen,
        "reason": fitted.reason,
    }


def purchase(plans: PurchasePlans) -> dict[str, Any]:
    """What a study and a table must buy the same."""
    return {name: (plan.samples.tolist(), plan.predicted) for name, plan in plans.plans.items()}


def purchase_of_study(asked: Study, fitted: FittedModels, runs: Runs) -> dict[str, Any]:
    probes = runs.arrays()
    distances = InterpolatedDistances.fit(probes.mixtures, probes.distances)
    return purchase(plan_purchases(asked, [SetFit(asked, fitted, runs, distances)]))


def regressor_of_table(asked: Study, predictor: str, projection: str) -> ScaleRegressor:
    y = pd.Series([value(probe.mixture, probe.size) for probe in asked.wanted_probes()])
    settings: dict[str, Any] = {"direction": "maximize", "distance": "distance", "bounds": (0, 1)}
    return ScaleRegressor(projection, predictor=predictor, **settings).fit(table(asked), y)


def purchase_of_table(model: ScaleRegressor, asked: Study) -> dict[str, Any]:
    names = list(asked.names)
    offers = pd.DataFrame(
        {
            "provider": names,
            "price": [PRICES[name] for name in names],
            "capacity": [CAPACITIES[name] for name in names],
        }
    )
    problem = replace(model.problem(Offers.read(offers, names)), restarts=4)
    return purchase(buy(problem, asked.config.selection.request))


@pytest.mark.parametrize("count", [1, 2, 3])
@pytest.mark.parametrize("predictor", [AUTO, LEAST_ERROR, *PREDICTORS])
def test_they_choose_the_same_model_and_buy_the_same_plan(predictor: str, count: int) -> None:
    """Every pair of options chooses; each predictor and each projection buys once."""
    for projection in (AUTO, *PROJECTIONS):
        options = {"predictor": predictor, "projection": projection}
        try:
            asked = study(SCALES[:count], **options)
            runs = join_ledgers(asked, *ledgers(asked))
            fitted = fit_study(asked, runs)
        except InputError as failure:
            with pytest.raises(type(failure)):
                regressor_of_table(study(SCALES[:count]), predictor, projection)
            continue
        model = regressor_of_table(asked, predictor, projection)
        assert choice(model.fitted_) == choice(fitted), projection
        if AUTO in (predictor, projection):
            bought = purchase_of_study(asked, fitted, runs)
            assert purchase_of_table(model, asked) == bought, projection


def test_a_mixture_has_one_distance_whatever_the_number_of_scales() -> None:
    job = resolved_job(config())
    assert len(job.scales) == 2
    missing = unmeasured(job, {})
    np.testing.assert_array_equal(missing, job.measured)
    rows = distance_rows(job, missing[1:], paraboloid(missing[1:]), seconds=10.0)
    assert [row["mixture"] for row in rows] == missing[1:].tolist()
    assert sum(row["seconds"] for row in rows) == 10.0
    ledger = {(row["mixture_id"],): row for row in rows}
    np.testing.assert_array_equal(unmeasured(job, ledger), missing[:1])


def of_classes(*counts: int) -> Samples:
    """Samples with so many of class 0, 1, …"""
    labels = np.repeat(np.arange(len(counts)), counts)
    inputs = np.random.default_rng(0).normal(size=(len(labels), 4)).astype(np.float32)
    return Samples(inputs, labels)


PILOTS_LACKING = {
    "ada": of_classes(30, 10, 0),
    "bob": of_classes(20, 20, 0),
    "cyd": of_classes(0, 0, 40),
}


@pytest.mark.parametrize(
    ("metric", "weights"),
    [
        ("accuracy", [0.5, 0.4, 0.1]),
        ("balanced_accuracy", [1 / 3, 1 / 3, 1 / 3]),
        ("f1_macro", [1 / 3, 1 / 3, 1 / 3]),
    ],
)
def test_the_classes_of_pilots_reach_the_models(metric: str, weights: list[float]) -> None:
    asked = resolved(
        {**VALUES, "metric": metric}, PILOTS_LACKING, validation=of_classes(50, 40, 10)
    )
    found = class_shares(asked)
    assert found is not None
    np.testing.assert_allclose(found.providers, [[0.75, 0.25, 0], [0.5, 0.5, 0], [0, 0, 1]])
    np.testing.assert_allclose(found.weights, weights)
    fitted = fit_study(asked, join_ledgers(asked, *ledgers(asked)))
    model = fitted.models["joint_power"]
    assert isinstance(model, JointPower)
    assert model.classes is not None
    np.testing.assert_array_equal(model.classes.providers, found.providers)


def test_a_loss_has_no_ceiling() -> None:
    assert class_shares(resolved({**VALUES, "metric": "log_loss"}, PILOTS_LACKING)) is None
