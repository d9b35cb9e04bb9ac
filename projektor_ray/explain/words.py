"""What a report says in sentences: what the plans are, and what to be careful about."""

from collections.abc import Iterator

import numpy as np

from projektor_ray.explain.certainty import doubt
from projektor_ray.explain.content import ModelPrediction, Report
from projektor_ray.explain.model_names import model_name
from projektor_ray.explain.numbers import fixed
from projektor_ray.selection import Plan

NEAR = 0.85
"""Overlap with a trained mixture from which on a plan counts as tried."""
FEW_AGREE = 0.5
BAD_LABELS, BAD_OUTLIERS, BAD_COPIES = 0.05, 0.1, 0.05
"""Shares of a pilot that are told: the least that is likely of wrong labels and of outliers."""
SAVES = 0.01
"""Of the cost: less that another plan saves is not worth a word."""
MOST_NAMED = 2


def warnings(report: Report) -> tuple[str, ...]:
    """What could make the plan or its prediction wrong, a sentence each."""
    return (*report.notes, *_dear(report), *_diluting(report), *_doubts(report), *_flaws(report))


def _doubts(report: Report) -> Iterator[str]:
    """Of the model and of the search."""
    best, metric = report.selected, report.metric_label
    if report.show(best.unclipped) != report.show(best.predicted):
        yield (
            f"the model says {report.show(best.unclipped)} and is cut to {best.predicted:g}, "
            f"where {metric} ends: it grows too fast there, trust the order of the plans more "
            "than their values"
        )
    if report.bought.far:
        yield report.bought.far
    if report.bought.held and report.gains:
        yield report.bought.held
    if report.bought.answer is None:
        yield from _not_best(report)
    overlap = report.trained.overlap(best.mixture)
    if overlap < NEAR:
        yield (
            f"no mixture like the plan's was trained: the nearest has {overlap:.0%} in common "
            "with it"
        )
    if few_agree(report):
        yield f"{best.search}: other purchases may be as good"
    if not report.trained.left_out:
        yield (
            "there are too few mixtures to leave any out: the errors shown are of trainings that "
            "were fitted, and those of new ones are larger"
        )


def _not_best(report: Report) -> Iterator[str]:
    """Of the plan beside the others, where it was to be the best of them."""
    against = [model_name(one.model) for one in report.opinions if _against(report, one)]
    if against:
        yield f"by {listed(against)} the uniform plan would be better than this one"
    told = doubt(report.bought, report.decimals)
    if told:
        yield told
    others = {n: gain for n, gain in report.gains.items() if not told or n != report.bought.nearest}
    open_ = [report.bought.called(n) for n, gain in others.items() if gain.low < 0 < gain.high]
    if open_:
        yield f"whether this plan is better than {listed(open_)} is not certain"


def _against(report: Report, opinion: ModelPrediction) -> bool:
    return fixed(opinion.gain, report.decimals) < 0


def _dear(report: Report) -> Iterator[str]:
    """Money for which nothing is gained that could be measured; where a target is to be reached,
    the plans compared need not reach it."""
    if report.bought.answer is not None:
        return
    cost = report.selected.cost
    even = {n: of for n, of in report.plans.items() if _even(report, n)}
    spared = {n: of for n, of in report.without.items() if of is not None and _alike(report, of)}
    told = [
        (of.cost, report.bought.called(n), f"gain over it {report.show_gain(report.gains[n])}")
        for n, of in even.items()
    ]
    told += [
        (of.cost, f"the best plan without {n}", "the prediction is the same")
        for n, of in spared.items()
    ]
    for least, name, says in sorted(told)[:1]:
        if cost - least > SAVES * cost:
            yield (
                f"{name} costs {least:,.2f}, {cost - least:,.2f} less, and is not measurably "
                f"worse: {says}"
            )


def _even(report: Report, name: str) -> bool:
    """Whether nothing that could be measured is gained on another plan."""
    return name in report.gains and not report.measurable(report.gains[name])


def _alike(report: Report, other: Plan) -> bool:
    """Whether another plan's prediction is shown as the selected one's, or better."""
    lost = report.sign * (report.selected.predicted - other.predicted)
    return fixed(lost, report.decimals) <= 0


def _diluting(report: Report) -> Iterator[str]:
    """Samples that are bought to make up the number, though more of them make things worse."""
    best = report.selected
    if report.bought.open_size or report.bought.answer is not None or not report.grows:
        return
    harm = -report.sign * report.worth
    ordered = np.argsort(-harm, kind="stable")
    worse = [i for i in ordered if report.shows(harm[i]) and best.samples[i]]
    if worse:
        named = [report.names[i] for i in worse[:MOST_NAMED]]
        if worse[MOST_NAMED:]:
            named.append(f"{len(worse) - MOST_NAMED} others")
        yield (
            f"{best.samples[worse].sum():,} samples of {listed(named)} are there to make up "
            f"{best.size:,}: more of them is predicted to make {report.metric_label} worse, and "
            "fewer samples in all may serve as well; ask for a plan of any size"
        )


def about_plans(report: Report) -> Iterator[str]:
    """What the plans are whose names do not say it, and which of them buy the same."""
    bought = report.bought
    yield from filter(None, (bought.filled_up, bought.moved))
    for first, plan in report.plans.items():
        every = bought.plans.items()
        same = [n for n, of in every if n != first and (of.samples == plan.samples).all()]
        if same:
            names = listed([bought.called(n) for n in same])
            yield f"{names} would buy the same as {bought.called(first)}"


def few_agree(report: Report) -> bool:
    """Whether few of the restarts of the search ended at the selected plan."""
    return report.selected.restarts_converged < FEW_AGREE * report.selected.restarts


def _flaws(report: Report) -> Iterator[str]:
    """Of the pilots."""
    for card, beside in report.every_card:
        wrong, odd = card.wrong_labels, card.outliers
        if wrong is not None and wrong.low >= BAD_LABELS:
            yield f"about {wrong.value:.0%} of the labels of {card.provider} look wrong{beside}"
        if odd.low >= BAD_OUTLIERS:
            share = f"about {odd.value:.0%} of {card.provider}"
            yield f"{share} is unlike anything in validation{beside}"
        if card.duplicates_within > BAD_COPIES * card.samples:
            yield f"{card.duplicates_within:,} samples of {card.provider} repeat others of it"
        if card.duplicates_in_validation:
            yield (
                f"{card.duplicates_in_validation:,} samples of {card.provider} are in the "
                f"validation set too{beside}: the metric of mixtures with them is flattered"
            )


def in_shares(report: Report, mixture: np.ndarray, most: int = 4) -> str:
    """`high-digits 38 %, low-digits 38 %, …`: the largest shares of 1 % or more."""
    order = [i for i in np.argsort(-mixture, kind="stable") if mixture[i] >= 0.01]
    said = ", ".join(f"{report.labels[i]} {mixture[i]:.0%}" for i in order[:most])
    return said + (", …" if order[most:] else "")


def listed(words: list[str]) -> str:
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"
