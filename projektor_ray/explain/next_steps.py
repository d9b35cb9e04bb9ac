"""What to do next: to know more, or to gain more."""

from collections.abc import Iterator, Sequence

import numpy as np
import yaml

from projektor_ray.explain.cautions import NEAR
from projektor_ray.explain.facts import Fact, fact
from projektor_ray.explain.formatting import count, percent
from projektor_ray.explain.provider_warnings import BAD_DUPLICATES, BAD_LABELS, BAD_OUTLIERS
from projektor_ray.explain.results import Results, first_part
from projektor_ray.explain.sensitivity import budget_shadow_price, capacity_shadow_prices
from projektor_ray.explain.uncertainty import FURTHER, further_scale
from projektor_ray.predictors.probe_arrays import FEW
from projektor_ray.projection import noise_gain

MOST_NEGOTIATIONS = 2
"""How many providers are to be asked for more samples."""
MOST_SHARES = 6
"""Shares of a mixture that are written out for the study file."""
WORTHWHILE = 1.5
"""Factor beyond the largest scale from which a further one is advised."""


def next_steps(results: Results) -> tuple[Fact, ...]:
    """What to do to know more, or to gain more; most useful first."""
    return (
        *_trainings(results),
        *_first_part(results),
        *_negotiations(results),
        *_questions(results),
    )


def _trainings(results: Results) -> Iterator[Fact]:
    """What to train."""
    best, scales, last = results.selected, results.probes.full_scales, results.largest_size
    if results.probes.overlap(best.mixture) < NEAR:
        yield fact(
            "train_plan_mixture",
            f"Train the plan's own mixture at {count(scales[-1], 'sample')}: no trained mixture "
            f"is close to it. {_mixture_setting(results, best.mixture)}",
            size=scales[-1],
        )
    wanted = FURTHER * scales[0] if len(scales) == 1 else further_scale(last, best.size)
    further = min(wanted, results.largest_scale or wanted)
    if wanted > further and further < WORTHWHILE * last:
        yield fact(
            "enlarge_pilots",
            f"Ask the providers for larger pilots: with these, {count(further, 'sample')} is the "
            "largest size at which every mixture can be trained. Or set `probes.replacement: true` "
            "in the study file to draw samples more than once.",
            size=further,
        )
    elif len(scales) == 1:
        more = further
        yield fact(
            "train_second_size",
            f"Train {FEW} or more of the mixtures at {count(more, 'sample')} too: one size does "
            f"not show how {results.metric_label} grows with more data."
            f"{_scales_setting(results, more)}",
            size=more,
        )
    elif further >= WORTHWHILE * last:
        sizes = results.probes.scales
        now, then = (float(noise_gain(best.size, of)) for of in (sizes, (*sizes, further)))
        compare = " It also shows which scaling model fits best." if len(scales) < 3 else ""
        yield fact(
            "train_larger_size",
            f"Train {FEW} or more different mixtures at {count(further, 'sample')}: with Eq. 3, "
            f"errors would then grow {then:.1f} times instead of {now:.1f} times.{compare}"
            f"{_scales_setting(results, further)}",
            size=further,
            noise_gain=now,
            noise_gain_then=then,
        )
    if not results.measured:
        yield fact(
            "measure_distances",
            "Measure the distance of each mixture to the validation set from pilots: it helps "
            "most where few mixtures were trained.",
        )


def _scales_setting(results: Results, further: int) -> str:
    """The field of the study file, ready to paste; nothing for a table of runs."""
    if results.design is None:
        return ""
    return f" {results.design.with_scales(results.probes.full_scales, further)}"


def _mixture_setting(results: Results, mixture: np.ndarray) -> str:
    """The mixture: as the field of the study file, ready to paste, or its shares."""
    order = [i for i in np.argsort(-mixture, kind="stable") if mixture[i] >= 0.005]
    if results.design is not None and len(order) <= MOST_SHARES:
        shares = [round(float(mixture[i]), 2) for i in order]
        shares[0] = round(shares[0] + 1 - sum(shares), 2)
        setting = {results.names[i]: share for i, share in zip(order, shares, strict=True)}
        written = yaml.safe_dump(
            [setting], default_flow_style=True, sort_keys=False, width=10**6, allow_unicode=True
        )
        return results.design.with_mixture(written.strip())
    return f"It has {results.shares_text(mixture)}."


def _first_part(results: Results) -> Iterator[Fact]:
    """What to buy first, where the plan is far beyond the trainings."""
    size, last, metric = results.selected.size, results.largest_size, results.metric_text
    part = first_part(size, last)
    if results.curves and part <= size / 2:
        value, low, high = results.curves[0].at(part)
        yield fact(
            "buy_first_part",
            f"Buy a first part of {count(part, 'sample')} in these shares and train on it. The "
            f"model predicts {metric.name} {metric.value(value)} (90% interval "
            f"{metric.interval((low, high))}): outside this interval, do not rely on the plan for "
            "the rest.",
            samples=part,
            predicted=value,
            low=low,
            high=high,
        )


def _negotiations(results: Results) -> Iterator[Fact]:
    """Bounds that the plan runs into, where a larger one changes the metric as it is written."""
    bought, metric = results.bought, results.metric_text

    def worthwhile(prices: Sequence[Fact]) -> list[Fact]:
        return [one for one in prices if metric.changes_digits(one.values["improvement"])]

    for price in worthwhile(capacity_shadow_prices(bought, metric))[:MOST_NEGOTIATIONS]:
        name = price.values["provider"]
        yield fact("ask_for_capacity", f"Ask {name} for more samples. {price}", **price.values)
    for price in worthwhile(budget_shadow_price(bought, metric)):
        yield fact("raise_budget", f"Consider a larger budget. {price}", **price.values)


def _questions(results: Results) -> Iterator[Fact]:
    """What to ask the providers whom the plan buys from: first those of whom it buys most."""
    pairs: set[frozenset[str | None]] = set()
    profiles = [profile for profile, _ in results.every_profile if profile.planned_samples]
    for profile in sorted(profiles, key=lambda one: -(one.planned_samples or 0)):
        odd, wrong, samples = profile.outliers, profile.wrong_labels, profile.planned_samples or 0
        if odd is not None and odd.low >= BAD_OUTLIERS:
            yield fact(
                "check_outliers",
                f"Look at samples of {profile.provider} before buying {count(samples, 'sample')}: "
                f"about {percent(odd.value)} of its pilot is unlike any validation sample. Either "
                "the provider measures otherwise, or the validation set lacks such samples.",
                provider=profile.provider,
                samples=samples,
                share=odd.value,
            )
        if wrong is not None and wrong.low >= BAD_LABELS:
            yield fact(
                "check_labels",
                f"Have the labels of {profile.provider} checked before buying "
                f"{count(samples, 'sample')}.",
                provider=profile.provider,
                samples=samples,
            )
        if wrong is None and profile.classes:
            yield fact(
                "check_unjudged_labels",
                f"Have some labels of {profile.provider} checked by hand before buying "
                f"{count(samples, 'sample')}: the validation set cannot show how many of them are "
                "wrong. Often the features of a pilot differ from those of the validation set: ask "
                f"how {profile.provider} makes its samples.",
                provider=profile.provider,
                samples=samples,
            )
        pair = frozenset((profile.provider, profile.closest_provider))
        if profile.duplicates_in_closest > BAD_DUPLICATES * profile.samples and pair not in pairs:
            pairs.add(pair)
            yield fact(
                "ask_for_ownership",
                f"Ask {profile.provider} and {profile.closest_provider} who owns the "
                f"{count(profile.duplicates_in_closest, 'sample')} that both offer, and pay "
                "only once.",
                providers=(profile.provider, profile.closest_provider),
                samples=profile.duplicates_in_closest,
            )
