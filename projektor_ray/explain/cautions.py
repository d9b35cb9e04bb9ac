"""Warnings: what could make the plan or its prediction wrong."""

from collections.abc import Iterator

import numpy as np

from projektor_ray.errors import listed
from projektor_ray.explain.beyond_runs import beyond_runs
from projektor_ray.explain.facts import Fact, fact
from projektor_ray.explain.formatting import count, percent, quoted, rounded
from projektor_ray.explain.plan_summary import (
    comparison_scope,
    few_converged,
    plan_numbers,
    search_result,
)
from projektor_ray.explain.provider_warnings import provider_warnings
from projektor_ray.explain.results import ModelPrediction, Results
from projektor_ray.explain.uncertainty import gain_uncertainty
from projektor_ray.selection import Plan

NEAR = 0.85
"""Overlap with a trained mixture from which on a plan counts as trained."""
FAR = 10
"""A plan of more than so many times the largest trained size lies farther than projections were
ever validated (`benchmarks/prediction.py`)."""
SAVES = 0.01
"""Of the cost: a smaller saving is not worth a warning."""
MOST_NAMED = 2
OPEN_SIZE = {
    "study_file": "give `selection.max_size: {size}` in place of `selection.size`",
    "command": "give `--max-size {size}` in place of `--at`",
    "request": "give `max_size={size}` in place of `size`",
    "page": "choose “the best plan of any size”, with {size:,} as “Samples at most”",
}
"""How a largest size is given in place of the size, by the place where the user is."""

LOWER_BUDGET = {
    "study_file": "set `selection.budget: {budget}`",
    "command": "give `--budget {budget}`",
    "request": "give `budget={budget}`",
    "page": "set the budget to {budget}",
}
"""How the cheaper plan is asked for, by the place where the user is."""


def warnings(results: Results) -> tuple[Fact, ...]:
    """What could make the plan or its prediction wrong."""
    return (
        *(fact("note", note) for note in results.notes),
        *results.far,
        *(_cheaper_plan(results) or _cheaper_baseline(results)),
        *_filling(results),
        *_purchase(results),
        *_model(results),
        *_search(results),
        *provider_warnings(results),
    )


def _purchase(results: Results) -> Iterator[Fact]:
    """Of sizes that the model cannot compare, and of providers without a price."""
    bought, size = results.bought, results.selected.size
    if bought.flat_in_size:
        yield fact(
            "flat_in_size",
            f"The model predicts the same {results.metric_text.name} at every size, so the data "
            f"do not show what more samples would add. Of equal plans the cheapest is selected "
            f"({count(size, 'sample')}).",
            size=size,
            cost=results.selected.cost,
        )
    if bought.free_providers:
        names = bought.free_providers
        yield fact(
            "free_providers",
            f"{listed(names, MOST_NAMED)} {'costs' if len(names) == 1 else 'cost'} nothing: no "
            "price is given, or a price of 0.",
            providers=names,
        )


def _model(results: Results) -> Iterator[Fact]:
    """Of the model."""
    best, metric = results.selected, results.metric_text
    if metric.value(best.unclipped) != metric.value(best.predicted):
        yield fact(
            "clipped_prediction",
            f"The model predicts {metric.value(best.unclipped)}, which is clipped to the limit of "
            f"{metric.name}, {best.predicted:g}. The model grows too fast at this size: trust the "
            "order of the plans more than their values.",
            unclipped=best.unclipped,
            predicted=best.predicted,
        )
    yield from beyond_runs(results)
    ratio = best.size / results.largest_size
    if ratio > FAR:
        yield fact(
            "far_extrapolation",
            f"The plan ({count(best.size, 'sample')}) is {ratio:.3g} times the largest trained "
            "size. Projections this far were never validated: train at a larger size, or buy a "
            "part first.",
            size=best.size,
            size_ratio=ratio,
        )
    scope = comparison_scope(results.bought)
    if scope is not None and results.gains:
        yield scope
    if results.bought.target_result is None:
        yield from _not_best(results)
    overlap = results.probes.overlap(best.mixture)
    if overlap < NEAR:
        yield fact(
            "no_close_mixture",
            "No trained mixture is close to the plan: the closest one shares "
            f"{percent(overlap)} of its samples.",
            overlap=overlap,
        )


def _search(results: Results) -> Iterator[Fact]:
    """Of the search, and of the errors that are shown."""
    if few_converged(results.selected):
        yield from search_result(results.selected)
    if not results.bought.distances_confirmed:
        yield fact(
            "distances_not_confirmed",
            "The predictions of the plans use interpolated distances, which still differed from "
            "the measured ones after the last repetition of the search: another mixture may be "
            "slightly better.",
        )
    if not results.cross_validation.left_out:
        yield fact(
            "no_cross_validation",
            "There are too few mixtures for cross-validation. The errors shown are training "
            "errors: errors for new mixtures are larger.",
        )


def _not_best(results: Results) -> Iterator[Fact]:
    """Of the plan compared with the baselines, where it was to be the best of them."""
    against = [one.model for one in results.opinions if _against(results, one)]
    if against:
        verb = "predicts" if len(against) == 1 else "predict"
        yield fact(
            "models_disagree",
            f"The choice depends on the scaling model: {listed(against)} {verb} a better "
            f"{results.metric_label} for the plan {quoted('uniform')} than for this one.",
            models=tuple(against),
        )
    uncertain = gain_uncertainty(
        results.bought, results.metric_text, results.largest_scale, results.largest_size
    )
    if uncertain is not None:
        yield uncertain
    others = {
        name: gain
        for name, gain in results.gains.items()
        if uncertain is None or name != results.bought.nearest
    }
    unclear = [results.bought.label(n) for n, gain in others.items() if gain.low < 0 < gain.high]
    if unclear:
        either = " either" if uncertain is not None and len(unclear) == 1 else ""
        yield fact(
            "gains_not_significant",
            f"The data do not show that this plan beats {listed(list(map(quoted, unclear)))}"
            f"{either}.",
            baselines=tuple(unclear),
        )


def _against(results: Results, prediction: ModelPrediction) -> bool:
    return rounded(prediction.gain, results.decimals) < 0


def _cheaper_plan(results: Results) -> list[Fact]:
    """The plan of the same size that costs less and cannot be told apart, with its numbers."""
    cheaper, best, metric = results.bought.cheaper, results.selected, results.metric_text
    if cheaper is None:
        return []
    plan, saving = cheaper.plan, best.cost - cheaper.plan.cost
    budget = f"{np.ceil(round(100 * plan.cost, 6)) / 100:.2f}"
    return [
        fact(
            "cheaper_plan",
            "The data do not show that this plan beats a cheaper plan of the same size, which "
            f"costs {plan.cost:,.2f} ({saving:,.2f} less, {percent(saving / best.cost)}). The "
            f"cheaper plan has a predicted {metric.name} of {metric.value(plan.predicted)} (90% "
            f"interval {metric.interval(plan.interval)}); this plan has "
            f"{metric.value(best.predicted)} (gain {metric.gain(cheaper.gain)}). To select the "
            "cheaper plan, "
            f"{LOWER_BUDGET[results.interface].format(budget=budget)}.",
            cost=plan.cost,
            saving=saving,
            plan=plan_numbers(plan),
            gain=cheaper.gain.value,
            gain_low=cheaper.gain.low,
            gain_high=cheaper.gain.high,
        )
    ]


def _cheaper_baseline(results: Results) -> list[Fact]:
    """The cheapest compared plan that is not measurably worse; none where a target is to be
    reached, which the compared plans need not do."""
    if results.bought.target_result is not None:
        return []
    cost, metric = results.selected.cost, results.metric_text
    cheaper = [
        (
            plan.cost,
            f"The plan {quoted(results.bought.label(name))}",
            "is not measurably worse (gain of the selected plan "
            f"{metric.gain(results.gains[name])})",
        )
        for name, plan in results.plans.items()
        if name in results.gains and not results.measurable(results.gains[name])
    ]
    cheaper += [
        (plan.cost, f"The best plan without {name}", "has the same prediction")
        for name, plan in results.without.items()
        if plan is not None and _same_prediction(results, plan)
    ]
    return [
        fact(
            "cheaper_plan",
            f"{which} costs {lowest:,.2f}, which is {cost - lowest:,.2f} less, and {why}.",
            cost=lowest,
            saving=cost - lowest,
        )
        for lowest, which, why in sorted(cheaper)[:1]
        if cost - lowest > SAVES * cost
    ]


def _same_prediction(results: Results, other: Plan) -> bool:
    """Whether another plan's prediction is shown as the selected one's, or better."""
    lost = results.sign * (results.selected.predicted - other.predicted)
    return rounded(lost, results.decimals) <= 0


def _filling(results: Results) -> Iterator[Fact]:
    """Samples that only fill up the number of samples, though more of them make things worse."""
    best, metric = results.selected, results.metric_text
    if results.bought.open_size or results.bought.target_result is not None or not results.grows:
        return
    harm = -results.sign * results.marginal_values
    ordered = np.argsort(-harm, kind="stable")
    worse = [int(i) for i in ordered if metric.shows(harm[i]) and best.samples[i]]
    if worse:
        names = [results.names[i] for i in worse]
        samples = int(best.samples[worse].sum())
        smaller = results.bought.smaller
        text = (
            f"{count(samples, 'sample')} of {listed(names, MOST_NAMED)} only fill the plan up to "
            f"{best.size:,}: more of them are predicted to make {metric.name} worse."
        )
        if smaller is not None:
            text += f" {_smaller(results, smaller)}"
        instead = OPEN_SIZE[results.interface].format(size=best.size)
        yield fact(
            "filling_samples",
            f"{text} To search all sizes up to {best.size:,}, {instead}.",
            samples=samples,
            size=best.size,
            providers=tuple(names),
            smaller=None if smaller is None else plan_numbers(smaller),
        )


def _smaller(results: Results, smaller: Plan) -> str:
    """A smaller plan in numbers: its size, its cost and what it is predicted to reach."""
    metric, best = results.metric_text, results.selected
    cost = f" for {smaller.cost:,.2f}" if results.bought.priced else ""
    return (
        f"A plan with fewer of them, {count(smaller.size, 'sample')}{cost}, has a predicted "
        f"{metric.name} of {metric.value(smaller.predicted)} (90% interval "
        f"{metric.interval(smaller.interval)}); this plan has {metric.value(best.predicted)}."
    )
