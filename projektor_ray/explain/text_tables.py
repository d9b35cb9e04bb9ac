"""The tables of a result: the same columns, labels and captions on terminal and page.

And the captions of the page's figures: what is drawn, and how to read it.
"""

import itertools
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from projektor_ray.explain.facts import TextTable
from projektor_ray.explain.formatting import (
    aligned,
    as_written,
    count,
    percent,
    percent_range,
    significant,
)
from projektor_ray.explain.plan_summary import baseline_definitions, plan_heading
from projektor_ray.explain.results import NEEDED, Results
from projektor_ray.selection.comparison import LABELS, SELECTED
from projektor_ray.selection.robustness import SHARES_LEVEL

PROFILES_CAPTION = (
    "Each pilot compared with the validation set; ranges in brackets are 90% intervals. "
    "Without it: change of the metric if the best plan of the same size without the provider is "
    "bought; "
    f"{NEEDED}: without it, the constraints allow no plan of this size. "
    "Distance: optimal-transport distance to the validation set, in units of the mean feature "
    "cost. Outliers: samples unlike all validation samples. Duplicates: near-copies within the "
    "pilot. Least valuable rows: rows of the pilot, counted from 0, to inspect first."
)

AVERAGE_PRICE, LAST_PRICE = "average price", "last price"
AVERAGE_DIGITS = 4


def _table(title: str, columns: Mapping[str, Sequence[str]], **details: Any) -> TextTable:
    """A table from its columns by their headings."""
    rows = tuple(zip(*columns.values(), strict=True))
    return TextTable(title, tuple(columns), rows, **details)


def plan_table(results: Results) -> TextTable:
    """A row per provider, the largest purchase first."""
    best, bought = results.selected, results.bought
    more = f"+{results.step:,} samples"
    columns: dict[str, Sequence[str]] = {
        "provider": best.names,
        "samples": [f"{samples:,}" for samples in best.samples],
        "capacity": ["–" if p.capacity is None else f"{p.capacity:,}" for p in results.providers],
        "share": [percent(share, 1) for share in best.mixture],
    }
    if bought.stability is not None:
        columns["80% range"] = [percent_range(*shares) for shares in bought.stability.shares]
    if bought.priced:
        columns |= _price_columns(results)
        columns["cost"] = [f"{cost:,.2f}" for cost in best.costs]
    columns[more] = results.shown_marginal_values
    columns["without it"] = [results.show_without(name) for name in best.names]
    order = np.argsort(-best.samples, kind="stable")
    return _table(
        str(plan_heading(bought)),
        {heading: [cells[i] for i in order] for heading, cells in columns.items()},
        caption=_plan_caption(results, more),
        optional=("capacity", "share", "80% range", "price", LAST_PRICE, "without it"),
    )


def _price_columns(results: Results) -> dict[str, Sequence[str]]:
    """The price of each provider; where prices depend on the quantity, on average and at the
    margin."""
    best = results.selected
    if not any(provider.tiers for provider in results.providers):
        return {"price": as_written(best.prices)}
    average = [f"{price:.{AVERAGE_DIGITS}g}" for price in best.average_prices]
    return {
        AVERAGE_PRICE: as_written(map(float, average)),
        LAST_PRICE: as_written(best.prices),
    }


def _plan_caption(results: Results, more: str) -> str:
    metric = results.metric_label
    text = (
        f"{more}: change of {metric} if so many more samples of the provider are bought "
        f"{results.instead}. Without it: change of {metric} if the best plan of the same size "
        f"without the provider is bought; {NEEDED}: without it, the constraints allow no plan "
        "of this size."
    )
    if results.bought.priced and any(provider.tiers for provider in results.providers):
        text = (
            f"{AVERAGE_PRICE}: cost divided by samples. {LAST_PRICE}: of the last sample; prices "
            f"depend on the quantity. {text}"
        )
    if results.bought.stability is not None:
        text = (
            f"80% range: in {percent(SHARES_LEVEL)} of the models that fit the trainings, the "
            f"provider's share of the best plan lies in it. {text}"
        )
    return text + minus_is_better(results)


def minus_is_better(results: Results) -> str:
    """For a metric of which less is better, a reminder of the sign."""
    if results.direction == "maximize":
        return ""
    return f" Less {results.metric_label} is better: a minus is an improvement."


def comparison_table(results: Results) -> TextTable:
    """The selected plan and the baselines, with the gains of the selected plan."""
    plans, metric = results.plans, results.metric_text
    gains = [results.gains.get(name) for name in plans]
    columns: dict[str, Sequence[str]] = {
        "plan": [results.bought.label(name) for name in plans],
        "predicted": [metric.value(plan.predicted) for plan in plans.values()],
        "90% interval": [metric.interval(plan.interval) for plan in plans.values()],
        "gain of selected": ["" if g is None else metric.change(g.value) for g in gains],
        "90% of gain": ["" if g is None else metric.interval((g.low, g.high)) for g in gains],
    }
    if results.bought.priced:
        columns["cost"] = [f"{plan.cost:,.2f}" for plan in plans.values()]
    columns_shown = (
        "the same constraints" if results.bought.target_result is None else "capacities and terms"
    )
    definitions = map(str, baseline_definitions(results.bought))
    return _table(
        f"Comparison with baselines ({metric.name})",
        columns,
        caption=" ".join([f"All plans keep {columns_shown}.", *definitions]),
        chosen=tuple(plan is results.selected for plan in plans.values()),
        optional=("90% interval", "90% of gain"),
    )


def budget_table(results: Results) -> TextTable | None:
    """The best plan for each budget; None where no budgets are compared."""
    frontier, metric = results.bought.frontier, results.metric_text
    if not frontier:
        return None
    plans = list(frontier.values())
    return _table(
        "Best plan for each budget",
        {
            "budget": [f"{budget:,.2f}" for budget in frontier],
            "predicted": [metric.value(plan.predicted) for plan in plans],
            "90% interval": [metric.interval(plan.interval) for plan in plans],
            "cost": [f"{plan.cost:,.2f}" for plan in plans],
            "samples": [f"{plan.size:,}" for plan in plans],
            "best baseline": [_best_baseline(results, budget) for budget in frontier],
            "shares": [results.shares_text(plan.mixture) for plan in plans],
        },
        caption="The best plan of any size for each budget. Best baseline: the best predicted "
        f"{metric.name} of a baseline of the same size within the same budget.",
        chosen=tuple(
            plan is results.selected and all(plan is not one for one in plans[:row])
            for row, plan in enumerate(plans)
        ),
        optional=("90% interval", "cost", "best baseline"),
        left=("best baseline", "shares"),
    )


def _best_baseline(results: Results, budget: float) -> str:
    """The best baseline for a budget: `0.852 (uniform)`."""
    if budget not in results.bought.frontier_baselines:
        return "–"
    name, plan = results.bought.frontier_baselines[budget]
    return f"{results.metric_text.value(plan.predicted)} ({LABELS.get(name, name)})"


def budget_steps_table(results: Results) -> TextTable:
    """What the prediction gains from each budget to the next larger one."""
    steps = list(itertools.pairwise(sorted(results.bought.frontier.items())))
    return _table(
        "Gain from one budget to the next",
        {
            "from": [f"{budget:,.2f}" for (budget, _), _ in steps],
            "to": [f"{budget:,.2f}" for _, (budget, _) in steps],
            f"change of {results.metric_label}": [
                results.metric_text.change(plan.predicted - before.predicted)
                for (_, before), (_, plan) in steps
            ],
        },
    )


def validation_sets_table(results: Results) -> TextTable | None:
    """What each plan reaches on each validation set; None where there is one set."""
    parts, metric = results.bought.parts, results.metric_text
    if not parts:
        return None
    others = [name for name in results.plans if name != SELECTED]
    return _table(
        "Each validation set",
        {
            "validation set": list(parts),
            SELECTED: [metric.value(of[SELECTED].predicted) for of in parts.values()],
            "90% interval": [metric.interval(of[SELECTED].interval) for of in parts.values()],
            **{
                results.bought.label(name): [
                    metric.value(of[name].predicted) for of in parts.values()
                ]
                for name in others
            },
        },
        caption=f"The plan is selected for the {results.metric}.",
        optional=("90% interval",),
    )


def projections_table(results: Results) -> TextTable | None:
    """What each scaling model predicts for the plan; None where there is one size."""
    if not results.curves:
        return None
    models, metric = results.opinions, results.metric_text
    return _table(
        f"Projections to {count(results.selected.size, 'sample')} ({metric.name})",
        {
            "model": [one.model for one in models],
            SELECTED: [metric.value(one.value) for one in models],
            "90% interval": [metric.interval((one.low, one.high)) for one in models],
            "gain over uniform": [metric.change(one.gain) for one in models],
        },
        caption="What each scaling model predicts for the selected plan. Where the models "
        "disagree, each interval understates the uncertainty.",
        chosen=tuple(one.decides for one in models),
    )


def errors_table(rows: Sequence[Mapping[str, Any]], metric: str) -> TextTable:
    """Cross-validated errors: a row per model, a column per size; the chosen model comes first, the
    others by their error.

    Parameters
    ----------
    rows : of the `predictors` table, with `on`: the validation set, or empty.
    metric : what the errors are of.
    """
    sizes = sorted({row["size"] for row in rows if row["size"] is not None}) or [None]
    errors: dict[tuple[str, str], dict[int | None, float | None]] = {}
    fits: dict[tuple[str, str], dict[int | None, float]] = {}
    chosen = set()
    for row in rows:
        key = (row["on"], row["predictor"])
        errors.setdefault(key, {})[row["size"]] = row["mae_cv"]
        fits.setdefault(key, {})[row["size"]] = row["r2"] + 0.0
        chosen |= {key} if row["chosen"] else set()
    sets = list(dict.fromkeys(on for on, _ in errors))

    def rank(key: tuple[str, str]) -> tuple[int, bool, float]:
        error = errors[key].get(sizes[-1])
        return sets.index(key[0]), key not in chosen, np.inf if error is None else error

    order = sorted(errors, key=rank)
    columns: dict[str, Sequence[str]] = {"model": [f"{name}{on}" for on, name in order]}
    for size in sizes:
        heading = "error" if size is None else f"error at {size:,}"
        columns[heading] = aligned([errors[key].get(size) for key in order], 3)
    last = "R²" if sizes[-1] is None else f"R² at {sizes[-1]:,}"
    columns[last] = [
        "–" if sizes[-1] not in fits[key] else f"{fits[key][sizes[-1]]:.3f}" for key in order
    ]
    return _table(
        f"Errors of the models ({metric})",
        columns,
        caption="Error: mean absolute error for mixtures left out of the fit (cross-validation). "
        "R²: share of the metric's variance that the model explains in the data it was fitted to. "
        "Compare models by the error. Neither includes the error of a projection to larger "
        "sizes. The model in use comes first, then the others by their error.",
        chosen=tuple(key in chosen for key in order),
        optional=tuple(columns)[1:-2],
    )


def mixture_caption(results: Results) -> str:
    """Of the triangle of three providers, or of the bars of any other number."""
    if results.surface is None:
        return "Shares of the providers in each plan. The largest share of the plan comes first."
    return (
        f"Predicted {results.metric_label} of every mixture at {results.selected.size:,} samples. "
        "Dots are trained mixtures; predictions far from all dots are uncertain."
    )


def marginal_value_caption(results: Results) -> str:
    """Of the marginal values of the providers."""
    return (
        f"Samples bought {results.instead}. More samples of a provider can harm "
        f"where they dilute better ones.{minus_is_better(results)}"
    )


def distance_caption(results: Results) -> str:
    """Of the metric against the distance."""
    correlations = [
        f"{correlation:.2f} at {count(size, 'sample')}"
        for size, correlation in results.distance_correlations.items()
    ]
    summary = f" Correlation: {', '.join(correlations)}." if correlations else ""
    return f"Each training against the distance of its mixture to the validation set.{summary}"


def fit_caption(results: Results) -> str:
    """Of predictions against trained metrics."""
    errors = results.cross_validation
    fitted = "fitted to the other mixtures" if errors.left_out else "fitted to all trainings"
    return (
        f"Each mark is a training, and what the model predicts for it when {fitted}. Mean absolute "
        f"error {significant(errors.error)}. A perfect model would differ from the line only by "
        "the noise of the trainings."
    )
