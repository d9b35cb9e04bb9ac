"""What a report advises to do next: to know more, or to gain more."""

import itertools
from collections.abc import Iterator

import numpy as np

from projektor_ray.explain.certainty import FURTHER, further_scale
from projektor_ray.explain.content import Report
from projektor_ray.explain.numbers import plain
from projektor_ray.explain.words import BAD_COPIES, BAD_LABELS, NEAR, in_shares
from projektor_ray.projection import noise_gain
from projektor_ray.selection.plan import THOUSAND

MOST_ASKED = 2
"""How many providers are to be asked for more."""
PART = 4
"""The part of the plan to buy first, for one who doubts the projection: a fourth."""


def next_steps(report: Report) -> tuple[str, ...]:
    """What to do to know more, or to gain more, a sentence each; most useful first."""
    said = itertools.chain(
        _trainings(report),
        _first_part(report),
        _offers(report),
        _questions(report),
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
            f"train some of the mixtures at {FURTHER * scales[0]:,} samples as well: one size "
            "tells nothing of how much more data would bring"
        )
    elif (further := further_scale(scales[-1], best.size)) > scales[-1]:
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
    worth = step / THOUSAND * best.capacity_shadow_price
    for i in np.argsort(-worth, kind="stable")[:MOST_ASKED]:
        if report.shows(worth[i]):
            yield (
                f"ask {report.names[i]} for more than its {best.samples[i]:,}: {step:,} more for "
                f"sale would improve {report.metric_label} by about {plain(worth[i])}"
            )
    reached = report.bought.answer is not None and report.bought.reachable
    if report.bought.budget is None or reached:
        return
    more = report.bought.budget / 100
    if best.budget_shadow_price > 0 and report.shows(more * best.budget_shadow_price):
        yield (
            f"1% more money, {more:,.2f}, would improve {report.metric_label} by about "
            f"{plain(best.budget_shadow_price * more)}"
        )


def _questions(report: Report) -> Iterator[str]:
    """What to ask the providers whom the plan buys from."""
    both: set[frozenset[str | None]] = set()
    for card, _ in report.every_card:
        if not card.planned_samples:
            continue
        wrong = card.wrong_labels
        if wrong is not None and wrong.low >= BAD_LABELS:
            yield f"have labels of {card.provider} checked before buying {card.planned_samples:,}"
        pair = frozenset((card.provider, card.closest_provider))
        if card.duplicates_in_closest > BAD_COPIES * card.samples and pair not in both:
            both.add(pair)
            yield (
                f"ask {card.provider} and {card.closest_provider} who owns the "
                f"{card.duplicates_in_closest:,} samples that both have, and pay for them once"
            )
