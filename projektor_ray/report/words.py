"""What a report says in sentences: what to be careful about, and what to do next."""

import itertools
from collections.abc import Iterator

import numpy as np

from projektor_ray.projection import noise_gain
from projektor_ray.report.content import Report
from projektor_ray.report.names import model_name
from projektor_ray.selection.plan import THOUSAND

NEAR = 0.85
"""Overlap with a trained mixture from which on a plan counts as tried."""
NEXT_SCALE = 4
"""How many times the largest scale a further one had best be; less where the plan is near."""
FEW_AGREE = 0.5
BAD_LABELS, BAD_OUTLIERS, BAD_COPIES = 0.05, 0.1, 0.05
"""Shares of a pilot that are told: the least that is likely of wrong labels and of outliers."""
MOST_ASKED = 2
"""How many providers are to be asked for more."""
PART = 4
"""The part of the plan to buy first, for one who doubts the projection: a fourth."""


def warnings(report: Report) -> tuple[str, ...]:
    """What could make the plan or its prediction wrong, a sentence each."""
    return (*report.notes, *_doubts(report), *_flaws(report))


def _doubts(report: Report) -> Iterator[str]:
    """Of the model and of the search."""
    best, metric = report.selected, report.metric
    if report.show(best.unbounded) != report.show(best.predicted):
        yield (
            f"the model says {report.show(best.unbounded)} and is cut to {best.predicted:g}, "
            f"where {metric} ends: it grows too fast there, trust the order of the plans more "
            "than their values"
        )
    against = [model_name(opinion.model) for opinion in report.opinions if opinion.gain < 0]
    if against:
        yield f"by {_listed(against)} the uniform plan would be better than this one"
    if report.bought.held:
        yield report.bought.held
    open_ = [
        report.bought.called(n)
        for n, gain in report.bought.gains.items()
        if gain.low < 0 < gain.high
    ]
    if open_:
        yield f"whether this plan is better than {_listed(open_)} is not certain"
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


def few_agree(report: Report) -> bool:
    """Whether few of the starts of the search ended at the selected plan."""
    return report.selected.agreed < FEW_AGREE * report.selected.starts


def _flaws(report: Report) -> Iterator[str]:
    """Of the pilots."""
    for card, beside in report.every_card:
        wrong, odd = card.wrong_labels, card.outliers
        if wrong is not None and wrong.low >= BAD_LABELS:
            yield f"about {wrong.value:.0%} of the labels of {card.provider} look wrong{beside}"
        if odd.low >= BAD_OUTLIERS:
            share = f"about {odd.value:.0%} of {card.provider}"
            yield f"{share} is unlike anything in validation{beside}"
        if card.copies_within > BAD_COPIES * card.samples:
            yield f"{card.copies_within:,} samples of {card.provider} repeat others of it"
        if card.copies_in_validation:
            yield (
                f"{card.copies_in_validation:,} samples of {card.provider} are in the validation "
                f"set too{beside}: the metric of mixtures with them is flattered"
            )


def next_steps(report: Report) -> tuple[str, ...]:
    """What to do to know more, or to gain more, a sentence each; most useful first."""
    said = itertools.chain(
        _trainings(report), _first_part(report), _offers(report), _questions(report)
    )
    return tuple(dict.fromkeys(said))


def _trainings(report: Report) -> Iterator[str]:
    """What to train."""
    best, scales = report.selected, report.trained.scales
    if report.trained.overlap(best.mixture) < NEAR:
        yield (
            f"train the plan's own mixture, {in_shares(report, best.mixture)}, at "
            f"{scales[-1]:,} samples: nothing near it was tried"
        )
    if len(scales) == 1:
        yield (
            f"train some of the mixtures at {NEXT_SCALE * scales[0]:,} samples as well: one size "
            "tells nothing of how much more data would bring"
        )
    elif (further := _further(scales[-1], best.size)) > scales[-1]:
        now, then = (float(noise_gain(best.size, of)) for of in (scales, (*scales, further)))
        law = ", and tell which law holds" if len(scales) < 3 else ""
        yield (
            f"train some of the mixtures at {further:,} samples: that would amplify errors "
            f"{then:.1f} times instead of {now:.1f}{law}"
        )
    if not report.measured:
        yield (
            "measure each mixture's distance to the validation set, from pilots: it helps most "
            "where few mixtures were trained"
        )


def _further(last: int, size: int) -> int:
    """A scale to train next: between the last one and a size to buy beyond it."""
    return round(min(NEXT_SCALE * last, float(np.sqrt(last * size))))


def _first_part(report: Report) -> Iterator[str]:
    """What to buy first, where the plan is far beyond the trainings."""
    size, last = report.selected.size, report.trained.scales[-1]
    part = max(last, size // PART)
    if report.curves and part <= size / 2:
        value, low, high = report.curves[0].at(part)
        yield (
            f"buy a part first, {part:,} samples in these shares, and train on it: the model says "
            f"{report.show(value)} ({report.show_span((low, high))}); if that "
            "is not so, do not buy the rest by it"
        )


def _offers(report: Report) -> Iterator[str]:
    """What to negotiate: bounds that the plan runs into."""
    best, step = report.selected, report.step
    worth = step / THOUSAND * best.capacity_value
    for i in np.argsort(-worth, kind="stable")[:MOST_ASKED]:
        if worth[i] > 0:
            yield (
                f"ask {report.names[i]} for more than its {best.samples[i]:,}: {step:,} more for "
                f"sale would improve {report.metric} by about {worth[i]:.2g}"
            )
    more = best.part.budget / 100
    if best.budget_value > 0:
        yield (
            f"1 % more money, {more:,.2f}, would improve {report.metric} by about "
            f"{best.budget_value * more:.2g}"
        )


def _questions(report: Report) -> Iterator[str]:
    """What to ask the providers whom the plan buys from."""
    for card, _ in report.every_card:
        if not card.planned:
            continue
        wrong = card.wrong_labels
        if wrong is not None and wrong.low >= BAD_LABELS:
            yield f"have labels of {card.provider} checked before buying {card.planned:,}"
        if card.copies_in_closest > BAD_COPIES * card.samples:
            yield (
                f"ask {card.provider} and {card.closest_provider} who owns the "
                f"{card.copies_in_closest:,} samples that both have, and pay for them once"
            )


def in_shares(report: Report, mixture: np.ndarray, most: int = 4) -> str:
    """`high-digits 38 %, low-digits 38 %, …`: the largest shares of 1 % or more."""
    order = [i for i in np.argsort(-mixture, kind="stable") if mixture[i] >= 0.01]
    said = ", ".join(f"{report.labels[i]} {mixture[i]:.0%}" for i in order[:most])
    return said + (", …" if order[most:] else "")


def _listed(words: list[str]) -> str:
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"
