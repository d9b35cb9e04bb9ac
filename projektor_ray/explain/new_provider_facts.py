"""What is said of a provider that no probe was trained with: what it adds, and how sure that is."""

from collections.abc import Iterator, Mapping

from projektor_ray.errors import listed
from projektor_ray.explain.facts import Fact, TextTable, fact
from projektor_ray.explain.formatting import MetricText, count, decimals_from_intervals
from projektor_ray.explain.provider_warnings import leaked_samples
from projektor_ray.profiles import ProviderProfile
from projektor_ray.study import Purchase
from projektor_ray.study.new_provider import LeftOutProvider, WithNewProvider

NEEDS_PILOTS = (
    "the profile and the distance of a new provider need the embedded pilots, which a finished "
    "study's folder does not hold. Whoever runs this service can serve the study with its pilots: "
    "`python -m jobs.serve FOLDER --pilots STUDY.yaml`. Or whoever has the study file can add the "
    "provider to it and run `python -m jobs.study STUDY.yaml`: only what is new is measured and "
    "trained"
)
FORGOTTEN = "the pilot is not remembered any more; send it again"
PILOTS_LOST = "the process that reaches the pilots was lost and is started anew; try again soon"


def new_provider_facts(
    extended: WithNewProvider,
    distances: Mapping[str, Mapping[str, float]],
    with_it: Purchase,
    without_it: Purchase | None,
    difference: tuple[float, tuple[float, float] | None] | None,
    *,
    for_target: bool = False,
    profiles: Mapping[str, ProviderProfile] | None = None,
) -> list[Fact]:
    """The statements about a new provider, as terminal and service show them.

    Parameters
    ----------
    distances : by validation set, of every provider alone, the new one last.
    with_it, without_it : the best purchases with and without it; None where there is none without.
    difference : of their metrics, and its 90 % interval; None where that cannot be told.
    for_target : whether both were searched to reach a target, and are predicted to.
    profiles : of the new provider, by validation set.
    """
    metric = _metric(extended, with_it, difference)
    return [
        *(_distance(extended.name, name, alone) for name, alone in distances.items()),
        *_leakage(profiles or {}),
        _comparison(extended.name, metric, with_it, without_it, difference, for_target),
        _model(extended),
        _certainty(extended, metric),
        *_interpolation(extended),
        fact(
            "new_provider_advice",
            f"To be sure, mixtures with {extended.name} must be trained. Whoever has the study "
            "file adds the provider to it and runs `python -m jobs.study STUDY.yaml`: only these "
            "mixtures are trained.",
        ),
    ]


def with_and_without(
    extended: WithNewProvider,
    with_it: Purchase,
    without_it: Purchase | None,
    difference: tuple[float, tuple[float, float] | None] | None,
) -> TextTable:
    """The best purchases with and without the new provider, a row for each provider and in all.

    Parameters are those of `new_provider_facts`.
    """
    bought = [purchase for purchase in (with_it, without_it) if purchase is not None]
    metric = _metric(extended, with_it, difference)
    names = [*extended.study.providers, "in all", "cost", f"predicted {metric.name}"]
    columns = [
        [
            *(f"{samples:,}" for samples in purchase.samples.tolist()),
            f"{purchase.size:,}",
            f"{purchase.cost:,.2f}",
            metric.value(purchase.predicted),
        ]
        for purchase in bought
    ]
    headings = ("provider", f"with {extended.name}", f"without {extended.name}")
    return TextTable(
        "Samples to buy", headings[: 1 + len(bought)], tuple(zip(names, *columns, strict=True))
    )


def _metric(
    extended: WithNewProvider,
    with_it: Purchase,
    difference: tuple[float, tuple[float, float] | None] | None,
) -> MetricText:
    intervals = [with_it.interval, difference[1] if difference else None]
    study = extended.study
    return MetricText(
        study.metric, study.study.metric.direction, decimals_from_intervals(intervals)
    )


def _distance(new: str, validation_set: str, alone: Mapping[str, float]) -> Fact:
    others = {name: value for name, value in alone.items() if name != new}
    nearest, farthest = min(others, key=others.__getitem__), max(others, key=others.__getitem__)
    where = "" if validation_set == "validation" else f" {validation_set}"
    span = (
        f"that of {nearest} is {others[nearest]:.3f}"
        if len(others) == 1
        else f"those of the study's providers are {others[nearest]:.3f} ({nearest}) to "
        f"{others[farthest]:.3f} ({farthest})"
    )
    text = (
        f"The distance of {new}'s pilot to the validation set{where} is {alone[new]:.3f}; {span}. "
        "A smaller distance is better."
    )
    return fact("new_provider_distance", text, validation_set=validation_set, distance=alone[new])


def _leakage(profiles: Mapping[str, ProviderProfile]) -> Iterator[Fact]:
    """Samples of the pilot that are in a validation set too, which make its distance too small."""
    for name, profile in profiles.items():
        yield from leaked_samples(profile, f" ({name})" if len(profiles) > 1 else "")


def _comparison(
    new: str,
    metric: MetricText,
    with_it: Purchase,
    without_it: Purchase | None,
    difference: tuple[float, tuple[float, float] | None] | None,
    for_target: bool,
) -> Fact:
    bought = int(with_it.samples[-1])
    if without_it is None:
        text = (
            f"Without {new} no plan keeps the constraints. With it the best plan buys "
            f"{count(bought, 'sample')} of {new}; predicted {metric.name}: "
            f"{metric.value(with_it.predicted)}."
        )
        return fact("new_provider_plan", text, bought=bought)
    if not bought:
        text = f"The best plan buys nothing of {new} at this offer."
        return fact("new_provider_plan", text, bought=0)
    assert difference is not None
    change, interval = difference
    text = f"The best plan buys {count(bought, 'sample')} of {new}. "
    if for_target:
        text += (
            f"Both plans are predicted to reach the target: {_amount(with_it)} with {new}, "
            f"{_amount(without_it)} without. "
        )
    text += (
        f"Predicted {metric.name}: {metric.value(with_it.predicted)} with {new}, "
        f"{metric.value(without_it.predicted)} without. Difference: {metric.change(change)}"
    )
    if interval is None:
        text += ". The study has too few providers or mixtures to measure how sure that is."
    else:
        text += f", 90% interval {metric.interval(interval)}. "
        text += _verdict(new, metric, interval, for_target)
    return fact("new_provider_plan", text, bought=bought)


def _amount(purchase: Purchase) -> str:
    return f"{count(purchase.size, 'sample')} for {purchase.cost:,.2f}"


def _verdict(new: str, metric: MetricText, interval: tuple[float, float], for_target: bool) -> str:
    is_open = interval[0] <= 0 <= interval[1]
    if for_target and is_open:
        return f"The data do not show which of the two plans has the better {metric.name}."
    if is_open:
        return f"The data do not show whether {new} improves the purchase."
    improves = (interval[0] > 0) == (metric.direction == "maximize")
    if for_target:
        return f"The plan with {new} has the {'better' if improves else 'worse'} {metric.name}."
    return f"{new} {'improves' if improves else 'worsens'} the purchase."


def _model(extended: WithNewProvider) -> Fact:
    names = listed(list(dict.fromkeys(extended.models.values())))
    text = (
        f"Model: {names}, fitted to the study's probes, none of which holds {extended.name}. "
        "The model knows a new provider by its distance, by its share, and, for an accuracy, by "
        "the classes in its pilot. The uncertainty grows with the share."
    )
    return fact("new_provider_model", text, models=dict(extended.models))


def _certainty(extended: WithNewProvider, metric: MetricText) -> Fact:
    factor = extended.widening
    if factor is None:
        return fact(
            "new_provider_certainty",
            "The study has too few providers or mixtures to measure how far such a prediction is "
            "off. The answer has no intervals.",
            widening=None,
        )
    scale = max(extended.study.scales)
    parts = [_missed(one, metric) for each in extended.left_out.values() for one in each]
    wide = (
        f"Intervals are {factor:.1f} times as wide as the model's own for that reason."
        if factor >= 1.05
        else "The model's own intervals allow for such errors."
    )
    text = (
        f"To measure how far such predictions are off, each provider was left out in turn and "
        f"predicted in the same way. Root mean square errors at {count(scale, 'sample')}: "
        f"{listed(parts, 8)}. {wide}"
    )
    return fact("new_provider_certainty", text, widening=factor)


def _interpolation(extended: WithNewProvider) -> list[Fact]:
    if extended.distances_confirmed:
        return []
    text = (
        "The search for this plan used interpolated distances. They still differed from the "
        "measured distances after the last repetition of the search: another mixture may be "
        "better. The prediction of the plan uses the measured distance."
    )
    return [fact("new_provider_distances_not_confirmed", text)]


def _missed(one: LeftOutProvider, metric: MetricText) -> str:
    return f"{metric.value(one.error)} ({one.name})"
