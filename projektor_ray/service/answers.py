"""Answers to requests, as plain values: pure functions of a served study and a body."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from projektor_ray.errors import InputError
from projektor_ray.explain.from_study import results_of_plans
from projektor_ray.explain.json_results import results_to_dict
from projektor_ray.explain.plan_summary import plan_numbers
from projektor_ray.explain.profile_table import profile_table
from projektor_ray.explain.purchase_comparison import (
    compare_purchases,
    prediction_cautions,
    purchase_cautions,
)
from projektor_ray.explain.results import Results
from projektor_ray.selection import Provider, Terms
from projektor_ray.service.catalogue import ServedStudy
from projektor_ray.service.request_bodies import (
    CompareBody,
    FrontierBody,
    PredictBody,
    ProjectBody,
    SelectBody,
)
from projektor_ray.service.worker_pool import until
from projektor_ray.storage.array_types import Floats
from projektor_ray.study import FittedStudy, Prediction, Purchase

LEVEL = 0.9


def description(served: ServedStudy) -> dict[str, Any]:
    """What a study is of: its metric, providers, sizes, and what its own request is."""
    study = served.study
    selection = study.study.config.selection.model_dump(mode="json", exclude_unset=True)
    return {
        **summary(served),
        "scales": list(study.scales),
        "size_bounds": list(study.study.size_bounds),
        "validation_sets": [one.name for one in study.study.validations],
        "providers": [
            offer(provider, study.study.config.terms.get(provider.name, Terms()))
            for provider in study.study.providers
        ],
        "request": selection,
        "tables": list(served.tables),
    }


def summary(served: ServedStudy) -> dict[str, Any]:
    """The line of a study in the list of all."""
    study = served.study
    return {
        "name": study.name,
        "metric": study.metric,
        "direction": study.study.metric.direction,
        "providers_count": len(study.providers),
        "probes": len(study.fits[0].runs),
        "unfinished_probes": study.unfinished,
        "opened_at": served.opened_at.isoformat(timespec="seconds"),
    }


def offer(provider: Provider, terms: Terms) -> dict[str, Any]:
    """What a provider sells, and on which terms."""
    return {
        "name": provider.name,
        "price": provider.price,
        "tiers": [{"above_quantity": above, "price": price} for above, price in provider.tiers],
        "capacity": provider.capacity,
        "minimum_order": terms.minimum_order,
        "required": terms.required,
        "excluded": terms.excluded,
    }


def predict(served: ServedStudy, body: PredictBody, deadline: float) -> dict[str, Any]:
    """The metric of mixtures at a size; so few that no time limit is needed."""
    study = served.study
    shares = np.array([_shares(study, mixture) for mixture in body.mixtures])
    predicted = study.predict(shares, body.size)
    return {
        **metric_of(study),
        "warnings": _warnings(study, shares, [body.size]),
        "size": body.size,
        "predictions": _rows(predicted),
    }


def project(served: ServedStudy, body: ProjectBody, deadline: float) -> dict[str, Any]:
    """The metric of a mixture at sizes."""
    study = until(served.study, deadline)
    shares = np.array(_shares(study, body.mixture))
    projected = study.project(shares, body.sizes)
    rows = zip(body.sizes, _rows(projected), strict=True)
    return {
        **metric_of(study),
        "warnings": _warnings(study, shares[None], body.sizes),
        "projections": [{"size": size, **row} for size, row in rows],
    }


def results(served: ServedStudy, body: SelectBody, deadline: float) -> Results:
    """The plan that a body asks for, with everything that explains it; remembered."""

    def compute() -> Results:
        study = until(served.study, deadline).offering(body.changed, body.aggregate)
        question = {key: value for key, value in body.question.items() if key != "aggregate"}
        plans = study.select(**question, leave_out=body.without_each)
        return results_of_plans(study, plans, served.profiles)

    computed: Results = served.answers.get(body.model_dump_json(), deadline, compute)
    return computed


def select(served: ServedStudy, body: SelectBody, deadline: float) -> dict[str, Any]:
    """The same as plain values, as `projektor select --json` shows them."""
    return results_to_dict(results(served, body, deadline))


def frontier(served: ServedStudy, body: FrontierBody, deadline: float) -> dict[str, Any]:
    """The best plan for each budget."""
    study = until(served.study, deadline)
    budgets = tuple(sorted(set(body.budgets)))
    by_budget = study.select(
        frontier=budgets, max_size=body.max_size, providers=body.changed, leave_out=False
    ).frontier
    return {
        **metric_of(study),
        "frontier": [
            {"budget": budget, **plan_numbers(plan)} for budget, plan in by_budget.items()
        ],
    }


def compare(served: ServedStudy, body: CompareBody, deadline: float) -> dict[str, Any]:
    """What two purchases are predicted to reach, and the difference."""
    study = until(served.study, deadline)
    both = study.purchase(body.first), study.purchase(body.second)
    cautions = purchase_cautions(*both, max(study.scales))
    return {
        **metric_of(study),
        "warnings": [one.to_dict() for one in cautions],
        "first": purchase_values(both[0]),
        "second": purchase_values(both[1]),
        "comparison": compare_purchases(study, *both).to_dict(),
    }


def profiles(served: ServedStudy) -> dict[str, Any]:
    """The profiles by validation set: the numbers, and the table in words.

    Raises
    ------
    InputError
        If the study's folder has none.
    """
    if not served.profiles:
        raise InputError("the study has no provider profiles; run it again with its pilots")
    by_set = {}
    for name, each in served.profiles.items():
        table = profile_table(each, "")
        by_set[name] = {"profiles": [one.to_row() for one in each], "table": table.to_dict()}
    return {"validation_sets": by_set}


def _shares(study: FittedStudy, mixture: dict[str, float]) -> list[float]:
    study.check_providers(mixture)
    return [mixture.get(name, 0.0) for name in study.providers]


def metric_of(study: FittedStudy) -> dict[str, Any]:
    """What every answer with predictions begins with."""
    return {
        "metric": study.metric,
        "direction": study.study.metric.direction,
        "interval_level": LEVEL,
    }


def _warnings(study: FittedStudy, shares: Floats, sizes: Sequence[int]) -> list[dict[str, Any]]:
    """Warnings about mixtures (q, m) at sizes, each once."""
    providers, trained_at = study.study.providers, max(study.scales)
    facts = [
        one
        for mixture in shares
        for one in prediction_cautions(providers, mixture, sizes, trained_at)
    ]
    return [one.to_dict() for one in {str(one): one for one in facts}.values()]


def _rows(predicted: Prediction) -> list[dict[str, float]]:
    columns: Sequence[Any] = (predicted.value, predicted.low, predicted.high)
    return [
        {"value": value, "low": low, "high": high}
        for value, low, high in zip(*(one.tolist() for one in columns), strict=True)
    ]


def purchase_values(bought: Purchase) -> dict[str, Any]:
    """A purchase with its prediction."""
    names = [provider.name for provider in bought.providers]
    return {
        "size": bought.size,
        "cost": bought.cost,
        "predicted": bought.predicted,
        "low": bought.interval[0],
        "high": bought.interval[1],
        "samples": _bought(names, bought.samples.tolist()),
    }


def _bought(names: Sequence[str], samples: Sequence[int]) -> dict[str, int]:
    return {name: count for name, count in zip(names, samples, strict=True) if count}
